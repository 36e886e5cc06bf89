"""Margin notes: a small API with tokens of its own, which has nothing in common with Keyfob."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
SPEC: dict[str, Any] = yaml.safe_load((FOLDER / "openapi.yaml").read_bytes())
NUMBER = re.compile(r"[1-9][0-9]{0,9}")
MOST_NOTES = 1_000_000

Json = Any
Handler = Callable[[Request], Response]


class Problem(Exception):
    """Something that could not be done."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


@dataclass
class Token:
    token_id: str
    label: str
    secret: str
    is_enabled: bool = True
    replaced: set[str] = field(default_factory=set[str])

    @property
    def shown(self) -> dict[str, Json]:
        state = "enabled" if self.is_enabled else "disabled"
        return {"tokenId": self.token_id, "label": self.label, "state": state}

    @property
    def issued(self) -> dict[str, Json]:
        return {**self.shown, "secret": self.secret}


class MarginNotes:
    """The API, over a store in memory.

    Attributes:
        caught_by: the check that notices what is wrong with it.
        is_generated: whether it takes input that is made up to notice.
    """

    caught_by = ""
    is_generated = False

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.notes: dict[int, dict[str, Json]] = {}
        self.first = self.mint("the first token")
        routes: Mapping[str, Mapping[str, Handler]] = {
            "/ping": {"GET": self.ping},
            "/me": {"GET": self.who_am_i},
            "/tokens": {"GET": self.list_tokens, "POST": self.mint_token},
            "/tokens/{tokenId}": {"GET": self.get_token, "DELETE": self.delete_token},
            "/tokens/{tokenId}/renew": {"POST": self.renew_token},
            "/tokens/{tokenId}/disable": {"POST": self.disable_token},
            "/notes": {"GET": self.list_notes, "POST": self.write_note},
            "/notes/{noteId}": {
                "GET": self.read_note,
                "PUT": self.rewrite_note,
                "DELETE": self.erase_note,
            },
        }
        self.app = Starlette(
            routes=[
                Route(path, self.endpoint(methods), methods=list(methods))
                for path, methods in routes.items()
            ],
            exception_handlers={HTTPException: self.on_http_exception},
        )

    # --- around every request ----------------------------------------------------------------

    def endpoint(self, methods: Mapping[str, Handler]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            request.state.body = await request.body()
            request.state.trace_id = self.new_trace_id()
            handler = methods["GET" if request.method == "HEAD" else request.method]
            try:
                if request.url.path != "/ping":
                    request.state.token = self.authenticate(request)
                response = handler(request)
            except Problem as problem:
                response = self.problem(request.state.trace_id, problem)
            response.headers["Trace-Id"] = request.state.trace_id
            return self.without_body(response) if request.method == "HEAD" else response

        return answer

    def authenticate(self, request: Request) -> Token:
        secret = self.credential(request)
        if secret is None:
            raise Problem(401, "token_missing", "Send your token as X-Token.")
        token = self.token_of(secret)
        if token is None:
            raise Problem(401, "token_unknown", "There is no such token.")
        self.demand_alive(token, secret)
        return token

    def credential(self, request: Request) -> str | None:
        return request.headers.get("x-token")

    def token_of(self, secret: str) -> Token | None:
        known = (t for t in self.tokens.values() if secret in {t.secret, *t.replaced})
        return next(known, None)

    def demand_alive(self, token: Token, secret: str) -> None:
        if secret in token.replaced:
            raise Problem(401, "token_renewed", "The token was renewed.")
        if not token.is_enabled:
            raise Problem(401, "token_disabled", "The token was disabled.")

    def new_trace_id(self) -> str:
        return secrets.token_hex(8)

    def problem(self, trace_id: str, problem: Problem, **headers: str) -> Response:
        return JSONResponse(
            {"code": problem.code, "detail": problem.detail, "traceId": trace_id},
            problem.status,
            {"Trace-Id": trace_id, **headers},
            "application/problem+json",
        )

    def without_body(self, response: Response) -> Response:
        return Response(status_code=response.status_code, headers=dict(response.headers))

    def on_http_exception(self, request: Request, error: Exception) -> Response:
        is_405 = isinstance(error, HTTPException) and error.status_code == 405
        problem = (
            Problem(405, "not_allowed", "This path has other methods.")
            if is_405
            else Problem(404, "not_found", "There is nothing here.")
        )
        headers = dict(getattr(error, "headers", None) or {})
        response = self.problem(self.new_trace_id(), problem, **headers)
        return self.without_body(response) if request.method == "HEAD" else response

    # --- input -------------------------------------------------------------------------------

    def body(self, request: Request, schema: Json) -> Json:
        try:
            body = json.loads(request.state.body.decode())
            json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
            is_valid = jsonschema_rs.Draft202012Validator(schema).is_valid(body)
        except (ValueError, RecursionError) as error:
            raise Problem(422, "invalid", "The body is no JSON.") from error
        if not is_valid:
            raise Problem(422, "invalid", "The body is not what it should be.")
        return body

    def text(self, request: Request, name: str, longest: int) -> str | None:
        value = request.query_params.get(name)
        if value is not None and not 1 <= len(value) <= longest:
            raise Problem(422, "invalid", f"{name} is too long or too short.")
        return value

    def limit(self, request: Request) -> int:
        value = request.query_params.get("limit", "100")
        if not NUMBER.fullmatch(value) or int(value) > 100:
            raise Problem(422, "invalid", "limit is a number from 1 to 100.")
        return int(value)

    def token(self, request: Request) -> Token:
        token_id = request.path_params["tokenId"]
        if len(token_id) > 40:
            raise Problem(422, "invalid", "No token has such an id.")
        if token_id not in self.tokens:
            raise Problem(404, "not_found", "There is no such token.")
        return self.tokens[token_id]

    def note_id(self, request: Request) -> int:
        note_id = request.path_params["noteId"]
        if not NUMBER.fullmatch(note_id) or int(note_id) > MOST_NOTES:
            raise Problem(422, "invalid", "No note has such a number.")
        if int(note_id) not in self.notes:
            raise Problem(404, "not_found", "There is no such note.")
        return int(note_id)

    # --- operations --------------------------------------------------------------------------

    def ping(self, _request: Request) -> Response:
        return JSONResponse({"up": True})

    def who_am_i(self, request: Request) -> Response:
        return JSONResponse(request.state.token.shown)

    def list_tokens(self, request: Request) -> Response:
        latest = list(self.tokens.values())[: -self.limit(request) - 1 : -1]
        return JSONResponse({"items": [token.shown for token in latest]})

    def mint(self, label: str) -> Token:
        token = Token(f"tok-{secrets.token_hex(6)}", label, f"mn-{secrets.token_hex(16)}")
        self.tokens[token.token_id] = token
        return token

    def mint_token(self, request: Request) -> Response:
        schema = SPEC["paths"]["/tokens"]["post"]["requestBody"]["content"]["application/json"]
        return JSONResponse(self.mint(self.body(request, schema["schema"])["label"]).issued, 201)

    def get_token(self, request: Request) -> Response:
        return JSONResponse(self.token(request).shown)

    def delete_token(self, request: Request) -> Response:
        del self.tokens[self.token(request).token_id]
        return Response(status_code=204)

    def renew_token(self, request: Request) -> Response:
        token = self.token(request)
        if not token.is_enabled:
            raise Problem(409, "is_disabled", "A disabled token cannot be renewed.")
        token.replaced.add(token.secret)
        token.secret = f"mn-{secrets.token_hex(16)}"
        return JSONResponse(token.issued)

    def disable_token(self, request: Request) -> Response:
        token = self.token(request)
        token.is_enabled = False
        return JSONResponse(token.shown)

    def list_notes(self, request: Request) -> Response:
        limit, tag = self.limit(request), self.text(request, "tag", 20)
        after = self.text(request, "after", 100)
        if after is not None and not NUMBER.fullmatch(after):
            raise Problem(422, "invalid", "after is the `next` of a page.")
        found = [
            note
            for note_id, note in sorted(self.notes.items(), reverse=True)
            if (after is None or note_id < int(after)) and (tag is None or tag in note["tags"])
        ]
        page = found[:limit]
        next_page = str(page[-1]["noteId"]) if len(found) > limit else None
        return JSONResponse({"items": page, "next": next_page})

    def write_note(self, request: Request) -> Response:
        body = self.body(request, self.note_schema)
        note_id = max(self.notes, default=0) + 1
        self.notes[note_id] = {"noteId": note_id, "tags": [], **body}
        return JSONResponse(self.notes[note_id], 201)

    @property
    def note_schema(self) -> Json:
        return SPEC["components"]["requestBodies"]["Note"]["content"]["application/json"]["schema"]

    def read_note(self, request: Request) -> Response:
        return JSONResponse(self.notes[self.note_id(request)])

    def rewrite_note(self, request: Request) -> Response:
        # The body first: what is invalid is told before it is told whether there is such a note.
        body = self.body(request, self.note_schema)
        note_id = self.note_id(request)
        self.notes[note_id] = {"noteId": note_id, "tags": [], **body}
        return JSONResponse(self.notes[note_id])

    def erase_note(self, request: Request) -> Response:
        del self.notes[self.note_id(request)]
        return Response(status_code=204)
