"""Real ids, cursors, tags and values in the places of those that were made up."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from keyfob_contract.generated.cast import SHARE_OF_FITTING, Cast
from keyfob_contract.generated.hints import Hints
from keyfob_contract.generated.links import next_page_pointer
from keyfob_contract.rules.exchange import at_pointer
from keyfob_contract.rules.expectation import Fate, expect
from keyfob_contract.rules.spec import Operation
from keyfob_contract.run.kit import Kit
from keyfob_contract.wire.message import Request

_FILLER = "0"  # what Schemathesis sends for a header that a case is not about


class Substitution:
    """Puts what is real into generated requests.

    Args:
        values: of keys, alive and dead, that may be spoken of; by the text that stands for them.
    """

    def __init__(
        self, kit: Kit, cast: Cast, hints: Hints, values: Mapping[str, Sequence[str]]
    ) -> None:
        self._kit = kit
        self._cast = cast
        self._hints = hints
        self._values = values
        self._rng = random.Random(kit.effort.seed)
        self._cursors: set[str] = set()
        self._lasting = {c.maker.id for c in kit.resources.collections.values() if not c.can_delete}

    def real(self, request: Request, operation: Operation) -> Request:
        """Answer the request with what is real in it."""
        target = self._with_real_path(request, operation)
        request = replace(request, target=target, body=self._with_real_things(request.body))
        request = self._with_fitting_headers(request, operation)
        for name in self._kit.profile.strictness.opaque:
            if name in operation.query and self._hints.cursor(operation, name) is not None:
                request = self._with_real_cursor(request, operation, name)
        return self._marked(request, operation) if operation.id in self._lasting else request

    def trust(self, request: Request) -> None:
        """Learn that whatever is opaque in a request came from the implementation."""
        for name, _, value in (pair.partition("=") for pair in request.query.split("&")):
            if name in self._kit.profile.strictness.opaque:
                self._cursors.add(unquote(value))

    def made_up_a_cursor(self, request: Request) -> bool:
        """Say whether the request has an opaque parameter that the implementation did not make."""
        named = self._kit.profile.strictness.opaque
        given = [pair.partition("=") for pair in request.query.split("&")]
        return any(name in named and unquote(v) not in self._cursors for name, _, v in given)

    def _with_real_path(self, request: Request, operation: Operation) -> str:
        segments = request.path.split("/")[1:]
        if len(segments) == len(operation.template):
            for index, expected in enumerate(operation.template):
                name = expected[1:-1]
                if expected.startswith("{") and self._is_replaced(name, segments[index], operation):
                    real = self._cast.one_for(operation, name)
                    segments[index] = segments[index] if real is None else quote(real, safe="")
        query = request.query.split("&") if request.query else []
        for index, pair in enumerate(query):
            name, _, value = pair.partition("=")
            for parameter, example in self._hints.ids.items():
                if unquote(value) == example and (real := self._cast.any_of(parameter)):
                    query[index] = f"{name}={quote(real, safe='')}"
        return "/".join(["", *segments]) + ("?" + "&".join(query) if query else "")

    def _is_replaced(self, name: str, segment: str, operation: Operation) -> bool:
        rule = operation.path_values.get(name)
        examples = {self._hints.ids.get(name), rule.example if rule else None}
        if unquote(segment) in examples:
            return True
        # Whoever gives no example of it leaves nothing to tell what could be a real one.
        stranger = rule is not None and (rule.example is None or not rule.is_text)
        return stranger and self._rng.random() < SHARE_OF_FITTING

    def _with_real_things(self, body: bytes) -> bytes:
        for parameter, example in self._hints.ids.items():
            if (text := _quoted(example)) in body and (real := self._cast.any_of(parameter)):
                body = body.replace(text, _quoted(real))
        for example, values in self._values.items():
            if (text := _quoted(example)) in body and values:
                body = body.replace(text, _quoted(self._rng.choice(values)))
        return body

    def _with_fitting_headers(self, request: Request, operation: Operation) -> Request:
        """Put the tag in force and a new Idempotency-Key in the places of the examples, mostly."""
        if self._rng.random() >= SHARE_OF_FITTING:
            return request
        fitting: list[tuple[str, str]] = []
        for name, value in request.headers:
            rule = operation.headers.get(name.lower())
            is_example = rule is not None and value in {rule.example, _FILLER}
            match name.lower():
                case "if-match" if is_example:
                    fitting.append((name, self._tag_for(request) or value))
                case "idempotency-key" if is_example:
                    fitting.append((name, self._kit.token()))
                case _:
                    fitting.append((name, value))
        return replace(request, headers=tuple(fitting))

    def _tag_for(self, request: Request) -> str | None:
        tag = self._kit.live("GET", request.path).header("etag")
        return tag and self._rng.choice([tag, tag, tag, "*", f'"0", {tag}', f"W/{tag}"])

    def _with_real_cursor(self, request: Request, operation: Operation, name: str) -> Request:
        example = self._hints.cursor(operation, name)
        pairs = request.query.split("&")
        if example is None or f"{name}={quote(example, safe='')}" not in pairs:
            return request
        others = [pair for pair in pairs if pair.partition("=")[0] != name]
        cursor = self._first_cursor(request, operation, others, name)
        if cursor is None:  # perhaps nothing is left by its filters
            others = [pair for pair in others if pair.partition("=")[0] == "limit"]
            cursor = self._first_cursor(request, operation, others, name)
        if cursor is not None:
            self._cursors.add(cursor)
            others.append(f"{name}={quote(cursor, safe='')}")
        query = "?" + "&".join(others) if others else ""
        return replace(request, target=request.path + query)

    def _first_cursor(
        self, request: Request, operation: Operation, pairs: list[str], name: str
    ) -> str | None:
        pointer = next_page_pointer(operation, name)
        if pointer is None:
            return None
        short = [pair for pair in pairs if pair.partition("=")[0] != "limit"]
        short += ["limit=1"] if "limit" in operation.query else []
        query = "?" + "&".join(short) if short else ""
        exchange = self._kit.live.ask(Request("GET", request.path + query))
        cursor = at_pointer(exchange.json, pointer) if exchange.status == 200 else None
        return cursor if isinstance(cursor, str) else None

    def _marked(self, request: Request, operation: Operation) -> Request:
        """Have what will be left over bear the mark of the run, as far as its name is its own."""
        if expect(self._kit.contract, request).fate is not Fate.VALID:
            return request
        body: Any = json.loads(request.body)
        mark = f"{self._kit.mark} "
        member = self._kit.resources.naming_member(operation, body)
        if member is None or body[member].startswith(mark):
            return request
        # As long as it was, if there is room: what lies on a boundary stays there.
        body[member] = mark + (body[member][len(mark) :] or body[member])
        marked = replace(request, body=json.dumps(body).encode())
        return marked if expect(self._kit.contract, marked).fate is Fate.VALID else request


def _quoted(text: str) -> bytes:
    return json.dumps(text).encode()
