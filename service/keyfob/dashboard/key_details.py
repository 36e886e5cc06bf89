"""Everything about one key."""

import flask
from flask import request

from keyfob.dashboard.advice import told
from keyfob.dashboard.chart import BY_DEFAULT, PERIODS, chart_of
from keyfob.dashboard.deeds import buttons_of, deeds_of
from keyfob.dashboard.door import actor, keyfob
from keyfob.dashboard.events import events_of_key
from keyfob.dashboard.last_use import dead_uses, last_use
from keyfob.dashboard.names import Who, site_names
from keyfob.domain.audit_changes import AuditAction

EVENTS = 10
ROTATIONS = 10
REQUESTS = 20


def key(key_id: str) -> str:
    """Show a key."""
    view = keyfob().api_keys.view(keyfob().api_keys.get(actor(), key_id))
    period = PERIODS.get(request.args.get("period", ""), BY_DEFAULT)
    now = keyfob().clock()
    usage = keyfob().usage_reports.usage(actor(), key_id, period.since(now), now)
    who, names = Who(), site_names()
    cursor = request.args.get("events") or None
    rotated = AuditAction.API_KEY_ROTATED
    shown = len(usage.recent) if request.args.get("requests") == "all" else REQUESTS
    return flask.render_template(
        "key_details.html",
        view=view,
        key=view.key,
        deeds=deeds_of(view),
        buttons=buttons_of(view),
        advice=[told(each) for each in view.advisories],
        chart=chart_of(usage, period),
        period=period,
        periods=PERIODS.values(),
        recent=usage.recent[:shown],
        more_requests=len(usage.recent) - shown,
        dead_uses=dead_uses(usage),
        last_use=last_use(view.key),
        rotations=events_of_key(key_id, who, names, limit=ROTATIONS, action=rotated).events,
        trail=events_of_key(key_id, who, names, limit=EVENTS, cursor=cursor),
        is_first_events=cursor is None,
        who=who,
        site_names=names,
    )
