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
        elif _is_backstage(scope["raw_path"]):
            await self._backstage(scope, receive, send)
        else:
            await self._api(scope, receive, send)


def _is_backstage(raw_path: bytes) -> bool:
    return raw_path in {b"/", b"/_mock"} or raw_path.startswith(b"/_mock/")
