"""What an OpenAPI file cannot say, from a TOML file: see ``keyfob.toml`` beside this one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

BUILT_IN = Path(__file__).with_name("keyfob.toml")

Part = TypeVar("Part")


class ProfileError(Exception):
    """The profile is none; the message says why, to its author."""


@dataclass(frozen=True)
class CredentialProfile:
    """How a key is sent.

    Attributes:
        headers: ways to send one, each ``Name: text with {key}``; the first is the usual one.
        challenge: whether every 401 carries ``WWW-Authenticate`` (RFC 9110, section 15.5.2).
        single: whether a request with two credentials is refused, be both good.
    """

    headers: tuple[str, ...] = ("Authorization: Bearer {key}",)
    challenge: bool = True
    single: bool = False

    def header(self, value: str, way: int = 0) -> tuple[str, str]:
        """Answer the header that carries a value."""
        name, _, text = self.headers[way].partition(":")
        return name, text.strip().replace("{key}", value)


@dataclass(frozen=True)
class ErrorProfile:
    """What every reply of status 400 and above looks like.

    Attributes:
        schema: a local reference to the envelope's schema; None if there is no envelope.
        code: JSON pointer to the code in it, if it has one.
        request_id: JSON pointer to the request id in it, if it has one.
        fields: JSON pointer to the list of problems of a 400, each with a ``pointer``, if there is
            one.
        conflict: the code that tells of an Idempotency-Key which cannot be answered again; without
            it nothing is promised about repeated attempts.
    """

    schema: str | None = None
    media_type: str = "application/json"
    code: str | None = None
    request_id: str | None = None
    fields: str | None = None
    conflict: str | None = None


@dataclass(frozen=True)
class RequestIdProfile:
    """The header that names a request.

    Attributes:
        header: its name; None if there is none.
        traced_by: operationId of the one that tells what became of a request, if there is one.
    """

    header: str | None = None
    traced_by: str | None = None


@dataclass(frozen=True)
class StrictnessProfile:
    """What the implementation promises about input.

    Attributes:
        max_body_bytes: longer bodies are 413; None if nothing is promised.
        schemas: whether the schemas say all there is to say about input: what breaks them is
            refused as ``invalid`` before anything is looked up, and what keeps them is not.
        invalid: the statuses that say so.
        opaque: query parameters whose values only the implementation can make; others may be
            invalid, whatever their schema.
        unknown_parameters: whether unknown and repeated query parameters are 400.
        verbatim: whether texts that are accepted come back as they were sent.
        json_only: whether bodies of another media type are 415, and ambiguous JSON is 400.
        early_refusals: whether malformed target, unknown path, wrong method and size are refused
            before anybody looks at the key.
        no_store: whether every reply says ``Cache-Control: no-store``.
        utc_times: whether times are answered in UTC, to the millisecond.
    """

    max_body_bytes: int | None = None
    schemas: bool = False
    invalid: tuple[int, ...] = (400,)
    opaque: tuple[str, ...] = ()
    unknown_parameters: bool = False
    verbatim: bool = False
    json_only: bool = False
    early_refusals: bool = False
    no_store: bool = False
    utc_times: bool = False


@dataclass(frozen=True)
class KeyProfile:
    """Which operations of the contract make and kill keys.

    Attributes:
        mint: operationId of the one that makes a key.
        id: JSON pointer to the new key's id in its reply.
        value: JSON pointer to its value, in the replies of mint and rotate.
        name: the member of mint's body that names a key, for people.
        body: what mint is sent; without it, the first example of its body.
        rotate, revoke, delete: operationIds; one that is missing is not checked.
        revoke_first: whether a key has to be revoked before it can be deleted.
        expiry: the member of mint's body that holds the time at which a key expires, if any.
        prove: operationId of an operation that any live key may call.
        volatile: members of anything that use or time may change, without anybody's request to.
        codes: what each state of a credential is answered, if the envelope has codes.
        status: JSON pointer to the member of a key that says in what state it is, if it has one.
        statuses: what that says for each state: ``live``, ``revoked``, ``expired``.
    """

    mint: str | None = None
    id: str = "/id"
    value: str = "/key"
    name: str = "name"
    body: Mapping[str, Any] | None = None
    rotate: str | None = None
    revoke: str | None = None
    delete: str | None = None
    revoke_first: bool = False
    expiry: str | None = None
    prove: str | None = None
    volatile: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict[str, str])
    status: str | None = None
    statuses: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ThingProfile:
    """What ``POST`` makes and a path parameter names, besides keys.

    Attributes:
        id: JSON pointer to a new thing's id in the reply to its creation, where no link of the
            file says where it is, nor a member has the name of the path's parameter; its last step
            is also the member that holds it in lists.
        name: the member that names one, for people.
    """

    id: str = "/id"
    name: str = "name"


@dataclass(frozen=True)
class Profile:
    """All of that."""

    credentials: CredentialProfile = CredentialProfile()
    errors: ErrorProfile = ErrorProfile()
    request_id: RequestIdProfile = RequestIdProfile()
    strictness: StrictnessProfile = StrictnessProfile()
    keys: KeyProfile = KeyProfile()
    things: ThingProfile = ThingProfile()


def read_profile(file: Path = BUILT_IN) -> Profile:
    """Read a profile. Raises ProfileError."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProfileError(f"{file} cannot be read as TOML: {error}") from error
    parts = {part.name: part.type for part in fields(Profile)}
    if unknown := tables.keys() - parts.keys():
        raise ProfileError(f"{file} has unknown tables: {', '.join(sorted(unknown))}")
    made: dict[str, Any] = {
        name: _part(file, name, type(getattr(Profile(), name)), table)
        for name, table in tables.items()
    }
    return Profile(**made)


def _part(file: Path, name: str, kind: type[Part], table: Any) -> Part:
    if not isinstance(table, dict):
        raise ProfileError(f"{file}: {name} must be a table")
    known = {each.name for each in fields(kind)}  # pyright: ignore[reportArgumentType]
    if unknown := table.keys() - known:
        raise ProfileError(
            f"{file}: [{name}] has no {', '.join(sorted(unknown))};"
            f" it knows {', '.join(sorted(known))}"
        )
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return kind(**given)
