"""The list of keys: tabs, search, sites, pages."""

from typing import Any

import flask
from flask import request
from werkzeug.wrappers import Response

from keyfob.dashboard.deeds import deeds_of
from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.names import Who, sites
from keyfob.errors import Problem, ValidationFailed
from keyfob.model import KeyStatus

A_PAGE = 25
LONGEST_QUERY = 100
TABS = (KeyStatus.ACTIVE, KeyStatus.EXPIRED, KeyStatus.REVOKED)


def start() -> Response:
    """Go where most people want to."""
    return flask.redirect(flask.url_for("dashboard.keys"), 303)


def keys() -> str:
    """Show a page of the list."""
    status, query = _status(), request.args.get("q", "").strip()[:LONGEST_QUERY]
    site_id, cursor = request.args.get("siteId") or None, request.args.get("cursor") or None
    page, counts = keyfob().api_keys.list(
        actor(),
        status=status,
        site_id=site_id,
        name_contains=query or None,
        limit=A_PAGE,
        cursor=cursor,
    )
    trail = [each for each in request.args.get("trail", "").split(",") if each]
    all_sites = sites()
    asked = {"status": status.value, "q": query or None, "siteId": site_id}
    return flask.render_template(
        "key_list.html",
        views=keyfob().api_keys.views(page.items),
        counts={each: getattr(counts, each.value) for each in TABS},
        total=counts.active + counts.expired + counts.revoked,
        status=status,
        query=query,
        site_id=site_id,
        sites=all_sites,
        site_names={site.id: site.name for site in all_sites},
        who=Who(),
        deeds_of=deeds_of,
        address=lambda **changes: flask.url_for("dashboard.keys", **_present(asked | changes)),
        newer=_newer(trail) if cursor else None,
        older=_older(page.next_cursor, cursor, trail),
        page_number=len(trail) + (2 if cursor else 1),
    )


def _status() -> KeyStatus:
    try:
        return KeyStatus(request.args.get("status", KeyStatus.ACTIVE.value))
    except ValueError:
        raise ValidationFailed(Problem("/query/status", "is none of the states")) from None


def _older(next_cursor: str | None, cursor: str | None, trail: list[str]) -> dict[str, Any] | None:
    """Answer what leads to the next page: the cursor, and those by which one came."""
    if next_cursor is None:
        return None
    return {"cursor": next_cursor, "trail": ",".join([*trail, *([cursor] if cursor else [])])}


def _newer(trail: list[str]) -> dict[str, Any]:
    return {"cursor": trail[-1], "trail": ",".join(trail[:-1])} if trail else {}


def _present(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value}
