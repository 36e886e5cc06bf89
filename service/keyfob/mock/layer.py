"""What stands in front of the service's gate."""

import random

from starlette.types import ASGIApp, Receive, Scope, Send

from keyfob.domain.identifiers import new_id
from keyfob.errors import ValidationFailed
from keyfob.gate.answer import answer_of
from keyfob.gate.asgi import messages_of
from keyfob.gate.envelope import refuse
from keyfob.gate.judge import Case
from keyfob.mock.backstage import Backstage
from keyfob.mock.bounds import Bounds
from keyfob.mock.played import PlayedApi
from keyfob.mock.request import bare_request


class MockLayer:
    """Tells what is asked of the mock itself from what is asked of the API that it plays.

    What a page of another site asks for is neither: it is refused, and leaves no trace in a grade.
    """

    def __init__(
        self, service: ASGIApp, api: PlayedApi, backstage: Backstage, bounds: Bounds
    ) -> None:
        self._service = service
        self._api = api
        self._backstage = backstage
        self._bounds = bounds
        self._rng = random.Random()  # noqa: S311  no secret is made of it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; anything but HTTP (the lifespan) to the service at once."""
        if scope["type"] != "http":
            await self._service(scope, receive, send)
            return
        request = bare_request(scope, new_id("req", self._rng))
        problem = self._bounds.problem(request)
        if problem is not None:
            answer = answer_of(refuse(ValidationFailed(problem), request.id))
            for message in messages_of(Case(request), answer):
                await send(message)
        elif _is_backstage(scope):
            await self._backstage(scope, receive, send)
        else:
            await self._api(scope, receive, send)


def _is_backstage(scope: Scope) -> bool:
    path: bytes = scope["raw_path"]
    return path == b"/_mock" or path.startswith(b"/_mock/") or (path == b"/" and _reads_html(scope))


def _reads_html(scope: Scope) -> bool:
    """Say whether this is a browser or curl; to who asks as of the API, / is as in the service."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted or b"*/*" in accepted
