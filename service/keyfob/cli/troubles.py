"""Every trouble as a sentence on stderr and an exit code."""

import errno
import os
import traceback
from collections.abc import Callable
from typing import Any

import click

from keyfob.domain.secret_value import masked
from keyfob.errors import Unavailable
from keyfob.settings import StartRefused

TROUBLE = 2
INTERRUPTED = 130  # as shells say it of SIGINT

_OUTPUT_IS_LOST = {errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF}


class Trouble(click.ClickException):
    """The command cannot do it; the message says why, and what to do about it."""

    exit_code = TROUBLE


def exit_code_of(command: Callable[[], Any]) -> int:
    """Run a command to its end and answer its exit code; any trouble has been told by then."""
    code = TROUBLE
    try:
        code = command() or 0  # click answers the code with which a command ended itself
    except SystemExit:  # so click ends when nobody reads the output any more
        _give_up_output()
        click.echo(f"Error: {_sentence(OSError(errno.EPIPE, 'Broken pipe'))}", err=True)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
    except StartRefused as refusal:
        click.echo(f"Error: {refusal}", err=True)
    except Exception as error:  # noqa: BLE001  an operator is owed a sentence, whatever happened
        if isinstance(error, OSError) and error.errno in _OUTPUT_IS_LOST:
            _give_up_output()
        click.echo(masked(f"Error: {_sentence(error)}"), err=True)
        if os.environ.get("KEYFOB_LOG_LEVEL") == "debug":
            click.echo(masked(traceback.format_exc()), err=True)
    return code


def _give_up_output() -> None:
    # What could not be written is still buffered; trying again at exit would end in code 120.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _sentence(error: Exception) -> str:
    match error:
        case Unavailable():
            return (
                f"The store does not answer: {error.__cause__ or error}. Look at what DATABASE_URL"
                " names, and try again."
            )
        case OSError(errno=number) if number in _OUTPUT_IS_LOST:
            return (
                f"The output cannot be written: {error.strerror}. What the command was to do is"
                " done; if it made a key, that is lost: `keyfob create-key` makes another."
            )
        case _:
            return (
                f"Something unexpected went wrong: {type(error).__name__}: {error}. Run the command"
                " again with KEYFOB_LOG_LEVEL=debug to see where."
            )
