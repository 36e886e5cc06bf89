"""What the service advises on keys, in the words in which it does."""

from dataclasses import dataclass

from keyfob.domain.advice import DAY_MS, MESSAGES, REMEMBERED_MS, SOON_MS, UNUSED_MS, AdviceCode

_REMEMBERED, _SOON, _UNUSED = (each // DAY_MS for each in (REMEMBERED_MS, SOON_MS, UNUSED_MS))
_WHEN = {
    AdviceCode.ROTATION_OVERDUE: "from `rotationDueAt`",
    AdviceCode.EXPIRES_SOON: f"in the {_SOON} days before `expiresAt`",
    AdviceCode.NEVER_USED: f"{_UNUSED} days after its creation, unless it was used",
    AdviceCode.SCOPE_UNUSED: f"for scopes that were not used for {_UNUSED} days",
    AdviceCode.SHARED_KEY: "when two different programs used it within an hour",
    AdviceCode.DEAD_VALUE_IN_USE: (
        f"for {_REMEMBERED} days after somebody sent its replaced or revoked value"
    ),
}


@dataclass(frozen=True, slots=True)
class ToldAdvice:
    """One piece of advice."""

    code: str
    when: str
    message: str


ADVICE = [ToldAdvice(code.value, _WHEN[code], MESSAGES[code]) for code in AdviceCode]
