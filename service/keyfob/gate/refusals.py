"""The words in which the gate itself refuses; the domain's are in ``keyfob.errors``."""

from keyfob.errors import KeyfobError


class MalformedJson(KeyfobError):
    """The body is not JSON in UTF-8, or not unambiguous JSON."""


class UnsupportedMediaType(KeyfobError):
    """The body is not sent as ``application/json``."""


class PayloadTooLarge(KeyfobError):
    """The body is longer than the limit."""


class InternalError(KeyfobError):
    """A fault of our own, of which the caller learns nothing but where to ask."""


class MethodNotAllowed(KeyfobError):
    """The path exists, but not with this method.

    Attributes:
        allow: the value of the ``Allow`` header.
    """

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow
