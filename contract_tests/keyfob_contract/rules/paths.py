"""Paths of Keyfob that checks of its own operations name."""

KEYS = "/v1/api-keys"
CURRENT = f"{KEYS}/current"
AUTHORIZE = "/v1/authorize"
AUDIT = "/v1/audit-events"
SITES = "/v1/sites"
VISITORS = "/v1/visitors"
