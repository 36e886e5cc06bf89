import os

import httpx

api = httpx.Client(
    base_url="http://127.0.0.1:8080/v1",
    headers={"X-API-Key": os.environ["KEYFOB_KEY"]},
    timeout=10,
)
reply = api.get("/visitors", params={"limit": 1000, "colour": "blue"})
if reply.is_error:
    error = reply.json()["error"]
    match error["code"]:
        case "VALIDATION_FAILED":
            for field in error["details"]["fields"]:
                print(field["pointer"], field["message"])
        case "API_KEY_REVOKED" | "API_KEY_EXPIRED":
            print("Ask an administrator:", error["message"])
        case _:
            print(error["message"], "Tell support:", error["requestId"])
