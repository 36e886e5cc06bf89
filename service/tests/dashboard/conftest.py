"""The dashboard in this process, with a clock to set."""

from collections.abc import Callable

import pytest
from connexion.apps.flask import FlaskApp
from visitors import PASSWORD, Visitor
from world import Organization

from keyfob.domain.admins import actor_of_admin
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.sign_ins import Attempt

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def new_visitor(application: FlaskApp) -> NewVisitor:
    def make(base_url: str = "http://keyfob.example") -> Visitor:
        return Visitor(application.test_client(base_url=base_url))

    return make


@pytest.fixture
def new_admin(keyfob: Keyfob) -> Callable[[Organization, str], str]:
    """Makes an admin whose password tests know, and answers the address."""

    def make(organization: Organization, email: str) -> str:
        password = keyfob.admins.create(organization.id, email)
        attempt = Attempt(email, password, client="", request_id="req_1")
        admin = keyfob.sign_ins.admin_of(attempt)
        keyfob.admins.change_password(actor_of_admin(admin), admin, PASSWORD)
        return email

    return make


@pytest.fixture
def ada(
    acme: Organization, new_admin: Callable[[Organization, str], str], new_visitor: NewVisitor
) -> Visitor:
    """An admin of Acme's, who has just signed in."""
    visitor = new_visitor()
    assert visitor.sign_in(new_admin(acme, "ada@acme.example")).status_code == 303
    return visitor


@pytest.fixture
def eve(
    new_organization: Callable[[str], Organization],
    new_admin: Callable[[Organization, str], str],
    new_visitor: NewVisitor,
) -> Visitor:
    """An admin of another organisation, who has just signed in."""
    visitor = new_visitor()
    assert visitor.sign_in(new_admin(new_organization("Globex"), "eve@globex.example")).is_redirect
    return visitor
