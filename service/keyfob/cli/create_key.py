"""A new key by the operator: the way back in when all others are lost."""

import json

import click

from keyfob.cli.arguments import checked_expiry, checked_name, checked_sites
from keyfob.cli.secrets import server_url_option, trial
from keyfob.cli.session import opened_keyfob
from keyfob.cli.troubles import Trouble
from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import KeyQuotaReached, NotFound, SiteForbidden
from keyfob.model import ALL_SCOPES, SCOPE_BY_WORD, ApiKey, scopes_from_words

_FIND_IT = "`keyfob list-organizations` shows their ids."


@click.command("create-key", short_help="Make a key, to get access or to get it back.")
@click.option(
    "--organization",
    "organization_id",
    metavar="ORG_ID",
    help="Whose key it is to be; may be left out while there is only one organisation.",
)
@click.option("--name", required=True, callback=checked_name, help="What the key is called.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(sorted(SCOPE_BY_WORD)),
    help="What the key may do; repeat for more. Everything, if left out.",
)
@click.option(
    "--site",
    "site_ids",
    multiple=True,
    metavar="SITE_ID",
    callback=checked_sites,
    help="A site that the key covers; repeat for more. Every site, if left out.",
)
@click.option(
    "--expires-at",
    callback=checked_expiry,
    metavar="TIME",
    help="When the key expires, such as 2027-03-01T00:00:00Z. Never, if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@server_url_option
def create_key(  # noqa: PLR0913  one for each option
    organization_id: str | None,
    name: str,
    *,
    scopes: tuple[str, ...],
    site_ids: tuple[str, ...],
    expires_at: int | None,
    as_json: bool,
    server_url: str,
) -> None:
    """Make a key. Its value is printed once, now; it is kept nowhere.

    \b
    Examples:
      keyfob create-key --name recovered
      keyfob create-key --name gateway --scope keys:verify --expires-at 2027-03-01T00:00:00Z
    """  # noqa: D301  \b is click's sign for lines that stay as they are
    granted = scopes_from_words(scopes) if scopes else ALL_SCOPES
    draft = KeyDraft(name, granted, site_ids, expires_at=expires_at)
    with opened_keyfob() as keyfob:
        key, value = _create(keyfob, organization_id or only_organization(keyfob), draft)
    shown = (
        json.dumps({"id": key.id, "key": value}) if as_json else _as_text(key, value, server_url)
    )
    click.echo(shown)


def _create(keyfob: Keyfob, organization_id: str, draft: KeyDraft) -> tuple[ApiKey, str]:
    try:
        operator = keyfob.organizations.operator_in(organization_id)
        return keyfob.api_keys.create(operator, draft)
    except NotFound:
        raise Trouble(f"No organisation has the id {organization_id}: {_FIND_IT}") from None
    except SiteForbidden as error:
        position = int(error.details["pointer"].rpartition("/")[2])
        raise Trouble(
            f"The organisation has no site {draft.site_ids[position]}. Look up its sites with"
            " GET /v1/sites, or leave --site out for every site."
        ) from None
    except KeyQuotaReached:
        raise Trouble(
            "The organisation has as many keys as KEYFOB_MAX_KEYS_PER_ORGANIZATION allows. Delete"
            " some that are revoked, or raise the setting."
        ) from None


def only_organization(keyfob: Keyfob) -> str:
    """Answer the id of the one organisation that there is."""
    listed = keyfob.organizations.list()
    if not listed:
        raise Trouble("There is no organisation yet: `keyfob create-organization` makes one.")
    if len(listed) > 1:
        raise Trouble(
            f"There are {len(listed)} organisations: say with --organization which one. {_FIND_IT}"
        )
    return listed[0].id


def _as_text(key: ApiKey, value: str, server_url: str) -> str:
    return (
        f"Made the key {key.name} ({key.id}).\n\n"
        "Its value is shown this once and kept nowhere. Store it safely:\n\n"
        f"  {value}\n\n"
        f"{trial(value, server_url)}"
    )
