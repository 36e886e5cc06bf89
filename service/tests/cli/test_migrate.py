"""``keyfob migrate`` says what it did."""

from processes import Operator, outdate


def test_first_run_applies_and_the_next_has_nothing_to_do(operator: Operator) -> None:
    first = operator.run("migrate")
    assert first.code == 0
    assert "Applied 0001_initial." in first.out
    second = operator.run("migrate")
    assert (second.code, second.out) == (0, "Nothing to do: the store is up to date.\n")


def test_store_of_a_newer_version_is_refused_with_a_sentence(operator: Operator) -> None:
    operator.run("migrate")
    outdate(operator.database)
    for command in ("migrate", "list-organizations"):
        refused = operator.run(command)
        assert (refused.code, refused.out) == (2, "")
        assert "9999_from_the_future, which Keyfob" in refused.err
        assert "Traceback" not in refused.err


def test_what_is_no_store_is_refused_with_a_sentence(operator: Operator) -> None:
    operator.database.write_text("this is no database, however long one looks at it" * 100)
    refused = operator.run("migrate")
    assert refused.code == 2
    assert str(operator.database) in refused.err
    assert "Traceback" not in refused.err
