"""A form as the JSON that the API would take, so that the same schema of the spec judges both."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from werkzeug.datastructures import MultiDict

from keyfob.dashboard.access import CUSTOM, LEVEL_BY_NAME, LEVELS, MEANINGS, level_of
from keyfob.dashboard.names import sites
from keyfob.errors import Problem
from keyfob.gate.validation import Schema
from keyfob.model import EVERY_SITE_IDS, ApiKey, Clock, scope_words
from keyfob.reply import Json
from keyfob.spec import load_spec
from keyfob.timestamps import format_timestamp

NEVER, ON = "never", "on"
DAYS = ("30", "90", "365")
_DAY_MS = 86_400_000

_SENTENCES = {
    "/scopes must have at least 1 items": "Choose at least one scope.",
    "/siteIds must have at least 1 items": "Choose at least one site, or all sites.",
    "/name must have at least 1 characters": "Give the key a name.",
    "/name must not be blank": "Give the key a name.",
    "/expiresAt must be in the future": "This time has passed. Choose one in the future.",
    "/expiresAt must be an RFC 3339 date-time such as 2027-03-01T00:00:00+01:00": (
        "Choose a day and a time, or another expiry."
    ),
}


@dataclass(frozen=True)
class KeyForm:
    """What stands in the form.

    Attributes:
        access: a level's name, or ``custom`` for the scopes that are ticked.
        sites: ``all``, or ``some`` for those that are ticked.
        expiry: ``never``, a number of days, or ``on`` a moment, which is UTC; nothing if none was
            chosen.
    """

    name: str = ""
    description: str = ""
    access: str = "read"
    scopes: Collection[str] = ()
    sites: str = "all"
    site_ids: Collection[str] = ()
    expiry: str = NEVER
    expires_on: str = ""
    requests: str = "600"
    window_seconds: str = "60"
    problems: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of_request(cls, form: MultiDict[str, str]) -> "KeyForm":
        """Read what was sent."""
        return cls(
            name=form.get("name", "").strip(),
            description=form.get("description", "").strip(),
            access=form.get("access", CUSTOM),
            scopes=form.getlist("scopes"),
            sites=form.get("sites", "some"),
            site_ids=form.getlist("siteIds"),
            expiry=form.get("expiry", ""),
            expires_on=form.get("expiresOn", ""),
            requests=form.get("requests", "").strip(),
            window_seconds=form.get("windowSeconds", "").strip(),
        )

    @classmethod
    def of_key(cls, key: ApiKey) -> "KeyForm":
        """Show a key as it is."""
        level = level_of(key.scopes)
        return cls(
            name=key.name,
            description=key.description or "",
            access=CUSTOM if level is None else level.name,
            scopes=scope_words(key.scopes),
            sites="all" if key.sites.every else "some",
            site_ids=key.sites.ids,
            expiry=NEVER if key.expires_at is None else ON,
            expires_on=minute_of(key.expires_at),
            requests=str(key.rate_limit.requests),
            window_seconds=str(key.rate_limit.window_seconds),
        )

    def body(self, now: int) -> Json:
        """Answer the JSON that the API would take."""
        level = LEVEL_BY_NAME.get(self.access)
        scopes = list(self.scopes) if level is None else scope_words(level.scopes)
        return {
            "name": self.name,
            "description": self.description or None,
            "scopes": scopes,
            "siteIds": list(EVERY_SITE_IDS) if self.sites == "all" else list(self.site_ids),
            "expiresAt": self._expires_at(now),
            "rateLimit": {
                "requests": _number(self.requests),
                "windowSeconds": _number(self.window_seconds),
            },
        }

    def with_problems(self, problems: Mapping[str, str]) -> "KeyForm":
        """Answer the form with a sentence beside each field that is wrong."""
        return replace(self, problems={**self.problems, **problems})

    def _expires_at(self, now: int) -> str | None:
        if self.expiry in DAYS:
            return format_timestamp(now + int(self.expiry) * _DAY_MS)
        if self.expiry == ON:
            return f"{self.expires_on}:00Z"
        # What is none of these must not make a key that lives for ever: the schema refuses it.
        return None if self.expiry == NEVER else ""


def minute_of(milliseconds: int | None) -> str:
    """Spell a time as a browser's field does, to the minute."""
    return "" if milliseconds is None else format_timestamp(milliseconds)[:16]


def offered(form: KeyForm) -> dict[str, Any]:
    """Answer the form, and what there is to choose from."""
    return {"form": form, "sites": sites(), "levels": LEVELS, "meanings": MEANINGS}


def problems_of(body: Json, schema_name: str, clock: Clock) -> dict[str, str]:
    """Answer what the API would find wrong, as a sentence for each field."""
    found: dict[str, str] = {}
    for problem in _schema(schema_name, clock).problems(body):
        found.setdefault(problem.pointer.split("/")[1], _sentence(problem))
    return found


def _sentence(problem: Problem) -> str:
    told = f"{problem.pointer} {problem.message}"
    return _SENTENCES.get(told, f"This {problem.message}.")


def _number(text: str) -> Any:
    # What is no number is left to the schema to refuse. Twelve digits are beyond every limit.
    longest = 12
    return int(text) if text.isascii() and text.isdigit() and len(text) < longest else text


@cache
def _schema(name: str, clock: Clock) -> Schema:
    return Schema(
        {"$ref": f"#/components/schemas/{name}", "components": load_spec()["components"]}, clock
    )
