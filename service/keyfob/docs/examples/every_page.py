import os

import httpx

api = httpx.Client(
    base_url="http://127.0.0.1:8080/v1",
    headers={"X-API-Key": os.environ["KEYFOB_KEY"]},
    timeout=10,
)
query: dict[str, str | int] = {"limit": 100}
count = 0
while True:
    page = api.get("/visitors", params=query).raise_for_status().json()
    count += len(page["data"])
    if page["nextCursor"] is None:
        break
    query["cursor"] = page["nextCursor"]
print(count, "visitors")
