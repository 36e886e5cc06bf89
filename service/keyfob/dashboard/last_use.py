"""What would break: when a key was used last, and by whom."""

from collections.abc import Iterable
from typing import NamedTuple

from keyfob.dashboard.door import actor, keyfob
from keyfob.domain.usage import Usage
from keyfob.errors import ApiKeyExpired, ApiKeyRevoked, ApiKeyRotated, CredentialError
from keyfob.model import ApiKey

DEAD = {word.code for word in (ApiKeyExpired, ApiKeyRevoked, ApiKeyRotated)}
UNKNOWN_AGENT = "an unnamed program"


class Use(NamedTuple):
    """The use of a key by one program from one address.

    Attributes:
        code: of its last request.
        requests: among the latest that are kept.
    """

    at: int
    user_agent: str
    client: str
    code: str
    secret_version: int | None
    requests: int


def last_use(key: ApiKey) -> Use | None:
    """Answer who used a key last, if it was ever used."""
    if key.last_used_at is None:
        return None
    now = keyfob().clock()
    usage = keyfob().usage_reports.usage(actor(), key.id, now, now)
    living = [use for use in _uses(usage, dead=False) if use.code not in _CREDENTIAL_CODES]
    return living[0] if living else Use(key.last_used_at, "", "", "", None, 0)


def dead_uses(usage: Usage) -> list[Use]:
    """Answer who still sends a value that does not work any more, the latest first."""
    return list(_uses(usage, dead=True))


_CREDENTIAL_CODES = {word.code for word in CredentialError.__subclasses__()}


def _uses(usage: Usage, *, dead: bool) -> Iterable[Use]:
    found: dict[tuple[str, str, int | None], Use] = {}
    for each in usage.recent:
        if (each.code in DEAD) is not dead:
            continue
        who = (each.user_agent, each.client, each.secret_version)
        first = found.get(who)
        if first is None:
            agent = each.user_agent or UNKNOWN_AGENT
            found[who] = Use(each.at, agent, each.client, each.code, each.secret_version, 1)
        else:
            found[who] = first._replace(requests=first.requests + 1)
    return found.values()
