import os

import httpx

api = httpx.Client(
    base_url="http://127.0.0.1:8080/v1",
    headers={"X-API-Key": os.environ["KEYFOB_KEY"]},
    timeout=10,
)
me = api.get("/api-keys/current").raise_for_status().json()
print(me["name"], me["scopes"], me["siteIds"])
