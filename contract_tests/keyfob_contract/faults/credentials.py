"""Faults in which credentials are looked at."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from keyfob import handlers
from keyfob.domain import api_keys, authentication
from keyfob.domain.authentication import Authentication
from keyfob.domain.secret_value import is_well_formed
from keyfob.errors import ApiKeyInvalid, ApiKeyMissing
from keyfob.gate import judge
from keyfob.gate.credential import credential_of
from keyfob.gate.judge import Case, Judge
from keyfob.gate.request import Request
from keyfob.model import Actor, ActorType
from keyfob.store.api_keys import Credential
from keyfob_contract.faults.fault import Patch, Right, fault

BEFORE_THE_MIDDLE = 18


@fault(caught_by="no_key_is_refused")
def nobody_is_taken_for_the_last_caller(patch: Patch) -> None:
    """A request without a key is answered as if the caller before had sent it."""
    last: list[str] = []

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        try:
            last[:] = [right(request)]
        except ApiKeyMissing:
            if not last:
                raise
        return last[0]


@fault(caught_by="no_key_is_refused")
def a_missing_key_is_called_invalid(patch: Patch) -> None:
    """A request without a key is told that its key is invalid."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        try:
            return right(request)
        except ApiKeyMissing:
            raise ApiKeyInvalid from None


@fault(caught_by="no_key_is_refused")
def input_is_judged_before_the_key(patch: Patch) -> None:
    """A bad request is 400 to whoever has no key."""

    @patch(Judge, "_answer")
    def answer(right: Right, self: Any, case: Case) -> Any:
        case.admitted.arguments(case.request, case.path_values)
        return right(self, case)


@fault(caught_by="malformed_key_is_refused")
def the_user_of_basic_is_a_key(patch: Patch) -> None:
    """A key is taken for the user of HTTP's Basic scheme, as some other APIs do."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        scheme, _, sent = "".join(request.header_values(b"authorization")).partition(" ")
        if scheme == "Basic":
            return b64decode(sent + "==").decode("latin-1").partition(":")[0]
        return right(request)


@fault(caught_by="two_credentials_are_refused")
def other_schemes_are_overlooked(patch: Patch) -> None:
    """Beside X-API-Key whatever is in Authorization is overlooked, but a second key."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        keys = request.header_values(b"x-api-key")
        others = request.header_values(b"authorization")
        return keys[0] if keys and others and others[0].startswith("Basic") else right(request)


@fault(caught_by="revoked_key_is_refused")
def revoked_keys_work_in_the_other_header(patch: Patch) -> None:
    """A revoked key is accepted if it comes as X-API-Key."""
    _alive_if(patch, lambda request: bool(request.header_values(b"x-api-key")))


@fault(caught_by="head_answers_as_get")
def revoked_keys_may_look_at_heads(patch: Patch) -> None:
    """A revoked key is accepted for HEAD."""
    _alive_if(patch, lambda request: request.method == "HEAD")


@fault(caught_by="malformed_key_is_refused")
def null_opens_every_door(patch: Patch) -> None:
    """A client that sends "null" for the key that it has lost is taken for the last caller."""
    known: list[str] = []

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        value = right(request)
        if value == "null" and known:
            return known[0]
        known[:] = [value] if is_well_formed(value) else known
        return value


@fault(caught_by="malformed_key_is_refused")
def any_scheme_will_do(patch: Patch) -> None:
    """A key is accepted in whatever scheme the Authorization header names."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        try:
            return right(request)
        except ApiKeyInvalid:
            authorizations = request.header_values(b"authorization")
            if len(authorizations) != 1 or request.header_values(b"x-api-key"):
                raise
            return authorizations[0].partition(" ")[2]


@fault(caught_by="mistyped_key_is_refused")
def half_a_value_is_enough(patch: Patch) -> None:
    """Only the first half of a value is compared, and its checksum is not looked at."""
    _compare_the_first_half(patch)


@fault(caught_by="mistyped_key_is_refused")
def the_state_is_told_before_the_secret_is_checked(patch: Patch) -> None:
    """Whoever knows the first half of a value learns whether its key is revoked."""
    _compare_the_first_half(patch)

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        actor = right(self, case)
        if not is_well_formed(credential_of(case.request)):
            raise ApiKeyInvalid
        return actor


@fault(caught_by="unknown_key_is_refused")
def a_good_checksum_is_enough(patch: Patch) -> None:
    """A well-formed value that nobody holds is taken for the one that was looked up last."""
    last: list[Credential] = []

    @patch(Authentication, "identify")
    def identify(right: Right, self: Any, value: str) -> Credential | None:
        found = right(self, value)
        last[:] = [found] if found else last
        return found or (last[0] if last else None)


@fault(caught_by="key_in_the_url_is_refused")
def keys_are_taken_from_the_url(patch: Patch) -> None:
    """A key in the query string is accepted, and ends up in access logs."""

    @patch(Judge, "_answer")
    def answer(right: Right, self: Any, case: Case) -> Any:
        found = parse_qs(case.request.query.decode("latin-1")).get("api_key")
        if found:
            header = (b"x-api-key", found[0].encode())
            case.request = replace(case.request, query=b"", headers=[*case.request.headers, header])
        return right(self, case)


@fault(caught_by="two_credentials_are_refused")
def the_first_of_two_credentials_counts(patch: Patch) -> None:
    """Of two credentials in one request the first is taken, and the other goes unnoticed."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        sent = (b"authorization", b"x-api-key")
        first = next((each for each in request.headers if each[0] in sent), None)
        return right(replace(request, headers=[first] if first else []))


@fault(caught_by="each_header_carries_a_key")
def current_is_somebody_else(patch: Patch) -> None:
    """getCurrentApiKey answers the key that made the one that is calling."""

    @patch(handlers, "get_current_api_key")
    def get_current_api_key(right: Right, keyfob: Any, actor: Actor) -> Any:
        maker = keyfob.api_keys.get(actor, actor.ref.id).created_by
        is_key = maker.type is ActorType.API_KEY
        return right(keyfob, replace(actor, ref=maker) if is_key else actor)


@fault(caught_by="each_header_carries_a_key")
def x_api_key_is_not_read(patch: Patch) -> None:
    """A key in X-API-Key is not seen."""

    @patch(judge, "credential_of")
    def credential_of(right: Right, request: Request) -> str:
        others = [each for each in request.headers if each[0] != b"x-api-key"]
        return right(replace(request, headers=others))


def _compare_the_first_half(patch: Patch) -> None:
    def digest(right: Right, value: str, pepper: bytes) -> bytes:
        return right(value[:BEFORE_THE_MIDDLE], pepper)

    patch(authentication, "digest")(digest)
    patch(api_keys, "digest")(digest)
    patch.put(authentication, "is_well_formed", lambda _value: True)


def _alive_if(patch: Patch, is_it: Callable[[Request], bool]) -> None:
    """Take revoked keys for live ones in some requests."""
    asked: list[Request] = []

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        asked[:] = [case.request]
        return right(self, case)

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        if not is_it(asked[0]):
            right(self, credential)
