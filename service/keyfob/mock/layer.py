"""What stands in front of the service's gate."""

from starlette.types import ASGIApp, Receive, Scope, Send

from keyfob.mock.backstage import Backstage
from keyfob.mock.played import PlayedApi


class MockLayer:
    """Tells what is asked of the mock itself from what is asked of the API that it plays."""

    def __init__(self, service: ASGIApp, api: PlayedApi, backstage: Backstage) -> None:
        self._service = service
        self._api = api
        self._backstage = backstage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; anything but HTTP (the lifespan) to the service at once."""
        if scope["type"] != "http":
            await self._service(scope, receive, send)
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
