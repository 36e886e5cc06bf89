"""What surrounds every request.

asgi        bytes in, bytes out: request id, body up to its limit, reply, log line
judge       the order of refusals, as one plain function from request to reply
routing, operation      the spec's operations, compiled once at start
target, credential, json_body, parameters, validation, trace_context    what a request says
envelope    every refusal as the one shape of error
pages       what people look at, which is another Flask application's
flask_views     an operation's handler as a Flask view
"""
