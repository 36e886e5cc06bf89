"""Every refusal as the one shape of error: a table from the word that was raised to the reply."""

import json
from dataclasses import replace
from typing import Any, NamedTuple

from keyfob import errors
from keyfob.domain.secret_value import masked
from keyfob.gate import refusals
from keyfob.reply import Json, Reply

LONGEST_HEADER_BYTES = 2048  # gateways' buffers hold 4 to 8 KB, for all headers of a reply
STORE_RETRY_SECONDS = 2
CHALLENGE = 'Bearer realm="keyfob"'


class Refusal(NamedTuple):
    """How a class of error is told. The message is for people and says what to do next."""

    status: int
    message: str


REFUSALS: dict[type[errors.KeyfobError], Refusal] = {
    errors.ValidationFailed: Refusal(
        400,
        "The request breaks the contract. Correct what details.fields names and send it again.",
    ),
    refusals.MalformedJson: Refusal(
        400,
        "The body is not valid JSON in UTF-8. Check quotes, commas, duplicate members and the"
        " encoding.",
    ),
    errors.ApiKeyMissing: Refusal(
        401,
        'Send your API key as "Authorization: Bearer <key>" or as "X-API-Key: <key>".',
    ),
    errors.ApiKeyInvalid: Refusal(
        401,
        "This is not a valid API key. Check that it was copied whole, and send exactly one.",
    ),
    errors.ApiKeyExpired: Refusal(
        401,
        "This API key has expired. Ask an administrator of your organisation to extend it.",
    ),
    errors.ApiKeyRevoked: Refusal(
        401,
        "This API key has been revoked. Ask an administrator of your organisation for a new one.",
    ),
    errors.ApiKeyRotated: Refusal(
        401,
        "This value was replaced when the API key was rotated. Deploy the new value here.",
    ),
    errors.ScopeInsufficient: Refusal(
        403,
        "Your API key lacks the scope in details.required. Ask an administrator to add it, or use"
        " another key.",
    ),
    errors.ScopeEscalation: Refusal(
        403,
        "Your API key can grant only what it holds itself. Leave out what details names, or use a"
        " key that holds it.",
    ),
    errors.SiteForbidden: Refusal(
        403,
        "There is no such site, or your API key does not cover it. Correct what details.pointer"
        " names.",
    ),
    errors.NotFound: Refusal(
        404,
        "There is nothing here for your API key. Check the path and the id.",
    ),
    refusals.MethodNotAllowed: Refusal(
        405,
        "This path does not take this method. The Allow header names those that it takes.",
    ),
    errors.KeyIsActive: Refusal(
        409,
        "The API key is active. Only a revoked one can be reactivated or deleted.",
    ),
    errors.KeyIsExpired: Refusal(409, "The API key has expired. Give it a later expiresAt first."),
    errors.KeyIsRevoked: Refusal(
        409,
        "The API key is revoked. Reactivate it first, or create a new one.",
    ),
    errors.KeyIsCompromised: Refusal(
        409,
        "The API key was revoked as compromised and never comes back. Create a new one.",
    ),
    errors.KeyNotRevoked: Refusal(409, "Only a revoked API key can be deleted. Revoke it first."),
    errors.KeyQuotaReached: Refusal(
        409,
        "Your organisation has as many API keys as it may. Delete some that are revoked.",
    ),
    errors.IdempotencyConflict: Refusal(
        409,
        "This Idempotency-Key was used before. See details.reason; if the first reply was lost,"
        " rotate the key in details.keyId.",
    ),
    errors.StateConflict: Refusal(
        409,
        "The status in details.status does not permit this. Read the resource again and go on from"
        " there.",
    ),
    errors.PreconditionFailed: Refusal(
        412,
        "The resource was changed since you read it. Read it again, and repeat the change with its"
        " new ETag.",
    ),
    refusals.PayloadTooLarge: Refusal(413, "The request body is too long. Send less."),
    refusals.UnsupportedMediaType: Refusal(
        415,
        'Send the body as "Content-Type: application/json", without a content coding.',
    ),
    errors.RateLimited: Refusal(
        429,
        "Too many requests. Wait for as many seconds as Retry-After says, then go on more slowly.",
    ),
    refusals.InternalError: Refusal(
        500,
        "Something went wrong on our side. If it persists, tell us the requestId.",
    ),
    errors.Unavailable: Refusal(
        503,
        "The service cannot reach its store just now. Try again after as many seconds as"
        " Retry-After says.",
    ),
}


def refuse(error: errors.KeyfobError, request_id: str) -> Reply:
    """Turn what was raised into a reply."""
    status, message = REFUSALS[type(error)]
    envelope = {
        "code": error.code,
        "message": message,
        "details": _masked(error.details),
        "requestId": request_id,
    }
    return Reply(status, {"error": envelope}, _headers(error))


def for_gateways(refused: Reply) -> Reply:
    """Say a refusal once more in a header, for gateways (nginx) that drop its body."""
    return replace(refused, headers={**refused.headers, "X-Keyfob-Error": _in_a_header(refused)})


def _in_a_header(refused: Reply) -> str:
    """Spell a refusal in one line of ASCII, with no more of its problems than there is room for."""
    line = _line(refused.body)
    if refused.body is None or len(line) <= LONGEST_HEADER_BYTES:
        return line
    error: Json = refused.body["error"]
    fields: list[Json] = []
    room = LONGEST_HEADER_BYTES - len(_line({"error": {**error, "details": {"fields": []}}}))
    for field in error["details"].get("fields", ()):
        room -= len(_line(field)) + len(",")
        if room < 0:
            break
        fields.append(field)
    return _line({"error": {**error, "details": {"fields": fields} if fields else {}}})


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _headers(error: errors.KeyfobError) -> dict[str, str]:
    if isinstance(error, errors.ApiKeyMissing):
        return {"WWW-Authenticate": CHALLENGE}
    if isinstance(error, errors.CredentialError):
        return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}
    if isinstance(error, refusals.MethodNotAllowed):
        return {"Allow": error.allow}
    if isinstance(error, errors.RateLimited):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, errors.Unavailable):
        return {"Retry-After": str(STORE_RETRY_SECONDS)}
    return {}


def _masked(details: Any) -> Any:
    """Blot out key values in names that the client chose: one may stand in the wrong place."""
    if isinstance(details, str):
        return masked(details)
    if isinstance(details, list):
        return [_masked(item) for item in details]
    if isinstance(details, dict):
        return {name: _masked(value) for name, value in details.items()}
    return details
