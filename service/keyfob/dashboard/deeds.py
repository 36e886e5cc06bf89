"""What can be done with a key in its state, and why the rest cannot."""

from typing import NamedTuple

from keyfob.domain.api_keys import KeyView
from keyfob.model import KeyStatus, RevokedReason


class Deed(NamedTuple):
    """Something that could be done with a key.

    Attributes:
        page: the endpoint of the page for it.
        why_not: None if it can be done.
    """

    page: str
    label: str
    icon: str
    why_not: str | None
    is_dangerous: bool = False


def deeds_of(view: KeyView) -> list[Deed]:
    """Answer all that there is, in the order of the menu."""
    revoke = revoke_label(view)
    return [
        Deed("dashboard.key", "View Details", "eye", None),
        Deed("dashboard.edit", "Edit Key", "pencil", why_not_edit(view)),
        Deed("dashboard.rotate", "Rotate Key", "rotate", why_not_rotate(view)),
        Deed("dashboard.revoke", revoke, "ban", why_not_revoke(view), is_dangerous=True),
        Deed("dashboard.reactivate", "Reactivate", "play", why_not_reactivate(view)),
        Deed("dashboard.delete", "Delete Key", "trash", why_not_delete(view), is_dangerous=True),
    ]


def buttons_of(view: KeyView) -> list[Deed]:
    """Answer what the page of a key offers at once; what is seldom done is in the menu alone."""
    is_revoked = view.status is KeyStatus.REVOKED
    seldom = {"dashboard.key"} | ({"dashboard.revoke"} if is_revoked else set())
    return [deed for deed in deeds_of(view) if deed.why_not is None and deed.page not in seldom]


def revoke_label(view: KeyView) -> str:
    """Answer what revoking means: of a revoked key only the reason can rise."""
    return "Mark as Compromised" if view.status is KeyStatus.REVOKED else "Revoke Key"


def why_not_edit(view: KeyView) -> str | None:
    """Say why a key cannot be edited."""
    if view.status is KeyStatus.REVOKED:
        return "A revoked key cannot be edited."
    return None


def why_not_rotate(view: KeyView) -> str | None:
    """Say why a key cannot get a new value."""
    if view.status is KeyStatus.REVOKED:
        return "A revoked key cannot be rotated."
    if view.status is KeyStatus.EXPIRED:
        return "The key has expired: give it a later expiry first."
    return None


def why_not_revoke(view: KeyView) -> str | None:
    """Say why a key cannot be revoked, or marked as compromised."""
    if view.key.revoked_reason is RevokedReason.COMPROMISED:
        return "The key is revoked as compromised."
    return None


def why_not_reactivate(view: KeyView) -> str | None:
    """Say why a key cannot be brought back."""
    if view.status is KeyStatus.ACTIVE:
        return "The key is active."
    if view.status is KeyStatus.EXPIRED:
        return "The key has expired: give it a later expiry instead."
    if view.key.revoked_reason is RevokedReason.COMPROMISED:
        return "A compromised key never comes back."
    return None


def why_not_delete(view: KeyView) -> str | None:
    """Say why a key cannot be deleted."""
    if view.status is not KeyStatus.REVOKED:
        return "Only a revoked key can be deleted."
    return None
