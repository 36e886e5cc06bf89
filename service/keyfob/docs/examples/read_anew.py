import os
from collections.abc import Generator
from pathlib import Path

import httpx

SECRET = Path(os.environ["KEYFOB_KEY_FILE"])  # which your secret manager keeps up to date


class KeyFromFile(httpx.Auth):
    """Sends the key that the file holds; after a rotation reads it anew, and tries once more."""

    def __init__(self) -> None:
        self.key = SECRET.read_text().strip()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-API-Key"] = self.key
        reply = yield request
        if reply.status_code == 401:
            self.key = SECRET.read_text().strip()
            request.headers["X-API-Key"] = self.key
            yield request


api = httpx.Client(base_url="http://127.0.0.1:8080/v1", auth=KeyFromFile(), timeout=10)
for _ in range(2):
    me = api.get("/api-keys/current").raise_for_status().json()
    print("version", me["secretVersion"])
    input("Rotate the key, write its new value to the file, and press Enter: ")
