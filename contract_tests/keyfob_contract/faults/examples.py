"""Faults in what the contract gives as examples."""

from typing import Any

from keyfob import handlers
from keyfob.errors import Problem, ValidationFailed
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="examples_are_taken")
def more_is_demanded_than_is_required(patch: Patch) -> None:
    """A visitor is refused without a host, whom the contract does not require."""

    @patch(handlers, "create_visitor")
    def create_visitor(right: Right, **wanted: Any) -> Any:
        if "hostName" not in wanted["body"]:
            raise ValidationFailed(Problem("/hostName", "is missing"))
        return right(**wanted)
