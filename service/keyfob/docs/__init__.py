"""What a stranger reads to build against the API: the reference, and guides. No key, no session.

reference    every operation, tried in the browser: Swagger UI over the published spec
guides       pages of prose, each with examples that its tests run
codes        every error code of the spec: what it means, and what to do
advice       what the service advises, and when
examples     the code in the guides, as files
"""

from keyfob.docs.blueprint import create_docs

__all__ = ["create_docs"]
