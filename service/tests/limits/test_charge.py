"""What a charge says to the client."""

import pytest

from keyfob.limits import Charge


@pytest.mark.parametrize(
    ("reset_ms", "seconds"),
    [(1, 1), (999, 1), (1000, 1), (1001, 2), (57_001, 58), (86_400_000, 86_400)],
)
def test_seconds_are_rounded_up_so_that_waiting_them_is_enough(reset_ms: int, seconds: int) -> None:
    charge = Charge(allowed=False, limit=600, window_seconds=60, remaining=0, reset_ms=reset_ms)

    assert charge.retry_after_seconds == seconds
    assert charge.state_header == f'"key";r=0;t={seconds}'


def test_headers_have_the_shape_of_the_ietf_draft() -> None:
    charge = Charge(allowed=True, limit=600, window_seconds=60, remaining=599, reset_ms=57_500)

    assert charge.policy_header == '"key";q=600;w=60'
    assert charge.state_header == '"key";r=599;t=58'
