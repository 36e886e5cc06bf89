"""The HTTP server: uvicorn, started and stopped in order.

``running`` goes from settings to a server that serves, in one process or several; ``listening``
opens its socket, after everything else is in order; ``options`` is how uvicorn serves it;
``protocol`` is uvicorn's HTTP/1.1, whose own refusals wear the envelope; ``last_resort`` is the
envelope for what nobody caught; ``metrics_page`` serves the metrics elsewhere.
"""

import warnings

# Connexion imports Starlette's test client, which complains that it is made for another httpx.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
