"""The pepper: the secret under which key values are digested.

With it lost, every value is dead; with another one, every value looks unknown. So the store keeps a
check value, and a wrong pepper stops the start.
"""

import hmac
import ipaddress
import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

import structlog

from keyfob.settings import Settings, StartRefused
from keyfob.store.database import store_errors, transaction
from keyfob.store.dialect import StoreDatabase
from keyfob.store.files import place_file, reason
from keyfob.store.tables import StoreSetting

SHORTEST_CHARACTERS = 32
CHECK_LABEL = b"keyfob pepper check, version 1"
CHECK_SETTING = "pepper_check"

_SHARED_STORE = (
    "A store in PostgreSQL demands KEYFOB_PEPPER (or KEYFOB_PEPPER_FILE): a secret of at least"
    f" {SHORTEST_CHARACTERS} characters, the same for all who serve it."
)

log = structlog.get_logger(__name__)


class PepperRefused(StartRefused):
    """There is no pepper, or none that can be trusted."""


class WrongPepper(PepperRefused):
    """The pepper is not the one under which this store's values were digested."""


def load_pepper(settings: Settings) -> bytes:
    """Answer the pepper that was set, or the one beside the database, made on the first start.

    Raises:
        PepperRefused: the file cannot be made or read, or is not secret.
    """
    if settings.pepper is not None:
        return settings.pepper.encode()
    file = pepper_file(settings)
    if file is None:
        raise PepperRefused(_SHARED_STORE)
    try:
        # Of processes that start at once the first to place its file wins; all read that one.
        if not file.exists() and place_file(file, f"{secrets.token_urlsafe(32)}\n".encode()):
            log.warning("pepper_created", file=str(file), advice="back it up with the database")
        return _read(file)
    except OSError as error:
        raise PepperRefused(
            f"The pepper cannot be made or read at {file}: {reason(error)}."
            " Mend that, or set KEYFOB_PEPPER."
        ) from error


def demand_pepper_of_shared_store(settings: Settings) -> None:
    """Let all hosts that share a store share its pepper, too.

    Raises:
        PepperRefused: the store is no file, and KEYFOB_PEPPER is not set.
    """
    if settings.pepper is None and settings.database_file is None:
        raise PepperRefused(_SHARED_STORE)


def demand_known_pepper(settings: Settings, database: StoreDatabase) -> None:
    """Let nobody make a new pepper for a store that was made with another.

    Raises:
        PepperRefused: none is set, and the file beside the database is gone.
    """
    file = pepper_file(settings)
    if settings.pepper is not None or file is None:
        return
    if file.exists() or _known_check(database) is None:
        return
    if not file.exists():  # else another first start has just made it, and then its check value
        raise PepperRefused(
            f"The store was made with a pepper, and {file} is missing. Restore it from a backup, or"
            " set KEYFOB_PEPPER to what it held."
        )


def pepper_file(settings: Settings) -> Path | None:
    """Answer where a pepper that nobody set is kept: beside the store, if that is a file."""
    file = settings.database_file
    return None if file is None else file.with_name(f"{file.name}.pepper")


def demand_explicit_pepper(settings: Settings, host: str) -> None:
    """Let only a server that nobody else can reach run on a pepper that nobody set.

    Raises:
        PepperRefused: ``host`` is not loopback and KEYFOB_PEPPER is not set.
    """
    if settings.pepper is None and not is_loopback(host):
        refusal = (
            f"Serving on {host} demands KEYFOB_PEPPER (or KEYFOB_PEPPER_FILE): a secret of at least"
            f" {SHORTEST_CHARACTERS} characters, kept apart from the database."
        )
        if (file := pepper_file(settings)) is not None:
            refusal += (
                f" If this store has been served before, name the file {file} in"
                " KEYFOB_PEPPER_FILE."
            )
        raise PepperRefused(refusal)


def pepper_check(pepper: bytes) -> str:
    """Answer what the store may know of the pepper: enough to recognise it, no way back."""
    return hmac.new(pepper, CHECK_LABEL, sha256).hexdigest()


def verify_pepper(database: StoreDatabase, pepper: bytes) -> None:
    """Make sure that this is the pepper of the store; the first to come is.

    Raises:
        WrongPepper: the store knows another.
    """
    check = pepper_check(pepper)
    with transaction(database):
        StoreSetting.insert(name=CHECK_SETTING, value=check).on_conflict_ignore().execute(database)
        known = _known_check(database)
    if not hmac.compare_digest(str(known), check):
        raise WrongPepper(
            "The pepper is not the one that this store was made with: no key would be recognised."
            " Set KEYFOB_PEPPER to the old one, or restore the .pepper file beside the database."
        )


def is_known_pepper(database: StoreDatabase, pepper: bytes) -> bool | None:
    """Say whether this is the pepper of the store; None if it has none yet."""
    known = _known_check(database)
    return None if known is None else hmac.compare_digest(known, pepper_check(pepper))


def _known_check(database: StoreDatabase) -> str | None:
    query = StoreSetting.select(StoreSetting.value).where(StoreSetting.name == CHECK_SETTING)
    with store_errors():
        return query.scalar(database)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        pepper = opened.read().removesuffix(b"\n")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PepperRefused(
            f"Others can reach the pepper in {file}. Run `chmod 600 {file}` and start again."
        )
    if len(pepper) < SHORTEST_CHARACTERS:
        raise PepperRefused(
            f"{file} holds fewer than {SHORTEST_CHARACTERS} characters: it is damaged. Restore it"
            " from a backup; if this store has never held a key, delete it."
        )
    return pepper


def is_loopback(host: str) -> bool:
    """Say whether nobody but this machine reaches this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
