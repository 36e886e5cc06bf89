"""The well-known world of ``fixtures/``: read from YAML, checked, and written into a store.

It serves the mock, the contract kit and tests alike. Its values are published, so that whoever
opens a store to put it there has to say so: ``open_keyfob(…, takes_published_values=True)``.

documents, shapes, moments, checks     from five files to a ``World``, or to all that is wrong there
populating      from a ``World`` to the rows and audit events that the service would have written
"""

from keyfob.world.documents import FixturesRefused
from keyfob.world.populating import populate
from keyfob.world.world import World, read_world, shipped_fixtures

__all__ = ["FixturesRefused", "World", "populate", "read_world", "shipped_fixtures"]
