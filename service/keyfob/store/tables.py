"""The tables as they are today. Their history is in ``migrations``; a test holds the two together.

No class is bound to a database, for several applications may live in one process: say which with
``query.execute(database)``. Times are milliseconds since the epoch, scopes the bits of
``keyfob.model.Scope``.
"""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Naming:
    """How tables and indexes are called."""

    legacy_table_names = False  # api_key, not apikey: in the names of indexes too


class Table(Model):
    """What the tables share."""

    Meta = Naming


class Organization(Table):
    """A tenant.

    ``key_count`` is kept with every create and delete, so that a quota is one look. The end of the
    tenant's audit chain stands here: who appends an event locks this row, and so comes alone.
    """

    id = TextField(primary_key=True)
    name = TextField()
    key_count = IntegerField(default=0)
    created_at = BigIntegerField()
    audit_sequence = BigIntegerField(default=0)
    audit_head = TextField(default="")


class Admin(Table):
    """A person. ``email`` is stored casefolded, so that it is unique however it is typed."""

    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", lazy_load=False)
    email = TextField(unique=True)
    password_hash = TextField()
    created_at = BigIntegerField()


class AdminSession(Table):
    """A browser in which an admin has signed in. What the browser holds is kept as a digest only.

    ``proven_at``: when the password was last given in it.
    """

    digest = BlobField(primary_key=True)
    admin_id = ForeignKeyField(Admin, on_delete="CASCADE", lazy_load=False)
    began_at = BigIntegerField(index=True)
    seen_at = BigIntegerField()
    proven_at = BigIntegerField()


class Site(Table):
    """A building."""

    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(
        Organization, on_delete="RESTRICT", lazy_load=False, index=False
    )
    name = TextField()
    address = TextField(null=True)
    created_at = BigIntegerField()

    class Meta(Naming):
        indexes = ((("organization_id", "created_at", "id"), False),)


class ApiKey(Table):
    """A key: everything about it but its values, and its sites if it is limited to some."""

    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(
        Organization, on_delete="RESTRICT", lazy_load=False, index=False
    )
    name = TextField()
    name_folded = TextField()
    description = TextField(null=True)
    scopes = IntegerField()
    all_sites = BooleanField()
    rate_limit_requests = IntegerField()
    rate_limit_window_seconds = IntegerField()
    secret_version = IntegerField()
    hint = TextField()
    version = IntegerField()
    created_at = BigIntegerField()
    created_by_type = TextField()
    created_by_id = TextField()
    updated_at = BigIntegerField()
    rotated_at = BigIntegerField(null=True)
    expires_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    revoked_reason = TextField(null=True)
    last_used_at = BigIntegerField(null=True)

    class Meta(Naming):
        indexes = ((("organization_id", "created_at", "id"), False),)


class ApiKeySite(Table):
    """A site that a limited key covers. A site in use cannot go: that would narrow its keys."""

    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", lazy_load=False, index=False)
    site_id = ForeignKeyField(Site, on_delete="RESTRICT", lazy_load=False, index=False)

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "site_id")
        indexes = ((("site_id", "key_id"), False),)


class ApiKeyValue(Table):
    """The digest of a value, current or replaced; its secret version tells which."""

    digest = BlobField(primary_key=True)
    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", lazy_load=False)
    secret_version = IntegerField()


class UsageCounter(Table):
    """Requests of one kind in one hour: what usage costs, whatever the number of requests."""

    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", lazy_load=False, index=False)
    hour = BigIntegerField()
    operation = TextField()  # "" if the request reached none
    scope = TextField()  # asked of authorize and verifyApiKey, else ""
    outcome = TextField()
    requests = BigIntegerField()

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "hour", "operation", "scope", "outcome")


class ApiKeySighting(Table):
    """When one thing about the use of a key was seen last: what advice is made of.

    ``met_at``: when a user agent was seen last within an hour of another one.
    """

    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", lazy_load=False, index=False)
    kind = TextField()  # of keyfob.store.sightings.SightingKind
    name = TextField()
    last_at = BigIntegerField()
    met_at = BigIntegerField(null=True)

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "kind", "name")


class TracedRequest(Table):
    """One request. It may outlive its key, whose errors stay to be explained."""

    id = BigAutoField()
    request_id = TextField(index=True)
    organization_id = TextField(null=True)
    key_id = TextField(null=True)
    secret_version = IntegerField(null=True)
    judged = BooleanField()  # the key did not ask, verifyApiKey was asked about it
    at = BigIntegerField()
    method = TextField()
    path = TextField()
    operation = TextField()  # "" if the request reached none
    status = IntegerField()
    code = TextField()
    duration_us = BigIntegerField()
    client = TextField()
    user_agent = TextField()

    class Meta(Naming):
        indexes = ((("key_id", "at"), False),)


# Successes are forgotten by number, errors by age: neither has to wade through the other.
TracedRequest.add_index(
    TracedRequest.key_id,
    TracedRequest.at,
    where=SQL("status < 400"),
    name="traced_request_success",
)
TracedRequest.add_index(TracedRequest.at, where=SQL("status >= 400"), name="traced_request_error")


class AuditEvent(Table):
    """A link of an organisation's audit chain. ``before`` and ``after`` are JSON.

    Triggers refuse to change or delete one.
    """

    organization_id = ForeignKeyField(
        Organization, on_delete="RESTRICT", lazy_load=False, index=False
    )
    sequence = BigIntegerField()
    id = TextField(unique=True)
    at = BigIntegerField()
    action = TextField()
    actor_type = TextField()
    actor_id = TextField()
    target_type = TextField()
    target_id = TextField()
    before = TextField(null=True)
    after = TextField(null=True)
    request_id = TextField(null=True)
    hash = TextField()

    class Meta(Naming):
        primary_key = CompositeKey("organization_id", "sequence")
        indexes = (
            (("organization_id", "at", "sequence"), False),
            (("organization_id", "target_id", "at", "sequence"), False),
            (("organization_id", "actor_id", "at", "sequence"), False),
            (("organization_id", "action", "at", "sequence"), False),
        )


class DeletedKey(Table):
    """The last sites of a deleted key, which still decide who may see its events and errors."""

    key_id = TextField(primary_key=True)
    organization_id = ForeignKeyField(
        Organization, on_delete="RESTRICT", lazy_load=False, index=False
    )
    all_sites = BooleanField()


class DeletedKeySite(Table):
    """A site that a deleted key covered."""

    key_id = ForeignKeyField(DeletedKey, on_delete="CASCADE", lazy_load=False, index=False)
    site_id = TextField()

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "site_id")


class Idempotency(Table):
    """A creation that was attempted under an ``Idempotency-Key``, and its reply as JSON.

    ``key`` is a keyed digest, in hexadecimal digits, of what was sent.
    """

    actor_id = TextField()
    operation = TextField()
    key = TextField()
    body_digest = BlobField()
    reply = TextField()
    created_at = BigIntegerField(index=True)

    class Meta(Naming):
        primary_key = CompositeKey("actor_id", "operation", "key")


class Entry(Table):
    """What the books of a reception have in common: each is a table of its own."""

    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(
        Organization, on_delete="RESTRICT", lazy_load=False, index=False
    )
    site_id = ForeignKeyField(Site, on_delete="RESTRICT", lazy_load=False, index=False)
    name = TextField()
    name_folded = TextField()
    status = TextField()  # of keyfob.reception.EntryStatus
    created_at = BigIntegerField()
    created_by_type = TextField()
    created_by_id = TextField()
    updated_at = BigIntegerField()

    class Meta(Naming):
        indexes = (
            (("organization_id", "created_at", "id"), False),
            (("organization_id", "site_id", "created_at", "id"), False),
            (("organization_id", "status", "created_at", "id"), False),
        )


class Visitor(Entry):
    """Somebody who visits a site, once."""

    expected_at = BigIntegerField()
    email = TextField(null=True)
    company = TextField(null=True)
    host_name = TextField(null=True)
    purpose = TextField(null=True)
    checked_in_at = BigIntegerField(null=True)
    checked_out_at = BigIntegerField(null=True)


# A day's visitors are few, whatever the history: they are found by the day, and then put in order.
Visitor.add_index(Visitor.organization_id, Visitor.expected_at)


class Employee(Entry):
    """Somebody who works at a site."""

    email = TextField()
    last_checked_in_at = BigIntegerField(null=True)
    last_checked_out_at = BigIntegerField(null=True)


class Delivery(Entry):
    """Something that was delivered to a site."""

    carrier = TextField()
    tracking_number = TextField(null=True)
    collector_name = TextField(null=True)
    collected_at = BigIntegerField(null=True)


class StoreSetting(Table):
    """What the store remembers about itself."""

    name = TextField(primary_key=True)
    value = TextField()


TABLES: tuple[type[Table], ...] = (
    Organization,
    Admin,
    AdminSession,
    Site,
    ApiKey,
    ApiKeySite,
    ApiKeyValue,
    UsageCounter,
    ApiKeySighting,
    TracedRequest,
    AuditEvent,
    DeletedKey,
    DeletedKeySite,
    Idempotency,
    Visitor,
    Employee,
    Delivery,
    StoreSetting,
)
