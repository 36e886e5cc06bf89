"""Lives that were made up, of several keys at once, held against the state table."""

import time
from collections.abc import Iterator

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import Complaint
from keyfob_contract.run.kit import Kit, OutOfTime

SHARE_OF_TIME = 0.5  # of what is left; others may come behind it
PATIENCE = (300, 30)
"""For how many lives, and seconds, to look for the shortest story, once one has ended badly."""


@check(
    "createApiKey",
    "listApiKeys",
    "getApiKey",
    "updateApiKey",
    "rotateApiKey",
    "revokeApiKey",
    "reactivateApiKey",
    "deleteApiKey",
    "getCurrentApiKey",
    "verifyApiKey",
    "createSite",
    generated=True,
)
def keys_live_and_die_by_the_state_table(kit: Kit) -> Iterator[Complaint]:
    """Whatever is done to keys, in whatever order and by whom, all is as the state table says."""
    try:  # Hypothesis takes a while to import, and whoever wants nothing generated needs none.
        from keyfob_contract.generated.story import Stories  # noqa: PLC0415
        from keyfob_contract.generated.telling import callers_of, tell  # noqa: PLC0415
    except ImportError as error:
        raise NotChecked(f"it takes Hypothesis, which is not installed: {error}") from error
    if kit.runner.record.get("expiresAt") is not None:
        raise NotChecked("the admin key expires, and keys that it makes may not outlive it")
    callers = callers_of(kit)
    stories = Stories(_end(kit), PATIENCE)
    happened_again = tell(kit, callers, stories)
    if not happened_again:  # perhaps some look that was left out has to do with it
        again = Stories(_end(kit), PATIENCE, is_thorough=True)
        happened_again = tell(kit, callers, again) and again.worst is not None
        stories = again if again.worst else stories
    cut = ", then time was up" if stories.is_over and stories.worst is None else ""
    kit.summary.append(f"{stories.lives} lives of keys, of {stories.steps} steps in all{cut}")
    if stories.unreachable is not None:
        raise stories.unreachable
    if stories.worst is not None:
        doubt = "" if happened_again else " (it did not happen again when the story was repeated)"
        number = len(stories.worst.evidence)
        yield Complaint(
            f"{stories.worst.text}{doubt}: the shortest story found, of {number} requests",
            stories.worst.evidence,
        )
    elif not stories.steps:
        raise OutOfTime("the budget was used up")


def _end(kit: Kit) -> float | None:
    left = kit.effort.seconds_left()
    return None if left is None else time.monotonic() + SHARE_OF_TIME * left
