"""Advice on keys in words for people, and where to follow it."""

from typing import NamedTuple

from keyfob.domain.advice import AdviceCode, Advisory


class Advice(NamedTuple):
    """One piece of advice.

    Attributes:
        page: the endpoint where it is followed, and ``action`` what its link says.
        is_urgent: something is wrong now, not only untidy.
    """

    badge: str
    title: str
    what_to_do: str
    page: str | None
    action: str
    is_urgent: bool


_TOLD = {
    AdviceCode.ROTATION_OVERDUE: Advice(
        "Rotation due",
        "The value of this key is old",
        "Rotate the key, and deploy the new value.",
        "dashboard.rotate",
        "Rotate the key",
        is_urgent=False,
    ),
    AdviceCode.EXPIRES_SOON: Advice(
        "Expires soon",
        "This key stops working soon",
        "Give it a later expiry, or make sure that nobody needs it.",
        "dashboard.edit",
        "Change the expiry",
        is_urgent=True,
    ),
    AdviceCode.NEVER_USED: Advice(
        "Never used",
        "Nobody has ever used this key",
        "Deploy it, or revoke it: what nobody needs only leaks.",
        "dashboard.revoke",
        "Revoke the key",
        is_urgent=False,
    ),
    AdviceCode.SCOPE_UNUSED: Advice(
        "Unused scopes",
        "This key may do more than anybody needs",
        "Not used for 30 days: {scopes}. Take these away.",
        "dashboard.edit",
        "Edit the scopes",
        is_urgent=False,
    ),
    AdviceCode.SHARED_KEY: Advice(
        "Shared",
        "Several programs use this key",
        "Seen: {userAgents}. Make a key for each of them and rotate this one, so that each can be"
        " limited, watched and stopped alone.",
        "dashboard.new_key",
        "Create a key",
        is_urgent=False,
    ),
    AdviceCode.DEAD_VALUE_IN_USE: Advice(
        "Dead value in use",
        "Somebody still sends a value that does not work any more",
        "See below who it is. Deploy a working value there, or remove the old one.",
        None,
        "",
        is_urgent=True,
    ),
}
if _TOLD.keys() != set(AdviceCode):
    raise LookupError("each piece of advice needs words for people")


def told(advisory: Advisory) -> Advice:
    """Answer advice with its facts put in."""
    advice = _TOLD[advisory.code]
    facts = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in advisory.details.items()
    }
    return advice._replace(what_to_do=advice.what_to_do.format(**facts))
