"""A request as the gate sees it: read whole, judged by nobody yet."""

from collections.abc import Sequence
from dataclasses import dataclass

HeaderLines = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        id: made by the server, unique for ever.
        raw_path: as it was sent, percent-encoded, without the query.
        headers: names in lower case, repeated ones as often as they were sent.
        body: whole, or nothing if it is too long.
        body_too_long: it goes on past the limit.
        client: address of the peer, empty if unknown.
        is_tls: between the client and whatever it talked to, as far as we are told.
    """

    id: str
    method: str
    raw_path: bytes
    query: bytes
    headers: HeaderLines
    body: bytes = b""
    body_too_long: bool = False
    client: str = ""
    is_tls: bool = False

    def header_values(self, name: bytes) -> list[str]:
        """Answer every value of a header (name in lower case), in the order sent."""
        return [value.decode("latin-1") for key, value in self.headers if key == name]
