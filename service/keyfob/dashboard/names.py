"""The sites of the admin's organisation, and who its people and keys are, by their ids."""

from keyfob.dashboard.door import actor, keyfob
from keyfob.errors import NotFound
from keyfob.model import ActorRef, ActorType, Site

MOST_PAGES = 50
A_PAGE = 100


def sites() -> list[Site]:
    """Answer the sites, in the order of their names."""
    found: list[Site] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = keyfob().sites.list(actor(), limit=A_PAGE, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return sorted(found, key=lambda site: (site.name.casefold(), site.id))


def site_names() -> dict[str, str]:
    """Answer the names of the sites."""
    return {site.id: site.name for site in sites()}


class Who:
    """Tells who an actor is; asks for each only once."""

    def __init__(self) -> None:
        admins = keyfob().admins.of_organization(actor())
        self._names = {admin.id: admin.email for admin in admins}

    def __call__(self, ref: ActorRef) -> str:
        """Answer a name for people."""
        if ref.type is ActorType.OPERATOR:
            return "the operator"
        if ref.id not in self._names:
            self._names[ref.id] = self._key_name(ref)
        return self._names[ref.id]

    def _key_name(self, ref: ActorRef) -> str:
        try:
            return f"API key {keyfob().api_keys.get(actor(), ref.id).name}"
        except NotFound:
            return f"API key {ref.id}" if ref.type is ActorType.API_KEY else ref.id
