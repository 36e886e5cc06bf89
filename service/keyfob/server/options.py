"""How uvicorn serves here, whatever it serves."""

from typing import Any

import uvicorn

from keyfob.server.listening import BACKLOG
from keyfob.server.protocol import EnvelopeProtocol

GRACE_SECONDS = 30
"""How long a stop waits for requests in flight."""

KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep idle connections to us (60 s is usual), so that none sends a request
into one that is being closed."""


def uvicorn_config(application: Any, **options: Any) -> uvicorn.Config:
    """Answer the configuration of a server for an application, or for the one of that name."""
    ours: dict[str, Any] = {
        "http": EnvelopeProtocol,
        "ws": "none",
        "interface": "asgi3",
        "lifespan": "on",
        "log_config": None,
        "log_level": "warning",
        "access_log": False,  # it would print query strings
        "proxy_headers": False,  # the gate knows which proxies to trust
        "server_header": False,
        "backlog": BACKLOG,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(application, **ours | options)
