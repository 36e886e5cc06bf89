"""What is remembered of requests, changed before it is written down."""

from collections.abc import Callable
from typing import Any

from keyfob.usage import Recorder, UsageRecord
from keyfob_contract.faults.fault import Patch, Right


def recorded(patch: Patch, changed: Callable[[UsageRecord], dict[str, Any]]) -> None:
    """Have every request be remembered with these members instead of its own."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(**changed(record)))
