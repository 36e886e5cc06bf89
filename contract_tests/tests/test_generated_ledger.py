"""The sum of a run says what it proves, and what it does not."""

from keyfob_contract.generated.ledger import Ledger

OPERATIONS = ("listSites", "createSite", "getSite")


def ledger(*replies: tuple[str, int]) -> Ledger:
    made = Ledger()
    made.plan(len(replies))
    for operation_id, status in replies:
        made.count(operation_id, status)
    return made


def test_operations_that_never_succeeded_are_named() -> None:
    made = ledger(("listSites", 200), ("createSite", 403), ("createSite", 400))
    assert made.never_succeeded(OPERATIONS) == ["createSite", "getSite"]
    [line] = [line for line in made.summary(OPERATIONS) if "never succeeded" in line]
    assert line.endswith("createSite, getSite")


def test_a_run_in_which_everything_succeeded_names_none() -> None:
    made = ledger(("listSites", 200), ("createSite", 201), ("getSite", 200))
    assert not [line for line in made.summary(OPERATIONS) if "never" in line]


def test_cases_that_were_not_tried_are_counted() -> None:
    made = ledger(("listSites", 200))
    made.plan(10)
    assert "ended after 1 of 10 cases" in list(made.summary(OPERATIONS))


def test_replies_are_told_by_operation_and_status() -> None:
    made = ledger(("listSites", 400), ("listSites", 200), ("listSites", 400))
    assert list(made.summary(OPERATIONS))[-1].split() == ["listSites", "200:", "1", "400:", "2"]


def test_guesses_that_were_throttled_are_told() -> None:
    made = ledger(("listSites", 200))
    made.throttled_guesses = 3
    assert [line for line in made.summary(OPERATIONS) if line.startswith("3 times")]
