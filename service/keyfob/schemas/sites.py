"""Sites in JSON."""

from typing import cast

from marshmallow import Schema, fields

from keyfob.domain.commands import SiteDraft
from keyfob.model import Site
from keyfob.reply import Json
from keyfob.schemas.fields import Timestamp


class SiteSchema(Schema):
    """A site."""

    id = fields.String()
    organization_id = fields.String(data_key="organizationId")
    name = fields.String()
    address = fields.String()
    created_at = Timestamp(data_key="createdAt")


class SiteCreateSchema(Schema):
    """The body of createSite."""

    name = fields.String(required=True)
    address = fields.String(allow_none=True, load_default=None)


_SITE = SiteSchema()
_SITE_CREATE = SiteCreateSchema()


def site_json(site: Site) -> Json:
    """Answer a site as the resource ``Site``."""
    return cast("Json", _SITE.dump(site))


def site_draft(body: Json) -> SiteDraft:
    """Read the body of createSite."""
    return SiteDraft(**cast("Json", _SITE_CREATE.load(body)))
