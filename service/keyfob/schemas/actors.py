"""Actors in JSON."""

from marshmallow import Schema, fields


class ActorSchema(Schema):
    """Who did something."""

    type = fields.String()
    id = fields.String()
