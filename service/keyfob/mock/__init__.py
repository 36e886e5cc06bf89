"""The mock: the service itself over a store in memory, and a layer in front of its gate.

What is here is switched on by ``keyfob mock`` alone; the service knows nothing of it.

running, protocol       a server that serves it, and can drop a connection
stage, clock, windows, memory       the service that is played, and the way back to its beginning
layer, bounds, turnstile        what every request passes before the gate
prefer, failures, documented        replies on demand, with the examples of openapi.yaml
journal, reading, canonical     what was received
examiner, judging       a certification, and the grade with it
controls, openapi.yaml  the operations under /_mock
page        what people see at /
"""

import warnings

# As in keyfob.server, which is imported too late for that.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
