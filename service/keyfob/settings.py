"""Settings: read from the environment once, typed, and every bad one named at start.

Each setting is declared once, on a field of ``Settings``; what the README says is derived from it.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple

from environs import FileAwareEnv, ValidationError

FILE_SUFFIX = "_FILE"
HIGHEST_PORT = 65_535

PUBLISHED_PREFIX = "kfbmock"
"""What the values of ``fixtures/`` and of the mock begin with: anybody may know them, so no server
but the mock takes one, whatever its store holds."""


class StartRefused(Exception):
    """Keyfob will not start; the message tells the operator why, and what to do about it."""


class SettingsError(StartRefused):
    """At least one setting is wrong.

    Attributes:
        problems: one sentence for each, none of which repeats a value.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """What the README says about one setting."""

    name: str
    default: str
    meaning: str


def _whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        # int() alone also takes "1_0", " 5" and digits of other scripts.
        if re.fullmatch(r"[0-9]{1,9}", text) and lowest <= int(text) <= highest:
            return int(text)
        raise ValidationError(f"must be a whole number from {lowest} to {highest}")

    return read


def _matching(pattern: str, allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if re.fullmatch(pattern, text):
            return text
        raise ValidationError(f"must be {allowed}")

    return read


class Address(NamedTuple):
    """Where to listen.

    Attributes:
        port: 0 for any that is free.
    """

    host: str
    port: int


def _address(text: str) -> Address:
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", text)
    if found and int(found[3]) <= HIGHEST_PORT:
        return Address(found[1] or found[2], int(found[3]))
    raise ValidationError("must be host:port, like 127.0.0.1:9464 or [::1]:9464")


def _one_of(*choices: str) -> Callable[[str], str]:
    return _matching("|".join(choices), f"one of {', '.join(choices)}")


def _setting(
    name: str,
    default: str | None,
    meaning: str,
    read: Callable[[str], Any],
    *,
    secret: bool = False,
) -> Any:
    """Declare a setting; ``default`` is what might have stood in the environment."""
    doc = SettingDoc(name, "unset" if default is None else default, meaning)
    return field(
        default=None if default is None else read(default),
        repr=not secret,
        metadata={"doc": doc, "read": read},
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator can set."""

    database_url: str = _setting(
        "DATABASE_URL",
        "sqlite:///keyfob.db",
        "The store: `sqlite:///relative/file`, `sqlite:////absolute/file` or"
        " `postgresql://user:password@host:port/database`.",
        _matching(
            r"sqlite:///(?!:memory:)[^?#]*[^?#/]|postgres(ql)?://.+",
            "sqlite:///relative/file or sqlite:////absolute/file, without options, or"
            " postgresql://user:password@host:port/database",
        ),
        secret=True,
    )
    pepper: str | None = _setting(
        "KEYFOB_PEPPER",
        None,
        "The secret under which key values are digested, at least 32 characters; unset, it is made"
        " once beside the SQLite file. PostgreSQL, and serving off loopback, demand it.",
        _matching(r".{32,}", "at least 32 characters long"),
        secret=True,
    )
    value_prefix: str = _setting(
        "KEYFOB_VALUE_PREFIX",
        "kfb",
        "What the values of new keys begin with.",
        _matching(
            rf"(?!{PUBLISHED_PREFIX}$)[a-z][a-z0-9]{{1,15}}",
            "2 to 16 lower-case letters and digits, a letter first;"
            f" {PUBLISHED_PREFIX} is the mock's alone",
        ),
    )
    rotation_period_days: int = _setting(
        "KEYFOB_ROTATION_PERIOD_DAYS",
        "90",
        "Days after which a value is due for rotation, 1 to 3650.",
        _whole_number(1, 3650),
    )
    max_body_bytes: int = _setting(
        "KEYFOB_MAX_BODY_BYTES",
        "65536",
        "The longest request body, 1024 to 1048576 bytes.",
        _whole_number(1024, 1_048_576),
    )
    max_keys_per_organization: int = _setting(
        "KEYFOB_MAX_KEYS_PER_ORGANIZATION",
        "10000",
        "How many keys an organisation may hold, 1 to 1000000.",
        _whole_number(1, 1_000_000),
    )
    trace_days: int = _setting(
        "KEYFOB_TRACE_DAYS",
        "7",
        "Days for which refused requests can be looked up by their id, 1 to 90.",
        _whole_number(1, 90),
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "KEYFOB_LOG_LEVEL",
        "info",
        "The least that is logged: `debug`, `info`, `warning` or `error`.",
        _one_of("debug", "info", "warning", "error"),
    )
    metrics_address: Address | None = _setting(
        "KEYFOB_METRICS_ADDRESS",
        None,
        "`host:port` of the metrics, which ask for no key; port 0 takes a free one, which the log"
        " names. Unset, nothing is measured.",
        _address,
    )
    worker_threads: int = _setting(
        "KEYFOB_WORKER_THREADS",
        "4",
        "Threads that handle requests in each worker, 1 to 64.",
        _whole_number(1, 64),
    )
    busy_timeout_ms: int = _setting(
        "KEYFOB_BUSY_TIMEOUT_MS",
        "5000",
        "How long a change waits for another to finish, 100 to 60000 milliseconds.",
        _whole_number(100, 60_000),
    )
    database_connections: int = _setting(
        "KEYFOB_DATABASE_CONNECTIONS",
        "10",
        "How many connections to PostgreSQL each worker may hold, 1 to 100.",
        _whole_number(1, 100),
    )
    connect_timeout_seconds: int = _setting(
        "KEYFOB_CONNECT_TIMEOUT_SECONDS",
        "3",
        "How long to wait for a connection to PostgreSQL, 2 to 60 seconds.",
        _whole_number(2, 60),
    )
    statement_timeout_ms: int = _setting(
        "KEYFOB_STATEMENT_TIMEOUT_MS",
        "6000",
        "How long a statement may take on PostgreSQL, 100 to 600000 milliseconds.",
        _whole_number(100, 600_000),
    )
    guesses_per_minute: int = _setting(
        "KEYFOB_GUESSES_PER_MINUTE",
        "600",
        "How many values that nobody holds one address (IPv6: one /64) may send in a minute,"
        " 1 to 1000000.",
        _whole_number(1, 1_000_000),
    )
    sign_ins_per_minute: int = _setting(
        "KEYFOB_SIGN_INS_PER_MINUTE",
        "10",
        "How often one address may try to sign in to the dashboard in a minute, 1 to 1000000; all"
        " addresses together may try one admin's account ten times as often.",
        _whole_number(1, 1_000_000),
    )
    trusted_proxies: int = _setting(
        "KEYFOB_TRUSTED_PROXIES",
        "0",
        "How many proxies stand in front and set `X-Forwarded-For`, 0 to 16.",
        _whole_number(0, 16),
    )
    limits: Literal["shared", "process"] | None = _setting(
        "KEYFOB_LIMITS",
        None,
        "`shared`: rate limits are counted in `REDIS_URL`; `process`: by each worker alone.",
        _one_of("shared", "process"),
    )
    redis_url: str | None = _setting(
        "REDIS_URL",
        None,
        "The Redis or Valkey in which several workers share their rate limits.",
        _matching(r"(redis|rediss|unix)://.+", "a redis://, rediss:// or unix:// address"),
        secret=True,
    )

    @property
    def database_file(self) -> Path | None:
        """The absolute path of the SQLite file; a relative one starts where the process did.

        None if the store is no file.
        """
        path = self.database_url.removeprefix("sqlite:///")
        return None if path == self.database_url else Path(path).absolute()

    @property
    def is_embedded(self) -> bool:
        """Whether store and limits are in this process: no network is between a look and them."""
        counts_here = self.redis_url is None or self.limits == "process"
        return counts_here and self.database_file is not None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check every setting.

        Raises:
            SettingsError: naming all that is wrong, not only the first.
        """
        environment = _Environment(os.environ if environ is None else environ)
        values = {
            each.name: environment.setting(
                each.metadata["doc"].name, each.default, read=each.metadata["read"]
            )
            for each in fields(cls)
        }
        environment.refuse_if_bad()
        return cls(**values)


DOCUMENTED: tuple[SettingDoc, ...] = tuple(each.metadata["doc"] for each in fields(Settings))
_KNOWN = tuple(doc.name for doc in DOCUMENTED)
_KUBERNETES_LINK = re.compile(
    r"KEYFOB_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)=.*|PORT(_\d+_\w+)?=(tcp|udp|sctp)://.*"
    r"|PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)=.*)"
)
"""What Kubernetes sets in every container beside a service whose name begins with keyfob."""


class _Environment(FileAwareEnv):
    """``FileAwareEnv`` over one given mapping.

    The library itself looks into ``os.environ`` first, whatever it was given, lets a file win over
    a value without a word, and raises at the first unreadable file.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(file_suffix=FILE_SUFFIX, eager=False)
        self._environ = dict(environ)
        self.add_parser("setting", _parse)

    def _get_value(self, env_key: str, default: object) -> object:
        path = self._environ.get(env_key + FILE_SUFFIX)
        if path is None:
            return self._environ.get(env_key, default)
        try:
            return Path(path).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, ValueError):
            self._errors[env_key].append(f"is to be read from {env_key}_FILE: not a readable file")
            return default

    def refuse_if_bad(self) -> None:
        problems = [*self._misnamed()]
        for name, messages in self._errors.items():
            problems += [f"{name} {message}." for message in messages]
        if problems:
            raise SettingsError(tuple(problems))

    def _misnamed(self) -> Iterator[str]:
        allowed = {*_KNOWN, *(name + FILE_SUFFIX for name in _KNOWN)}
        for name in sorted(self._environ):
            if name.startswith("KEYFOB_") and name not in allowed and not self._is_a_link(name):
                close = get_close_matches(name, allowed, n=1, cutoff=0.85)
                hint = f"; did you mean {close[0]}?" if close else "."
                yield f"{name} is not a setting of Keyfob{hint}"
        for name in _KNOWN:
            if name in self._environ and name + FILE_SUFFIX in self._environ:
                yield f"{name} and {name}{FILE_SUFFIX} are both set: keep one of them."

    def _is_a_link(self, name: str) -> bool:
        return bool(_KUBERNETES_LINK.fullmatch(f"{name}={self._environ[name]}"))


def _parse(value: object, read: Callable[[str], object]) -> object:
    if not isinstance(value, str):
        return value  # a default, which was read when it was declared
    if not value.isprintable():
        raise ValidationError("must be one line of printable characters")
    return read(value)
