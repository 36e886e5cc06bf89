"""One function for each operation of the spec, found by its ``operationId`` in snake case.

A handler translates and never decides: body to command, one call of the domain, answer to JSON. It
names what it needs: ``keyfob``, ``actor``, the operation's parameters in snake case, and ``body``.
A parameter with one of these names gets an underscore: ``actor_``.
"""

from keyfob.handlers.api_keys import (
    create_api_key,
    delete_api_key,
    get_api_key,
    get_current_api_key,
    list_api_keys,
    reactivate_api_key,
    revoke_api_key,
    rotate_api_key,
    update_api_key,
)
from keyfob.handlers.audit import list_audit_events
from keyfob.handlers.deliveries import (
    collect_delivery,
    create_delivery,
    get_delivery,
    list_deliveries,
)
from keyfob.handlers.employees import (
    check_in_employee,
    check_out_employee,
    create_employee,
    get_employee,
    list_employees,
)
from keyfob.handlers.gatekeeping import authorize, verify_api_key
from keyfob.handlers.health import get_liveness, get_readiness
from keyfob.handlers.sites import create_site, get_site, list_sites
from keyfob.handlers.usage import get_api_key_usage, get_request
from keyfob.handlers.visitors import (
    check_in_visitor,
    check_out_visitor,
    create_visitor,
    get_visitor,
    list_visitors,
)

__all__ = [
    "authorize",
    "check_in_employee",
    "check_in_visitor",
    "check_out_employee",
    "check_out_visitor",
    "collect_delivery",
    "create_api_key",
    "create_delivery",
    "create_employee",
    "create_site",
    "create_visitor",
    "delete_api_key",
    "get_api_key",
    "get_api_key_usage",
    "get_current_api_key",
    "get_delivery",
    "get_employee",
    "get_liveness",
    "get_readiness",
    "get_request",
    "get_site",
    "get_visitor",
    "list_api_keys",
    "list_audit_events",
    "list_deliveries",
    "list_employees",
    "list_sites",
    "list_visitors",
    "reactivate_api_key",
    "revoke_api_key",
    "rotate_api_key",
    "update_api_key",
    "verify_api_key",
]
