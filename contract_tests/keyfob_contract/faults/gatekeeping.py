"""Faults in what gateways and sibling services are told."""

from dataclasses import replace
from typing import Any

from keyfob import handlers
from keyfob.domain.gatekeeper import Gatekeeper, Verdict
from keyfob.errors import ApiKeyInvalid, KeyfobError, Problem, ScopeInsufficient, ValidationFailed
from keyfob.gate.judge import Case, Judge
from keyfob.model import ALL_SCOPES, EVERY_SITE, Actor, scope_words
from keyfob.store.api_keys import Credential
from keyfob_contract.faults.bending import with_header, with_members
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.wire.message import Reply, Request

AUTHORIZE = "/v1/authorize"
CACHED_MS = 10_000


@fault(caught_by="authorize_answers_for_the_key")
def authorize_names_the_wrong_organization(patch: Patch) -> None:
    """authorize tells the service behind it the id of the key for that of the organisation."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.path != AUTHORIZE or reply.status != 200 or not reply.body:
            return reply
        wrong = (reply.header("x-keyfob-key-id") or "").replace("key_", "org_")
        return with_header(reply, "x-keyfob-organization-id", wrong)


@fault(caught_by="authorize_answers_for_the_key")
def authorize_tells_every_scope(patch: Patch) -> None:
    """authorize tells the service behind it that the key may do everything."""

    @patch.replies
    def bend(request: Request, reply: Reply) -> Reply:
        if request.path != AUTHORIZE or reply.status != 200 or not reply.body:
            return reply
        words = scope_words(ALL_SCOPES)
        return with_header(with_members(reply, scopes=words), "x-keyfob-scopes", " ".join(words))


@fault(caught_by="authorize_tells_gateways_its_error")
def gateways_are_not_told_of_limits(patch: Patch) -> None:
    """The header that tells gateways the error is missing from 429."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        return with_header(reply, "x-keyfob-error", None) if reply.status == 429 else reply


@fault(caught_by="authorize_asks_about_scope_and_site")
def authorize_does_not_ask_about_the_scope(patch: Patch) -> None:
    """authorize says yes to a scope that the key lacks."""

    @patch(Gatekeeper, "authorize")
    def authorize(right: Right, self: Any, actor: Actor, _scope: Any, site_id: str | None) -> None:
        right(self, actor, None, site_id)


@fault(caught_by="authorize_asks_about_scope_and_site")
def authorize_does_not_ask_about_the_site(patch: Patch) -> None:
    """authorize says yes to a site that the key does not cover."""

    @patch(Gatekeeper, "authorize")
    def authorize(right: Right, self: Any, actor: Actor, scope: Any, _site_id: str | None) -> None:
        right(self, actor, scope, None)


@fault(caught_by="authorize_asks_about_scope_and_site")
def authorize_asks_about_one_thing_at_a_time(patch: Patch) -> None:
    """authorize that is asked about a scope does not look at the site."""

    @patch(Gatekeeper, "authorize")
    def authorize(right: Right, self: Any, actor: Actor, scope: Any, site_id: str | None) -> None:
        right(self, actor, scope, None if scope is not None else site_id)


@fault(caught_by="unknown_sites_cannot_be_named")
def a_key_for_every_site_covers_what_is_none(patch: Patch) -> None:
    """authorize says yes to a site that does not exist, if the key covers every site."""

    @patch(Gatekeeper, "authorize")
    def authorize(right: Right, self: Any, actor: Actor, scope: Any, site_id: str | None) -> None:
        right(self, actor, scope, None if actor.sites.every else site_id)


@fault(caught_by="changed_keys_are_judged_anew_at_once")
def authorize_remembers_keys(patch: Patch) -> None:
    """authorize remembers for ten seconds that a key was good, whatever became of it."""
    good: dict[tuple[str, int], tuple[int, Actor]] = {}

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        now = self._keyfob.clock()
        try:
            actor = right(self, case)
        except KeyfobError:
            credential: Any = case.credential
            known = credential and good.get((credential.key_id, credential.secret_version))
            if not known or case.admitted.id != "authorize" or now - known[0] > CACHED_MS:
                raise
            return known[1]
        credential = case.credential
        good[credential.key_id, credential.secret_version] = (now, actor)
        return actor


@fault(caught_by="verify_tells_what_a_value_is_worth")
def revoked_keys_verify(patch: Patch) -> None:
    """verifyApiKey says that a revoked key is good."""
    _verify_as_if(patch, revoked=False)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def expired_keys_verify(patch: Patch) -> None:
    """verifyApiKey says that an expired key is good."""
    _verify_as_if(patch, expires_at=None)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verdicts_give_no_reason(patch: Patch) -> None:
    """verifyApiKey calls every dead value invalid."""

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, *asked: Any) -> Verdict:
        verdict = right(self, *asked)
        return verdict if verdict.refusal is None else Verdict(None, ApiKeyInvalid())


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verdicts_are_remembered(patch: Patch) -> None:
    """verifyApiKey remembers for ten seconds that a value was good, whatever became of its key."""
    good: dict[str, tuple[int, Verdict]] = {}

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, asker: Actor, value: str, *asked: Any) -> Verdict:
        now = self._authentication._clock()
        at, verdict = good.get(value, (0, None))
        if verdict is None or now - at > CACHED_MS:
            verdict = right(self, asker, value, *asked)
            if verdict.refusal is None:
                good[value] = (now, verdict)
        return verdict


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verdicts_tell_every_scope(patch: Patch) -> None:
    """verifyApiKey tells of every key it knows that it may do everything."""

    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        is_verdict = b'"valid"' in reply.body and "scopes" in reply.json
        return with_members(reply, scopes=scope_words(ALL_SCOPES)) if is_verdict else reply


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verify_takes_values_with_blanks(patch: Patch) -> None:
    """verifyApiKey says that a value is good of which only a part is."""

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, asker: Actor, value: str, *asked: Any) -> Verdict:
        return right(self, asker, value.strip(), *asked)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def odd_values_are_bad_requests(patch: Patch) -> None:
    """verifyApiKey answers 400 to a value that cannot be one."""

    @patch(handlers, "verify_api_key")
    def verify_api_key(right: Right, **wanted: Any) -> Any:
        if "_" not in wanted["body"]["key"]:
            raise ValidationFailed(Problem("/key", "is no key"))
        return right(**wanted)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verified_keys_know_no_limit(patch: Patch) -> None:
    """verifyApiKey counts the uses of the key that it judges, and never says that it is enough."""

    @patch(Gatekeeper, "_charge")
    def charge(right: Right, self: Any, credential: Credential) -> None:
        try:
            right(self, credential)
        except KeyfobError:
            return


@fault(caught_by="verify_asks_about_scope_and_site")
def verify_does_not_ask_about_the_scope(patch: Patch) -> None:
    """verifyApiKey says yes to a scope that the key lacks."""

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, *asked: Any) -> Verdict:
        verdict = right(self, *asked)
        is_it = isinstance(verdict.refusal, ScopeInsufficient)
        return replace(verdict, refusal=None) if is_it else verdict


@fault(caught_by="verify_asks_about_scope_and_site")
def verify_does_not_ask_about_the_site(patch: Patch) -> None:
    """verifyApiKey says yes to a site that the key does not cover."""

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, *asked: Any) -> Verdict:
        *others, _site_id = asked
        return right(self, *others, None)


@fault(caught_by="verify_asks_about_scope_and_site")
def verify_judges_keys_of_other_sites(patch: Patch) -> None:
    """verifyApiKey tells an asker that is limited to a site about keys of other sites."""

    @patch(Gatekeeper, "_known_to")
    def known_to(right: Right, self: Any, asker: Actor, value: str) -> Credential | None:
        return right(self, replace(asker, sites=EVERY_SITE), value)


@fault(caught_by="verify_asks_about_scope_and_site")
def verify_tells_of_dead_keys_of_other_sites(patch: Patch) -> None:
    """verifyApiKey tells an asker that is limited to a site that keys of other sites are dead."""

    @patch(Gatekeeper, "_known_to")
    def known_to(right: Right, self: Any, asker: Actor, value: str) -> Credential | None:
        found = right(self, replace(asker, sites=EVERY_SITE), value)
        is_dead = found and (found.revoked or found.secret_version < found.current_secret_version)
        return found if is_dead else right(self, asker, value)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verdicts_tell_no_sites(patch: Patch) -> None:
    """The verdict on a key of one site says that it is for every site."""
    _verdict_with(patch, siteIds=["*"])


@fault(caught_by="verify_tells_what_a_value_is_worth")
def verdicts_tell_no_end(patch: Patch) -> None:
    """The verdict on a key that expires says that it never does."""
    _verdict_with(patch, expiresAt=None)


@fault(caught_by="verify_tells_what_a_value_is_worth")
def no_value_is_invalid_input(patch: Patch) -> None:
    """To ask about an empty value is 400, and not judged."""

    @patch(Gatekeeper, "verify")
    def verify(right: Right, self: Any, asker: Actor, value: str, *question: Any) -> Any:
        if not value:
            raise ValidationFailed(Problem("/key", "must not be empty"))
        return right(self, asker, value, *question)


def _verdict_with(patch: Patch, **members: Any) -> None:
    @patch.replies
    def bend(_request: Request, reply: Reply) -> Reply:
        is_verdict = reply.status == 200 and b'"valid":true' in reply.body.replace(b" ", b"")
        return with_members(reply, **members) if is_verdict else reply


def _verify_as_if(patch: Patch, **members: Any) -> None:
    @patch(Gatekeeper, "_known_to")
    def known_to(right: Right, self: Any, asker: Actor, value: str) -> Credential | None:
        found = right(self, asker, value)
        return None if found is None else replace(found, **members)
