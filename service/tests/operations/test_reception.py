"""What holds for visitors, employees and deliveries alike: create, list, get, and their steps."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from books import BOOKS, STEPS, Book, Step
from world import Api, Organization, SettableClock, code, pointers, without_request_id

from keyfob.domain.keyfob import Keyfob

pytestmark = pytest.mark.both_stores

ONCE = {"Idempotency-Key": "attempt-1"}

each_book = pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
each_step = pytest.mark.parametrize(
    ("book", "step"), STEPS, ids=[f"{book.name}-{step.path}" for book, step in STEPS]
)


@pytest.fixture
def site(api: Api) -> str:
    return api.site("A")


@pytest.fixture
def other_site(api: Api, site: str) -> str:
    assert site
    return api.site("B")


def limited(api: Api, book: Book, *sites: str) -> Api:
    """Answer the API as a key for these sites sees it, which may read and write in this book."""
    scopes = [f"{book.name}:read", f"{book.name}:write"]
    return api.with_key(api.create(scopes=scopes, siteIds=list(sites))["key"])


def listed(api: Api, book: Book, query: str = "") -> list[dict[str, Any]]:
    reply = api("GET", f"{book.path}{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def steps_before(book: Book, step: Step) -> tuple[Step, ...]:
    """Answer the steps that lead to where a step begins."""
    return book.steps[: book.steps.index(step)]


@each_book
def test_created_one_is_answered_shown_and_listed(
    api: Api, acme: Organization, site: str, book: Book
) -> None:
    reply = api("POST", book.path, json=book.body(site, **book.told))

    made = reply.json()
    assert reply.status_code == 201
    assert made["id"].startswith(f"{book.id_prefix}_")
    assert reply.headers["location"] == f"{book.path}/{made['id']}"
    assert {**made, **book.body(site, **book.told)} == made
    assert (made["organizationId"], made["status"]) == (acme.id, book.first_status)
    assert made["createdBy"] == {"type": "apiKey", "id": acme.key_id}
    assert made["createdAt"] == made["updatedAt"] == "2026-03-01T09:30:00.000Z"
    assert [made[step.stamp] for step in book.steps] == [None] * len(book.steps)
    assert api("GET", f"{book.path}/{made['id']}").json() == made
    assert api("GET", book.path).json() == {"data": [made], "nextCursor": None}


@each_book
def test_what_was_not_told_or_told_to_be_null_is_null(api: Api, site: str, book: Book) -> None:
    untold = book.create(api, site)
    null = book.create(api, site, **dict.fromkeys(book.told))

    assert [untold[name] for name in book.told] == [None] * len(book.told)
    assert [null[name] for name in book.told] == [None] * len(book.told)


@each_step
def test_step_changes_status_and_times_and_nothing_else(
    api: Api, site: str, clock: SettableClock, book: Book, step: Step
) -> None:
    bystander = book.create(api, site)
    made = book.take(api, book.create(api, site), *steps_before(book, step))
    clock.advance(seconds=90)

    taken = book.take(api, made, step)

    now = "2026-03-01T09:31:30.000Z"
    assert taken == {**made, "status": step.after, step.stamp: now, "updatedAt": now}
    assert api("GET", f"{book.path}/{made['id']}").json() == taken
    assert api("GET", f"{book.path}/{bystander['id']}").json() == bystander


@each_step
def test_step_from_any_other_state_is_409_that_names_it_and_changes_nothing(
    api: Api, site: str, book: Book, step: Step
) -> None:
    for number in range(len(book.steps) + 1):
        made = book.take(api, book.create(api, site), *book.steps[:number])
        if made["status"] == step.before:
            continue
        reply = api("POST", f"{book.path}/{made['id']}/{step.path}")

        assert (reply.status_code, code(reply)) == (409, "STATE_CONFLICT")
        assert reply.json()["error"]["details"] == {"status": made["status"]}
        assert api("GET", f"{book.path}/{made['id']}").json() == made


@each_step
def test_of_concurrent_steps_exactly_one_succeeds(
    keyfob: Keyfob, api: Api, acme: Organization, site: str, book: Book, step: Step
) -> None:
    made = book.take(api, book.create(api, site), *steps_before(book, step))
    operator = keyfob.organizations.operator_in(acme.id)
    take = getattr(getattr(keyfob, book.name), step.path.replace("-", "_"))

    def attempt(_: int) -> str:
        try:
            take(operator, made["id"])
        except Exception as conflict:  # noqa: BLE001  the name of what was raised is the outcome
            return type(conflict).__name__
        finally:
            keyfob.store.database.close()
        return "taken"

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(attempt, range(8)))

    assert outcomes == ["StateConflict"] * 7 + ["taken"]


@each_step
def test_step_takes_an_empty_object_and_no_unknown_member(
    api: Api, site: str, book: Book, step: Step
) -> None:
    made = book.take(api, book.create(api, site), *steps_before(book, step))
    path = f"{book.path}/{made['id']}/{step.path}"

    reply = api("POST", path, json={"force": True})
    assert (reply.status_code, pointers(reply)) == (400, ["/force"])
    assert api("POST", path, json={}).status_code == 200


@each_book
def test_pages_hold_each_once_newest_first_even_of_the_same_moment(
    api: Api, site: str, clock: SettableClock, book: Book
) -> None:
    moments = [[book.create(api, site)["id"] for _ in range(2)]]
    for _ in range(2):
        clock.advance(seconds=1)
        moments.insert(0, [book.create(api, site)["id"] for _ in range(2)])

    pages = [api("GET", f"{book.path}?limit=3").json()]
    pages.append(api("GET", f"{book.path}?limit=3&cursor={pages[0]['nextCursor']}").json())

    ids = [item["id"] for page in pages for item in page["data"]]
    assert [set(ids[:2]), set(ids[2:4]), set(ids[4:])] == [set(each) for each in moments]
    assert pages[1]["nextCursor"] is None


@each_book
def test_filters_find_by_site_status_and_name(
    api: Api, site: str, other_site: str, book: Book
) -> None:
    here = book.named(api, site, "STRASSE 100%")
    there = book.named(api, other_site, "under_score")
    moved = book.take(api, book.named(api, other_site, "Straße"), book.steps[0])

    found = {
        query: {item["id"] for item in listed(api, book, query)}
        for query in (
            f"?siteId={site}",
            f"?siteId={other_site}",
            f"?status={moved['status']}",
            f"?status={book.first_status}",
            "?q=stra%C3%9Fe",
            "?q=%25",
            "?q=_",
            f"?q=s&siteId={other_site}&status={moved['status']}",
        )
    }
    assert list(found.values()) == [
        {here["id"]},
        {there["id"], moved["id"]},
        {moved["id"]},
        {here["id"], there["id"]},
        {here["id"], moved["id"]},
        {here["id"]},
        {there["id"]},
        {moved["id"]},
    ]


@each_book
def test_limited_key_meets_only_what_is_at_its_sites(
    api: Api, site: str, other_site: str, book: Book
) -> None:
    third = api.site("C")
    mine = [book.create(api, place) for place in (site, third)]
    not_mine = book.create(api, other_site)
    holder = limited(api, book, site, third)

    assert {item["id"] for item in listed(holder, book)} == {item["id"] for item in mine}
    assert listed(holder, book, f"?siteId={third}") == [mine[1]]
    assert holder("GET", f"{book.path}/{mine[0]['id']}").json() == mine[0]
    assert book.take(holder, mine[0], book.steps[0])["status"] == book.steps[0].after
    assert holder("POST", book.path, json=book.body(third)).status_code == 201
    assert holder("GET", f"{book.path}/{not_mine['id']}").status_code == 404


@each_book
def test_404_is_the_same_for_what_is_absent_foreign_or_at_another_site_and_nothing_changes(
    api: Api, other_api: Api, site: str, other_site: str, book: Book
) -> None:
    foreign = book.create(other_api, other_api.site("X"))
    elsewhere = book.create(api, other_site)
    holder = limited(api, book, site)
    requests = [("GET", "")] + [("POST", f"/{step.path}") for step in book.steps]

    for method, suffix in requests:
        replies = [
            holder(method, f"{book.path}/{item_id}{suffix}")
            for item_id in (f"{book.id_prefix}_absent", foreign["id"], elsewhere["id"])
        ]
        assert {(reply.status_code, code(reply)) for reply in replies} == {(404, "NOT_FOUND")}
        assert len({without_request_id(reply) for reply in replies}) == 1
    assert api("GET", f"{book.path}/{foreign['id']}").status_code == 404
    assert listed(other_api, book) == [foreign]
    assert listed(api, book) == [elsewhere]


@each_book
def test_403_is_the_same_for_a_site_that_is_absent_foreign_or_not_mine(
    api: Api, other_api: Api, site: str, other_site: str, book: Book
) -> None:
    holder = limited(api, book, site)
    sites = ("site_absent", other_api.site("X"), other_site)
    asked = [holder("GET", f"{book.path}?siteId={each}") for each in sites]
    named = [holder("POST", book.path, json=book.body(each)) for each in sites]

    for replies, pointer in ((asked, "/query/siteId"), (named, "/siteId")):
        assert {(reply.status_code, code(reply)) for reply in replies} == {(403, "SITE_FORBIDDEN")}
        assert len({without_request_id(reply) for reply in replies}) == 1
        assert replies[0].json()["error"]["details"] == {"pointer": pointer}
    assert api("POST", book.path, json=book.body("site_absent")).status_code == 403
    assert listed(api, book) == []


@each_book
def test_403_without_the_scope(api: Api, site: str, book: Book) -> None:
    path = f"{book.path}/{book.create(api, site)['id']}"
    reader = api.with_key(api.create(scopes=[f"{book.name}:read"])["key"])
    writer = api.with_key(api.create(scopes=[f"{book.name}:write"])["key"])
    refused = {
        "read": [writer("GET", book.path), writer("GET", path)],
        "write": [
            reader("POST", book.path, json=book.body(site)),
            *(reader("POST", f"{path}/{step.path}") for step in book.steps),
        ],
    }

    for half, replies in refused.items():
        for reply in replies:
            assert (reply.status_code, code(reply)) == (403, "SCOPE_INSUFFICIENT")
            assert reply.json()["error"]["details"] == {"required": f"{book.name}:{half}"}


@each_book
def test_401_without_a_key(api: Api, site: str, book: Book) -> None:
    path = f"{book.path}/{book.create(api, site)['id']}"
    nobody = api.with_key(None)
    replies = [
        nobody("GET", book.path),
        nobody("POST", book.path, json=book.body(site)),
        nobody("GET", path),
        *(nobody("POST", f"{path}/{step.path}") for step in book.steps),
    ]

    assert {(reply.status_code, code(reply)) for reply in replies} == {(401, "API_KEY_MISSING")}


@each_book
def test_400_points_at_each_bad_member_and_nothing_is_made(api: Api, site: str, book: Book) -> None:
    for name in book.body(site):
        body = {key: value for key, value in book.body(site).items() if key != name}
        assert pointers(api("POST", book.path, json=body)) == [f"/{name}"]
    bad: dict[str, Any] = {"siteId": "nowhere", book.name_member: " ", "id": "mine", "status": "x"}
    bad |= dict.fromkeys(book.told, "tab\t")

    reply = api("POST", book.path, json=book.body(site) | bad)

    assert (reply.status_code, code(reply)) == (400, "VALIDATION_FAILED")
    assert sorted(pointers(reply)) == sorted(f"/{name}" for name in bad)
    assert listed(api, book) == []


@each_book
def test_400_points_at_each_bad_parameter(api: Api, book: Book) -> None:
    query = "limit=0&status=gone&siteId=&q=&cursor=x&page=2"
    reply = api("GET", f"{book.path}?{query}")
    long = api("GET", f"{book.path}/{'x' * 65}")

    expected = ["/query/limit", "/query/page", "/query/q", "/query/siteId", "/query/status"]
    assert (reply.status_code, sorted(pointers(reply))) == (400, expected)
    assert pointers(api("GET", f"{book.path}?cursor=x")) == ["/query/cursor"]
    assert (long.status_code, len(pointers(long))) == (400, 1)


@each_book
def test_400_for_a_cursor_of_other_filters_another_list_or_another_organisation(
    api: Api, other_api: Api, site: str, book: Book
) -> None:
    for _ in range(2):
        book.create(api, site)
    cursor = api("GET", f"{book.path}?limit=1&siteId={site}").json()["nextCursor"]
    status = f"status={book.first_status}"
    for query in ("", f"siteId={site}&q=a&", f"siteId={site}&{status}&"):
        reply = api("GET", f"{book.path}?{query}cursor={cursor}")
        assert (reply.status_code, pointers(reply)) == (400, ["/query/cursor"])
    whole = api("GET", f"{book.path}?limit=1").json()["nextCursor"]

    for other in ("/v1/sites", *(other.path for other in BOOKS if other != book)):
        assert api("GET", f"{other}?cursor={whole}").status_code == 400
    assert other_api("GET", f"{book.path}?cursor={whole}").status_code == 400
    assert api("GET", f"{book.path}?limit=7&cursor={whole}").status_code == 200


@each_book
def test_repeated_creation_answers_the_first_reply_again_and_another_body_is_a_conflict(
    api: Api, site: str, book: Book
) -> None:
    first = api("POST", book.path, json=book.body(site), headers=ONCE)
    again = api("POST", book.path, json=book.body(site), headers=ONCE)
    another = book.body(site, **{book.name_member: "Somebody Else"})
    other = api("POST", book.path, json=another, headers=ONCE)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert (other.status_code, code(other)) == (409, "IDEMPOTENCY_CONFLICT")
    assert listed(api, book) == [first.json()]


@each_book
def test_repeated_creation_is_judged_by_what_the_actor_holds_now(
    api: Api, site: str, other_site: str, book: Book
) -> None:
    mine = api.create(scopes=[f"{book.name}:write"], siteIds=[site])
    caller = api.with_key(mine["key"])
    first = caller("POST", book.path, json=book.body(site), headers=ONCE)
    assert first.status_code == 201

    api("PATCH", f"/v1/api-keys/{mine['id']}", json={"siteIds": [other_site]})
    again = caller("POST", book.path, json=book.body(site), headers=ONCE)
    assert (again.status_code, code(again)) == (403, "SITE_FORBIDDEN")


@each_book
def test_nothing_of_it_is_an_audit_event(api: Api, site: str, book: Book) -> None:
    before = api("GET", "/v1/audit-events").json()

    book.take(api, book.create(api, site), *book.steps)

    assert api("GET", "/v1/audit-events").json() == before
