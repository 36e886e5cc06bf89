import os
import random
import time
from typing import Any

import httpx

api = httpx.Client(
    base_url="http://127.0.0.1:8080/v1",
    headers={"X-API-Key": os.environ["KEYFOB_KEY"]},
    timeout=10,
)


def call(method: str, path: str, attempts: int = 5, **request: Any) -> httpx.Response:
    """Send a request; after 429, 5xx or a lost reply wait, longer each time, and try again.

    A POST that creates something needs an Idempotency-Key, or a second attempt makes a second one.
    """
    for attempt in range(1, attempts + 1):
        pause = random.uniform(0.5, 1) * 2**attempt
        try:
            reply = api.request(method, path, **request)
        except httpx.TransportError:
            if attempt == attempts:
                raise
        else:
            may_pass = reply.status_code == 429 or reply.status_code >= 500
            if not may_pass or attempt == attempts:
                return reply
            if "Retry-After" in reply.headers:  # honest: that long is enough, less is not
                pause = int(reply.headers["Retry-After"]) + random.uniform(0, 0.2)
        time.sleep(pause)
    raise ValueError("attempts must be at least 1")


for _ in range(3):
    reply = call("GET", "/visitors", params={"limit": 100})
    print(reply.status_code, reply.headers["RateLimit"])
