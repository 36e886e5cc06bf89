"""A SQLite database into a file of its own, which is proven sound before it is there."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from keyfob.settings import StartRefused
from keyfob.store.files import reason


class NotCopied(StartRefused):
    """There is no copy, and nothing was overwritten."""


def copy_database(source: sqlite3.Connection, file: Path) -> None:
    """Copy what is committed now, while others go on: one file, of mode 0600, whole or not at all.

    Raises:
        NotCopied: the copy is not sound, or the file is there already or cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise NotCopied(f"{file} cannot be written: {reason(error)}.") from error
    try:
        _copy(source, Path(name))
        os.fsync(descriptor)
        os.link(name, file)
    except FileExistsError as error:
        raise NotCopied(f"{file} is there already: name another file.") from error
    except (OSError, sqlite3.Error) as error:
        raise NotCopied(f"No sound copy could be made: {reason(error)}.") from error
    finally:
        os.close(descriptor)
        for remainder in file.parent.glob(f"{Path(name).name}*"):
            remainder.unlink()


def _copy(source: sqlite3.Connection, draft: Path) -> None:
    with closing(sqlite3.connect(draft)) as target:
        source.backup(target)
        # Beside the file there is nothing that belongs to it.
        target.execute("PRAGMA journal_mode = DELETE")
        flaws = [*target.execute("PRAGMA integrity_check"), *target.execute(_DANGLING)]
        if flaws != [("ok",)]:
            raise sqlite3.DatabaseError(f"it would be damaged ({flaws[0][0]})")


_DANGLING = "PRAGMA foreign_key_check"
