"""The words in which the domain and the store refuse.

None of them knows HTTP: ``keyfob.gate.envelope`` turns each class into a status, a code and a
message, in one table. ``details`` is what the caller may know beyond the message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class KeyfobError(Exception):
    """Something was refused, or could not be done, for a reason that the caller is told.

    Attributes:
        code: the class's name as the API spells it: ``KeyIsActive`` is ``KEY_IS_ACTIVE``.
    """

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, **details: Any) -> None:
        super().__init__(type(self).__name__)
        self.details: Mapping[str, Any] = details


class Unavailable(KeyfobError):
    """The store cannot be reached, or does not answer."""


class NotFound(KeyfobError):
    """Absent, another organisation's, or outside the actor's sites: all the same to the caller."""


# --- who is asking -------------------------------------------------------------------------


class CredentialError(KeyfobError):
    """The credential does not authenticate anybody."""


class ApiKeyMissing(CredentialError):
    """No credential was sent."""


class ApiKeyInvalid(CredentialError):
    """Malformed, mistyped, unknown, deleted, sent twice, or sent in an unknown scheme."""


class ApiKeyExpired(CredentialError):
    """The current value of a key past its expiry."""


class ApiKeyRevoked(CredentialError):
    """The current value of a revoked key."""


class ApiKeyRotated(CredentialError):
    """A value that a rotation has replaced."""


# --- what it may do ------------------------------------------------------------------------


class ScopeInsufficient(KeyfobError):
    """The key does not hold the scope that the operation asks for."""


class SiteForbidden(KeyfobError):
    """A site was named that is absent, foreign, or not among the actor's."""


class ScopeEscalation(KeyfobError):
    """The actor would grant more than it holds."""


# --- what the request says -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input.

    Attributes:
        pointer: JSON pointer (RFC 6901) to it: ``/name`` in the body, ``/query/limit``, ``/path``.
        message: one clause for people; it never repeats the value that was sent.
    """

    pointer: str
    message: str


class ValidationFailed(KeyfobError):
    """The input breaks the contract; every problem is named at once."""

    MOST_PROBLEMS = 100  # bounds the reply to a body full of nonsense

    def __init__(self, *problems: Problem) -> None:
        shown = problems[: self.MOST_PROBLEMS]
        super().__init__(fields=[{"pointer": p.pointer, "message": p.message} for p in shown])


# --- what state things are in --------------------------------------------------------------


class KeyIsActive(KeyfobError):
    """Only a revoked key can be reactivated or deleted."""


class KeyIsExpired(KeyfobError):
    """An expired key can be neither rotated nor reactivated."""


class KeyIsRevoked(KeyfobError):
    """A revoked key can be neither edited nor rotated."""


class KeyIsCompromised(KeyfobError):
    """A key that was revoked as compromised stays revoked."""


class KeyNotRevoked(KeyfobError):
    """An expired key has to be revoked before it can be deleted."""


class KeyQuotaReached(KeyfobError):
    """The organisation holds as many keys as it may."""


class StateConflict(KeyfobError):
    """A visitor, an employee or a delivery is not in the state that a step begins with."""


class PreconditionFailed(KeyfobError):
    """The resource is no longer the one that the client means to change."""


class IdempotencyConflict(KeyfobError):
    """An Idempotency-Key was used before, for something else or for what cannot be said again."""


class RateLimited(KeyfobError):
    """A key, or an address that guesses keys, is over its limit.

    Attributes:
        retry_after_seconds: waiting that long is enough.
    """

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class AdminExists(KeyfobError):
    """The e-mail address already belongs to an admin."""


class SignInFailed(KeyfobError):
    """E-mail address and password do not go together, or nobody has that address."""
