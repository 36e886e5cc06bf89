"""The server, started from the command line."""

import click

from keyfob.cli.session import read_settings


@click.command("serve", short_help="Answer HTTP requests until stopped.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any other than this machine's own loopback demands KEYFOB_PEPPER.",
)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one, which the log names.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Processes that answer. More than one share their rate limits in REDIS_URL.",
)
def serve(host: str, port: int, workers: int) -> None:
    """Answer HTTP requests until stopped with SIGTERM or Ctrl-C.

    The store is made and migrated if need be. Requests in flight at the stop are answered. The log
    goes to stderr, one line of JSON for each request.

    \b
    Examples:
      keyfob serve
      KEYFOB_PEPPER_FILE=/run/secrets/pepper keyfob serve --host 0.0.0.0 --port 80
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    settings = read_settings()
    # Connexion and uvicorn take longer to import than most commands take to run.
    from keyfob.server.running import serve as serve_until_stopped  # noqa: PLC0415

    serve_until_stopped(settings, host=host, port=port, workers=workers)
