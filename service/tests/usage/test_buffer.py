"""What waits in memory: every request is counted, and what is kept of each is bounded."""

from usage_records import KEYLESS, NOT_FOUND, record_of
from world import START

from keyfob.store.sightings import SightingKind
from keyfob.store.usage import HOUR_MS, Kind
from keyfob.usage.buffer import Buffer, Portion
from keyfob.usage.key_use import product_of
from keyfob.usage.record import UsageRecord

HOUR = START - START % HOUR_MS
SCOPE_OF = {"listApiKeys": "keys:read", "verifyApiKey": "keys:verify"}.get


def buffer_of(*records: UsageRecord, most_details: int = 20_000) -> Buffer:
    buffer = Buffer(SCOPE_OF, most_details)
    for record in records:
        buffer.add(record)
    return buffer


def seen(*records: UsageRecord) -> set[tuple[SightingKind, str]]:
    return set(buffer_of(*records).uses["key_1"].last_seen)


def test_requests_are_counted_by_key_operation_scope_outcome_and_hour() -> None:
    buffer = buffer_of(
        record_of(),
        record_of(at=HOUR + HOUR_MS - 1),
        record_of(at=HOUR + HOUR_MS),
        record_of(code="RATE_LIMITED", status=429),
        record_of(operation="authorize", scope="sites:read"),
        record_of(key_id="key_2"),
    )

    assert buffer.uses["key_1"].counts == {
        Kind(HOUR, "listApiKeys", "", "OK"): 2,
        Kind(HOUR + HOUR_MS, "listApiKeys", "", "OK"): 1,
        Kind(HOUR, "listApiKeys", "", "RATE_LIMITED"): 1,
        Kind(HOUR, "authorize", "sites:read", "OK"): 1,
    }
    assert buffer.uses["key_2"].counts.total() == 1


def test_refused_before_authentication_is_counted_and_traced_but_no_use() -> None:
    early = [
        record_of(charged=False, status=401, code="API_KEY_ROTATED"),
        record_of(charged=False, operation="", path="/v1/nowhere", **NOT_FOUND),
    ]
    buffer = buffer_of(*early)

    assert buffer.uses["key_1"].counts.total() == 2
    assert list(buffer.details.values()) == early
    assert buffer.uses["key_1"].last_used_at == 0


def test_last_use_is_the_latest_past_authentication_in_whatever_order_they_come() -> None:
    use = buffer_of(
        record_of(at=START + 2), record_of(at=START + 1, code="RATE_LIMITED", status=429)
    ).uses["key_1"]
    use.merge(buffer_of(record_of(at=START)).uses["key_1"])

    assert use.last_used_at == START + 2


def test_a_request_uses_the_scope_of_its_operation_or_the_one_it_asks_about() -> None:
    used = SightingKind.SCOPE_USED

    assert (used, "keys:read") in seen(record_of())
    assert (used, "keys:read") in seen(record_of(**NOT_FOUND))
    assert (used, "sites:read") in seen(record_of(operation="authorize", scope="sites:read"))
    assert not seen(record_of(operation="authorize", user_agent=""))
    judged = record_of(operation="verifyApiKey", judged=True, scope="sites:read")
    assert seen(judged) == {(used, "sites:read")}
    assert not seen(judged._replace(scope=""))
    for refused in ("RATE_LIMITED", "SCOPE_INSUFFICIENT"):
        assert not seen(record_of(code=refused, user_agent=""))
    assert not seen(record_of(charged=False, **NOT_FOUND))


def test_a_dead_value_is_seen_if_a_rotation_or_a_revocation_killed_it() -> None:
    for code in ("API_KEY_ROTATED", "API_KEY_REVOKED"):
        refused = record_of(charged=False, status=401, code=code)
        assert seen(refused) == {(SightingKind.DEAD_VALUE, code)}
        assert seen(refused._replace(judged=True)) == {(SightingKind.DEAD_VALUE, code)}
    assert not seen(record_of(charged=False, status=401, code="API_KEY_EXPIRED"))


def test_a_product_is_the_first_word_without_its_version() -> None:
    assert product_of("hr-sync/2.1 python/3.12 (linux)") == "hr-sync"
    assert product_of("curl") == "curl"
    assert product_of("") == product_of("/1.0") == ""


def test_the_products_of_who_asks_about_a_key_are_not_the_keys() -> None:
    assert (SightingKind.PRODUCT, "hr-sync") in seen(record_of())
    assert (SightingKind.PRODUCT, "hr-sync") not in seen(record_of(judged=True))
    assert (SightingKind.PRODUCT, "") not in seen(record_of(user_agent="/2.1"))


def test_products_are_at_most_ten_however_many_a_key_claims_to_be() -> None:
    first = buffer_of(*(record_of(user_agent=f"p{number}") for number in range(200)))
    first.merge(buffer_of(*(record_of(user_agent=f"q{number}") for number in range(200))))

    kinds = [kind for kind, _ in first.uses["key_1"].last_seen]
    assert kinds.count(SightingKind.PRODUCT) == 10


def test_the_latest_hundred_of_each_key_are_kept_and_errors_beyond_them() -> None:
    errors = [record_of(**NOT_FOUND) for _ in range(150)]
    good = [record_of() for _ in range(150)]
    other = [record_of(key_id="key_2")]
    buffer = buffer_of(*errors, *good, *other)

    assert list(buffer.details.values()) == [*errors, *good[50:], *other]
    assert buffer.dropped == 0
    assert buffer.uses["key_1"].counts.total() == 300


def test_errors_beyond_the_latest_are_at_most_a_thousand_for_each_key_and_hour() -> None:
    hours = [
        [record_of(at=HOUR + hour * HOUR_MS, **NOT_FOUND) for _ in range(1_200)]
        for hour in range(2)
    ]
    buffer = buffer_of(*hours[0], *hours[1])

    kept = list(buffer.details.values())
    assert kept == [*hours[0][-1_000:], *hours[1][-1_100:]]


def test_without_a_known_key_the_latest_ten_thousand_are_kept() -> None:
    records = [record_of(**KEYLESS) for _ in range(10_500)]
    buffer = buffer_of(*records)

    assert list(buffer.details.values()) == records[500:]
    assert not buffer.uses


def test_beyond_the_bound_the_oldest_details_are_dropped_and_no_count() -> None:
    records = [record_of(key_id=f"key_{number % 7}", **NOT_FOUND) for number in range(500)]
    buffer = buffer_of(*records, most_details=200)

    assert list(buffer.details.values()) == records[300:]
    assert buffer.dropped == 300
    assert sum(use.counts.total() for use in buffer.uses.values()) == 500


def test_what_waits_does_not_grow_with_the_requests() -> None:
    buffer = buffer_of(*(record_of() for _ in range(10_000)))

    assert len(buffer.uses["key_1"]) == 4  # a counter, the last use, a scope, a product
    assert len(buffer.details) == 100


def test_merging_is_as_if_all_had_come_to_one() -> None:
    records = [record_of(**(NOT_FOUND if n % 3 else {})) for n in range(400)]
    merged = buffer_of(*records[:150])
    merged.merge(buffer_of(*records[150:]))
    one = buffer_of(*records)

    assert list(merged.details.values()) == list(one.details.values())
    assert merged.uses["key_1"].counts == one.uses["key_1"].counts
    assert merged.uses["key_1"].last_seen == one.uses["key_1"].last_seen


def test_a_portion_is_bounded_and_all_portions_together_are_the_whole() -> None:
    records = [record_of(key_id=f"key_{number % 50}") for number in range(500)]
    buffer = buffer_of(*records)
    portions: list[Portion] = []
    while portion := buffer.portion(most_sums=20, most_details=30):
        portions.append(portion)
        buffer.forget(portion)

    assert all(sum(map(len, each.uses.values())) < 20 + 4 for each in portions)
    assert all(len(each.details) <= 30 for each in portions)
    assert [record for each in portions for record in each.details.values()] == records
    requests = [use.counts.total() for each in portions for use in each.uses.values()]
    assert (len(requests), sum(requests)) == (50, 500)
