"""Rules about how a client asks."""

from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus

from keyfob.grading.entry import Entry
from keyfob.grading.rule import Fault, Judgement, numbers_of, rule


@rule(
    "Follows lists to their end.",
    "Ask again with `cursor` set to nextCursor until it is null. Who wants less asks for less, with"
    " filters.",
)
def follows_pages(entries: Sequence[Entry]) -> Judgement:
    """Judge by the last page that each list was read to: was the next one asked for?

    Who has read the list to its end with another limit may look at its beginning as well.
    """
    last: dict[object, Entry] = {}
    asked: dict[object, set[str | None]] = defaultdict(set)
    ended: dict[object, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.method == "GET":
            a_list = entry.key_id, entry.path, entry.listed
            asked[a_list].add(entry.cursor)
            if entry.status == HTTPStatus.OK:
                last[a_list] = entry
                if entry.next_cursor is None:
                    ended[a_list].add(entry.limit)
    faults = [
        Fault(f"{page.path} has another page, for which it never asked.", (page.number,))
        for a_list, page in last.items()
        if page.next_cursor is not None
        and page.next_cursor not in asked[a_list]
        and not ended[a_list] - {page.limit}
    ]
    return Judgement(any(entry.next_cursor is not None for entry in entries), faults)


@rule(
    "Says who it is.",
    "Send a User-Agent that names your product and its version, such as acme-sync/2.1: it is how"
    " support finds you.",
)
def names_itself(entries: Sequence[Entry]) -> Judgement:
    """Judge by the header User-Agent."""
    nameless = [entry for entry in entries if not entry.user_agent]
    told = f"{len(nameless)} requests came without a User-Agent."
    return Judgement(bool(entries), [Fault(told, numbers_of(nameless))] if nameless else [])
