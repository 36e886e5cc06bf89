"""The one credential of a request, taken from its headers."""

from keyfob.errors import ApiKeyInvalid, ApiKeyMissing
from keyfob.gate.request import Request


def credential_of(request: Request) -> str:
    """Answer the value that was sent, proven or not.

    Raises:
        ApiKeyMissing: there is none. (Nobody looks into the query: URLs end up in logs.)
        ApiKeyInvalid: there are two, or it comes in a scheme other than Bearer (RFC 6750).
    """
    authorizations = request.header_values(b"authorization")
    api_keys = request.header_values(b"x-api-key")
    match authorizations, api_keys:
        case [], []:
            raise ApiKeyMissing
        case [], [api_key]:
            return api_key
        case [authorization], []:
            scheme, _, value = authorization.partition(" ")
            if scheme.lower() == "bearer":
                return value.lstrip(" ")
            raise ApiKeyInvalid
        case _:
            raise ApiKeyInvalid
