"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


def place_file(file: Path, content: bytes) -> bool:
    """Create a file of mode 0600, whole or not at all, and say whether it was this call that did.

    Linking a finished file into place also spares SQLite: closing a descriptor of a database drops
    the locks that other threads of this process hold on it.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(descriptor)
        os.link(name, file)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    _sync_directory(file.parent)
    return True


def reason(error: Exception) -> str:
    """Say in a clause what the operating system or the store's driver had to say."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
