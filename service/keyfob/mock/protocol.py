"""HTTP/1.1 whose connections the application can drop."""

from typing import Any

from keyfob.server.protocol import EnvelopeProtocol

DROP = "keyfob.drop"
"""The extension of the ASGI scope that closes the connection without a reply."""


class DroppableProtocol(EnvelopeProtocol):
    """One connection."""

    def on_message_begin(self) -> None:
        """Offer to drop the connection, along with the request."""
        super().on_message_begin()
        extensions: dict[str, Any] = {DROP: self.transport.abort}
        self.scope["extensions"] = extensions
