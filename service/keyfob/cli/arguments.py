"""Arguments, checked by the rules that the API has for the same things."""

import re
import time

import click

from keyfob.gate.text import CONTROL_CHARACTER
from keyfob.model import EVERY_SITE_IDS
from keyfob.timestamps import parse_timestamp

LONGEST_NAME = 100
LONGEST_EMAIL = 254  # RFC 5321, erratum 1690
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+")


def checked_name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    """Answer a name of 1 to 100 characters that is not blank and holds no control characters."""
    if not name.strip():
        raise click.BadParameter("must not be blank.")
    if len(name) > LONGEST_NAME:
        raise click.BadParameter(f"must have at most {LONGEST_NAME} characters.")
    if not _is_clean(name):
        raise click.BadParameter("must be UTF-8 without control characters.")
    return name


def checked_email(_context: click.Context, _parameter: click.Parameter, email: str) -> str:
    """Answer what may well be an e-mail address; only sending to it would tell."""
    if not (_EMAIL.fullmatch(email) and len(email) <= LONGEST_EMAIL and _is_clean(email)):
        raise click.BadParameter("must be an e-mail address such as admin@example.com.")
    return email


def checked_moment(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> int | None:
    """Answer a moment in milliseconds since the epoch."""
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except ValueError:
        raise click.BadParameter("must be RFC 3339 such as 2027-03-01T00:00:00+01:00.") from None


def checked_expiry(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> int | None:
    """Answer a moment in the future, in milliseconds since the epoch."""
    moment = checked_moment(context, parameter, text)
    if moment is not None and moment <= time.time() * 1000:
        raise click.BadParameter("must be in the future.")
    return moment


def checked_sites(
    _context: click.Context, _parameter: click.Parameter, sites: tuple[str, ...]
) -> tuple[str, ...]:
    """Answer each site once; none means every site."""
    chosen = tuple(dict.fromkeys(sites)) or EVERY_SITE_IDS
    if len(chosen) > 1 and set(EVERY_SITE_IDS) & set(chosen):
        raise click.BadParameter("* stands for every site and goes with no other.")
    return chosen


def _is_clean(text: str) -> bool:
    # Bytes that are no UTF-8 arrive from the shell as lone surrogates.
    is_unicode = text.encode(errors="replace").decode() == text
    return is_unicode and CONTROL_CHARACTER.search(text) is None
