"""What keys may do, in the three levels that most people need."""

from typing import NamedTuple

from keyfob.model import ALL_SCOPES, SCOPE_BY_WORD, Scope, scope_words

CUSTOM = "custom"

READ = Scope.VISITORS_READ | Scope.EMPLOYEES_READ | Scope.DELIVERIES_READ | Scope.SITES_READ
WRITE = Scope.VISITORS_WRITE | Scope.EMPLOYEES_WRITE | Scope.DELIVERIES_WRITE | Scope.SITES_WRITE


class Level(NamedTuple):
    """A set of scopes with a name."""

    name: str
    label: str
    meaning: str
    scopes: Scope


LEVELS = (
    Level("read", "Read only", "See visitors, employees, deliveries and sites.", READ),
    Level("write", "Read & write", "See and change them, but not keys.", READ | WRITE),
    Level(
        "full",
        "Full access",
        "Everything, API keys and the audit trail included. For few keys, if any.",
        ALL_SCOPES,
    ),
)
LEVEL_BY_NAME = {level.name: level for level in LEVELS}

MEANINGS = {
    "visitors:read": "See who is expected, who is there and who has left",
    "visitors:write": "Pre-register visitors, check them in and out",
    "employees:read": "See employees, and who is in",
    "employees:write": "Add employees, check them in and out",
    "deliveries:read": "See deliveries",
    "deliveries:write": "Register deliveries, and note who collects them",
    "sites:read": "See sites",
    "sites:write": "Add sites",
    "keys:read": "See API keys and how they are used, never their values",
    "keys:write": "Create, change, rotate and revoke API keys",
    "keys:verify": "Ask whether somebody else's API key is good",
    "audit:read": "See the audit trail, and what became of requests",
}
if MEANINGS.keys() != SCOPE_BY_WORD.keys():
    raise LookupError("each scope needs a meaning for people")


def level_of(scopes: Scope) -> Level | None:
    """Answer the level that is exactly this, if there is one."""
    return next((level for level in LEVELS if level.scopes == scopes), None)


def summary(scopes: Scope) -> str:
    """Answer a level's name, or the first scopes and how many more there are."""
    level = level_of(scopes)
    if level is not None:
        return level.label
    words = scope_words(scopes)
    most = 2
    rest = len(words) - most
    return ", ".join(words[:most]) + (f" +{rest}" if rest > 0 else "")
