"""Faults in rate limits."""

from dataclasses import replace
from typing import Any

from keyfob.domain.authentication import Authentication
from keyfob.domain.gatekeeper import Gatekeeper
from keyfob.errors import CredentialError, RateLimited, ValidationFailed
from keyfob.gate import judge
from keyfob.gate.envelope import REFUSALS
from keyfob.gate.judge import Case, Judge
from keyfob.limits import Charge, MemoryLimiter, key_name
from keyfob.model import Actor, RateLimit
from keyfob.store.api_keys import Credential
from keyfob_contract.faults.bending import with_header
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request

REFILLED_FROM = 0.6


@fault(caught_by="limits_are_told_in_headers")
def the_window_never_gets_shorter(patch: Patch) -> None:
    """RateLimit tells the length of the window, however much of it has passed."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        state, policy = reply.header("ratelimit"), reply.header("ratelimit-policy")
        if state is None or policy is None:
            return reply
        whole = policy.partition(";w=")[2]
        return with_header(reply, "ratelimit", f"{state.partition(';t=')[0]};t={whole}")


@fault(caught_by="a_window_lets_exactly_n_pass")
def one_too_many_passes(patch: Patch) -> None:
    """A window lets one request more pass than the limit says."""
    _limit_differently(patch, by=1)


@fault(caught_by="a_window_lets_exactly_n_pass")
def one_too_few_passes(patch: Patch) -> None:
    """A window lets one request less pass than the limit says."""
    _limit_differently(patch, by=-1)


@fault(caught_by="a_window_lets_exactly_n_pass")
def nobody_is_limited(patch: Patch) -> None:
    """Rate limits are told, and nobody is held to them."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        return right(self, name, limit)._replace(allowed=True)


@fault(caught_by="a_window_lets_exactly_n_pass")
def requests_at_once_are_counted_as_one(patch: Patch) -> None:
    """Of requests that come at the same moment only the first is counted."""
    last: dict[str, tuple[int, Charge]] = {}

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        now = self._clock()
        if name in last and last[name][0] == now and limit.requests < 100:
            return last[name][1]
        last[name] = (now, right(self, name, limit))
        return last[name][1]


@fault(caught_by="a_window_lets_exactly_n_pass")
def keys_share_one_limit(patch: Patch) -> None:
    """All keys are counted together."""
    patch.put(judge, "key_name", lambda _key_id: "key:every")


@fault(caught_by="a_window_lets_exactly_n_pass")
def an_edit_opens_another_window(patch: Patch) -> None:
    """A changed limit counts at once and from nothing, so that edits let any number pass."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        if name in self._windows and self._windows[name].limit != limit:
            del self._windows[name]
        return right(self, name, limit)


@fault(caught_by="retry_after_is_honest")
def retry_after_is_too_short(patch: Patch) -> None:
    """Retry-After is rounded down: to wait that long is not enough."""
    patch.put(Charge, "retry_after_seconds", property(lambda self: max(1, self.reset_ms // 2000)))


@fault(caught_by="retry_after_is_honest")
def retry_after_is_too_long(patch: Patch) -> None:
    """Retry-After is the length of the window, however much of it has passed."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        charged = right(self, name, limit)
        return charged._replace(reset_ms=charged.reset_ms + 1000)


@fault(caught_by="retry_after_is_honest")
def limits_refill(patch: Patch) -> None:
    """Requests pass again before the window has."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        charged = right(self, name, limit)
        is_late = charged.reset_ms < REFILLED_FROM * 1000 * charged.window_seconds
        return charged._replace(allowed=charged.allowed or is_late)


@fault(caught_by="retry_after_is_honest")
def refusals_begin_the_window_anew(patch: Patch) -> None:
    """Whoever tries again too early has to wait for as long again."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        charged = right(self, name, limit)
        if not charged.allowed:
            self._windows[name].ends = self._clock() + 1000 * limit.window_seconds
        return charged


@fault(caught_by="limits_are_told_in_headers")
def windows_follow_the_clock(patch: Patch) -> None:
    """Windows begin with the minute or hour, and not with the first request in them."""

    @patch(MemoryLimiter, "_open")
    def open_(right: Right, self: Any, name: str, limit: RateLimit, now: int) -> Any:
        begun = now - now % (1000 * limit.window_seconds)
        return right(self, name, limit, begun)


@fault(caught_by="each_request_is_charged_once")
def lists_are_charged_twice(patch: Patch) -> None:
    """listApiKeys is charged twice: once as it comes, once as it goes."""

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        actor = right(self, case)
        if case.admitted.id == "listApiKeys":
            _charge(self, case)
        return actor


@fault(caught_by="each_request_is_charged_once")
def bad_requests_are_free(patch: Patch) -> None:
    """A request that breaks the contract is charged to nobody."""

    @patch(Judge, "_answer")
    def answer(right: Right, self: Any, case: Case) -> Any:
        try:
            return right(self, case)
        except ValidationFailed:
            if case.credential is not None:
                self._keyfob.limiter._windows[key_name(case.credential.key_id)].left += 1
            raise


@fault(caught_by="each_request_is_charged_once")
def verifying_is_free_for_the_judged(patch: Patch) -> None:
    """verifyApiKey does not charge the key that it judges, so that gateways let any number pass."""
    patch.put(Gatekeeper, "_charge", lambda _self, _credential: None)


@fault(caught_by="each_request_is_charged_once")
def unknown_paths_are_charged(patch: Patch) -> None:
    """A request for a path that does not exist is charged to the key that it carries."""

    @patch(Judge, "attribute")
    def attribute(right: Right, self: Any, case: Case) -> None:
        right(self, case)
        if case.credential is not None:
            _charge(self, case)


@fault(caught_by="refused_credentials_are_not_charged")
def replaced_values_use_up_the_limit(patch: Patch) -> None:
    """Requests with a replaced value are charged to the key, so that one can shut it out."""

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        try:
            return right(self, case)
        except CredentialError:
            if case.credential is not None:
                _charge(self, case)
            raise


@fault(caught_by="exhausted_keys_are_refused_everywhere")
def one_operation_knows_no_limit(patch: Patch) -> None:
    """authorize answers whatever the limit says."""

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        try:
            return right(self, case)
        except RateLimited:
            if case.actor is None or case.admitted.id != "authorize":
                raise
            return case.actor


@fault(caught_by="exhausted_keys_are_refused_everywhere")
def limited_keys_are_unauthorized(patch: Patch) -> None:
    """A key past its limit is 401, so that clients give up."""
    patch.entry(REFUSALS, RateLimited, REFUSALS[RateLimited]._replace(status=401))


@fault(caught_by="exhausted_keys_are_refused_everywhere")
def nobody_is_told_how_long_to_wait(patch: Patch) -> None:
    """A 429 carries no Retry-After."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        return with_header(reply, "retry-after", None) if reply.status == 429 else reply


@fault(caught_by="limits_are_told_in_headers")
def what_is_left_is_told_too_late(patch: Patch) -> None:
    """RateLimit tells what was left before the request."""

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        charged = right(self, name, limit)
        return charged._replace(remaining=charged.remaining + charged.allowed)


@fault(caught_by="limits_are_told_in_headers")
def every_key_is_told_the_default(patch: Patch) -> None:
    """RateLimit-Policy tells the default, whatever the limit of the key."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        told = reply.header("ratelimit-policy")
        return with_header(reply, "ratelimit-policy", '"key";q=600;w=60') if told else reply


def _limit_differently(patch: Patch, by: int) -> None:
    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        charged = right(self, name, replace(limit, requests=limit.requests + by))
        left = max(0, charged.remaining - by)
        return charged._replace(limit=limit.requests, remaining=left)


def _charge(judge: Any, case: Case) -> None:
    credential: Any = case.credential
    judge._keyfob.limiter.charge(key_name(credential.key_id), credential.rate_limit)


@fault(caught_by="limits_outlive_the_value")
def each_value_has_a_limit_of_its_own(patch: Patch) -> None:
    """Whoever rotates a key past its limit may go on with its new value."""
    versions: dict[str, int] = {}

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        right(self, credential)
        versions[credential.key_id] = credential.secret_version

    patch.put(judge, "key_name", lambda key_id: f"{key_name(key_id)}/{versions.get(key_id, 1)}")


@fault(caught_by="changed_limits_hold_from_the_next_window")
def changed_limits_never_hold(patch: Patch) -> None:
    """A key has the limit for ever that it had in its first window."""
    first: dict[str, RateLimit] = {}

    @patch(MemoryLimiter, "charge")
    def charge(right: Right, self: Any, name: str, limit: RateLimit) -> Charge:
        return right(self, name, first.setdefault(name, limit))


@fault(caught_by="each_request_is_charged_once")
def verdicts_tell_the_limit_of_the_judged(patch: Patch) -> None:
    """RateLimit of a verdict is that of the key that was judged, not of the one that asked."""
    judged: list[RateLimit] = []

    @patch(Gatekeeper, "_charge")
    def charge(right: Right, self: Any, credential: Credential) -> None:
        right(self, credential)
        judged[:] = [credential.rate_limit]

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if not judged or not request.path.endswith("/verify"):
            return reply
        policy = f'"key";q={judged[0].requests};w={judged[0].window_seconds}'
        return with_header(reply, "ratelimit-policy", policy)


@fault(caught_by="each_request_is_charged_once")
def refused_media_types_tell_no_limit(patch: Patch) -> None:
    """A request that is charged, and refused for its media type, is not told what is left."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        return with_header(reply, "ratelimit", None) if reply.status == 415 else reply
