"""One request as the gate saw it."""

from typing import NamedTuple

from keyfob.store.requests import TracedRequest


class UsageRecord(NamedTuple):
    """A request, once it is answered. A tuple, because one is made for every request.

    Attributes:
        at: when it was answered.
        path: the template of the spec, or what was sent (without values) if it fits none.
        operation: empty if it reached none.
        scope: that was asked about; empty if none.
        code: of the error, or ``OK``.
        organization_id: of the key; None, like the key, if none was sent that the store knows.
        secret_version: which of the key's values was sent.
        judged: the key did not ask; verifyApiKey was asked about it.
        charged: it got past authentication, so that it is a use of the key (``lastUsedAt``).
    """

    request_id: str
    at: int
    method: str
    path: str
    operation: str
    scope: str
    status: int
    code: str
    duration_us: int
    client: str
    user_agent: str
    organization_id: str | None
    key_id: str | None
    secret_version: int | None
    judged: bool
    charged: bool

    def traced(self) -> TracedRequest:
        """Answer what is kept of it, cut to the lengths that the spec gives."""
        return TracedRequest(
            request_id=self.request_id,
            organization_id=self.organization_id,
            key_id=self.key_id,
            secret_version=self.secret_version,
            judged=self.judged,
            at=self.at,
            method=self.method[:20],
            path=self.path[:200],
            operation=self.operation,
            status=self.status,
            code=self.code,
            duration_us=self.duration_us,
            client=self.client[:64],
            user_agent=self.user_agent[:200],
        )
