"""Margin notes, each broken in one place, and the check that has to notice."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from other_api.app import MarginNotes, Problem, Token

GENERATED = "generated_requests_are_answered_by_the_contract"


class RenewedTokenAccepted(MarginNotes):
    caught_by = "rotated_value_is_refused"

    def demand_alive(self, token: Token, secret: str) -> None:
        super().demand_alive(token, token.secret if secret in token.replaced else secret)


class DisabledTokenAccepted(MarginNotes):
    caught_by = "revoked_key_is_refused"

    def demand_alive(self, token: Token, secret: str) -> None:
        if token.is_enabled:
            super().demand_alive(token, secret)


class DisabledTokenMayErase(MarginNotes):
    caught_by = "revoked_key_is_refused"

    def authenticate(self, request: Request) -> Token:
        token = self.token_of(request.headers.get("x-token", ""))
        if request.method == "DELETE" and token is not None and not token.is_enabled:
            return token
        return super().authenticate(request)


class DeletedTokenAccepted(MarginNotes):
    caught_by = "deleted_key_is_refused"

    def delete_token(self, request: Request) -> Response:
        token = self.token(request)
        response = super().delete_token(request)
        self.graves[token.secret] = token
        return response

    def token_of(self, secret: str) -> Token | None:
        return super().token_of(secret) or self.graves.get(secret)

    def __init__(self) -> None:
        self.graves: dict[str, Token] = {}
        super().__init__()


class TokenInUrlAccepted(MarginNotes):
    caught_by = "key_in_the_url_is_refused"

    def credential(self, request: Request) -> str | None:
        return super().credential(request) or request.query_params.get("key")


class DisabledTokenCalledUnknown(MarginNotes):
    caught_by = "revoked_key_is_refused"

    def demand_alive(self, token: Token, secret: str) -> None:
        if not token.is_enabled:
            raise Problem(401, "token_unknown", "There is no such token.")
        super().demand_alive(token, secret)


class RefusedAndYetDone(MarginNotes):
    caught_by = "revoked_key_is_refused"

    def demand_alive(self, token: Token, secret: str) -> None:
        if not token.is_enabled and self.notes:
            self.notes.popitem()
        super().demand_alive(token, secret)


class UndocumentedStatus(MarginNotes):
    caught_by = "status_is_documented"

    def rewrite_note(self, request: Request) -> Response:
        response = super().rewrite_note(request)
        response.status_code = 202
        return response


class EnvelopeWithoutCode(MarginNotes):
    caught_by = "errors_wear_the_envelope"

    def problem(self, trace_id: str, problem: Problem, **headers: str) -> Response:
        response = super().problem(trace_id, problem, **headers)
        if problem.status == 405:
            body: dict[str, Any] = {"detail": problem.detail, "traceId": trace_id}
            response = JSONResponse(body, 405, headers, "application/problem+json")
            response.headers["Trace-Id"] = trace_id
        return response


class WrongMediaType(MarginNotes):
    caught_by = "errors_wear_the_envelope"

    def problem(self, trace_id: str, problem: Problem, **headers: str) -> Response:
        response = super().problem(trace_id, problem, **headers)
        if problem.status == 404:
            response.headers["Content-Type"] = "application/json"
        return response


class TraceIdRepeated(MarginNotes):
    caught_by = "request_ids_are_unique"

    def __init__(self) -> None:
        self.number = 0
        super().__init__()

    def new_trace_id(self) -> str:
        self.number += 1
        return f"{self.number % 100:016x}"


class TraceIdOfAnother(MarginNotes):
    caught_by = "request_id_is_the_header"

    def problem(self, trace_id: str, problem: Problem, **headers: str) -> Response:
        response = super().problem(self.new_trace_id(), problem, **headers)
        response.headers["Trace-Id"] = trace_id
        return response


class NoAllow(MarginNotes):
    caught_by = "allow_names_the_methods"

    def problem(self, trace_id: str, problem: Problem, **_headers: str) -> Response:
        return super().problem(trace_id, problem)


class SecretInTheList(MarginNotes):
    caught_by = "values_stay_secret"

    def list_tokens(self, request: Request) -> Response:
        latest = list(self.tokens.values())[: -self.limit(request) - 1 : -1]
        return JSONResponse({"items": [{**t.shown, "label": t.secret} for t in latest]})


class NoteWithoutTags(MarginNotes):
    caught_by = "body_is_as_documented"

    def read_note(self, request: Request) -> Response:
        note = self.notes[self.note_id(request)]
        return JSONResponse({name: value for name, value in note.items() if name != "tags"})


class LimitWithoutBound(MarginNotes):
    caught_by = "bad_parameters_are_refused"

    def limit(self, request: Request) -> int:
        limit = request.query_params.get("limit", "100")
        return super().limit(request) if len(limit) < 3 else 100


class CrashAtOddTexts(MarginNotes):
    caught_by = "never_a_fault_of_the_server"
    is_generated = True

    def write_note(self, request: Request) -> Response:
        if not self.body(request, self.note_schema)["text"].isascii():
            raise Problem(500, "invalid", "It crashed.")
        return super().write_note(request)


class LinkToAnotherNote(MarginNotes):
    caught_by = GENERATED
    is_generated = True

    def write_note(self, request: Request) -> Response:
        super().write_note(request)
        note = self.notes[max(self.notes)]
        return JSONResponse({**note, "noteId": note["noteId"] + 1}, 201)


class NextPageRefused(MarginNotes):
    caught_by = GENERATED
    is_generated = True

    def list_notes(self, request: Request) -> Response:
        if "after" in request.query_params:
            raise Problem(422, "invalid", "after is the `next` of a page.")
        return super().list_notes(request)


FAULTS: tuple[type[MarginNotes], ...] = tuple(MarginNotes.__subclasses__())
