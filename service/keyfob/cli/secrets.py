"""The readable text in which a new key's value is shown."""

import shutil
import sys
from pathlib import Path

import click

server_url_option = click.option(
    "--server-url",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    help="Where the server is or will be, for the curl line that is printed.",
)


def invoked_as() -> str:
    """Answer what to type for this program: its name, or its path if the shell cannot find it."""
    name = Path(sys.argv[0]).name
    return "keyfob" if shutil.which("keyfob") or name != "keyfob" else sys.argv[0]


def trial(key_value: str, server_url: str) -> str:
    """Answer lines that tell how to try a key."""
    return (
        "Try the key, once the server runs (keyfob serve):\n\n"
        f'  curl -H "Authorization: Bearer {key_value}" {server_url}/v1/api-keys/current\n'
    )
