"""Every operation, with input that was made up, good and bad, with a live key and dead ones."""

import random
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from keyfob_contract.checks.registry import NotChecked, check
from keyfob_contract.rules.exchange import NOTHING, Complaint, at_pointer
from keyfob_contract.rules.spec import Operation, is_json
from keyfob_contract.run.dead import Credential
from keyfob_contract.run.keyring import NotPossible
from keyfob_contract.run.kit import Kit, OutOfTime
from keyfob_contract.run.vault import State
from keyfob_contract.wire.message import Request

if TYPE_CHECKING:
    from keyfob_contract.generated.hints import Hints
    from keyfob_contract.generated.ledger import Ledger

BATCH = 50
SHARE_OF_PLANNING = 0.4  # of the time that is left

Batch = tuple[Operation, Sequence[Request]]


@check(generated=True)
def generated_requests_are_answered_by_the_contract(kit: Kit) -> Iterator[Complaint]:
    """Whatever any operation is sent, the answer fits it; and no dead key gets in, or does harm."""
    try:  # Schemathesis takes a second to import, and whoever wants no generated input needs none.
        from keyfob_contract.generated.cast import Cast  # noqa: PLC0415
        from keyfob_contract.generated.hints import Hints  # noqa: PLC0415
        from keyfob_contract.generated.ledger import Ledger  # noqa: PLC0415
        from keyfob_contract.generated.substitution import Substitution  # noqa: PLC0415
        from keyfob_contract.generated.trial import Trial  # noqa: PLC0415
    except ImportError as error:
        raise NotChecked(f"it takes Schemathesis, which is not installed: {error}") from error
    ledger = Ledger()
    value_example = _value_example(kit)
    hints = Hints(kit.contract, kit.resources, filter(None, [value_example]))
    batches = _batches(kit, hints, ledger)
    dead = _dead(kit)
    values = [kit.keyring.make("judged").value, *_values(dead)] if value_example else []
    cast = Cast(kit, random.Random(kit.effort.seed))
    substitution = Substitution(kit, cast, hints, {value_example or "": values})
    trial = Trial(kit, cast, substitution, dead, ledger)
    try:
        for operation, requests in batches:
            yield from trial.run(operation, requests)
    except OutOfTime:
        if not ledger.cases:
            raise
    finally:
        cast.clear()
        kit.summary += ledger.summary(o.id for o in kit.operations(needing_a_key=False))


def _batches(kit: Kit, hints: "Hints", ledger: "Ledger") -> Sequence[Batch]:
    """Answer all that is to be tried, each operation in turn, so that all get something."""
    from keyfob_contract.generated.generation import Generator  # noqa: PLC0415

    at_first = kit.effort.seconds_left()

    def has_time() -> bool:
        left = kit.effort.seconds_left()
        return left is None or at_first is None or left > at_first * (1 - SHARE_OF_PLANNING)

    operations = kit.operations(needing_a_key=False)
    generator = Generator(kit.contract, operations, hints, kit.effort.seed)
    plan = generator.plan(kit.effort.cases, has_time)
    number = sum(map(len, plan.values()))
    ledger.plan(number if has_time() else max(number, kit.effort.cases))
    cut = [
        [(kit.contract.by_id[name], found[i : i + BATCH]) for i in range(0, len(found), BATCH)]
        for name, found in plan.items()
    ]
    return [batch for turn in zip_longest(*cut) for batch in turn if batch is not None]


def _dead(kit: Kit) -> Sequence[Credential]:
    """Answer what must not let anybody in, as far as it can be made here."""
    found: list[Credential] = []
    for state in State:
        try:
            found += kit.dead.credentials(state) if state is not State.LIVE else ()
        except NotPossible:
            continue  # the runner tells why
    return found


def _values(dead: Sequence[Credential]) -> list[str]:
    return [text.rpartition(" ")[2] for credential in dead for _, text in credential.headers[:1]]


def _value_example(kit: Kit) -> str | None:
    """Answer what the file gives as an example of a key's value, if it does."""
    mint = kit.contract.by_id.get(kit.profile.keys.mint or "")
    if mint is None:
        return None
    document = kit.contract.document
    operation = document.resolve(document.spec["paths"][mint.path])[mint.method.lower()]
    reply = document.resolve(operation["responses"].get(str(mint.success), {}))
    for media_type, media in reply.get("content", {}).items():
        named = [document.resolve(each) for each in media.get("examples", {}).values()]
        for example in [media.get("example"), *(each.get("value") for each in named)]:
            value = at_pointer(example, kit.profile.keys.value) if is_json(media_type) else NOTHING
            if isinstance(value, str):
                return value
    return None
