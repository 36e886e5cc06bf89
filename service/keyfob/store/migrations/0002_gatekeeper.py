"""Usage, traced requests, the audit chain and idempotent creations.

The classes are frozen copies: ``keyfob.store.tables``, which explains them, moves on; they do not.
"""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    Database,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator

SERVED_FROM = "0002_gatekeeper"  # who knows no audit trail would change keys behind its back


class Naming:
    legacy_table_names = False


class Table(Model):
    Meta = Naming


class Organization(Table):
    id = TextField(primary_key=True)


class ApiKey(Table):
    id = TextField(primary_key=True)


class UsageCounter(Table):
    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", index=False)
    hour = BigIntegerField()
    operation = TextField()
    scope = TextField()
    outcome = TextField()
    requests = BigIntegerField()

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "hour", "operation", "scope", "outcome")


class ApiKeySighting(Table):
    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", index=False)
    kind = TextField()
    name = TextField()
    last_at = BigIntegerField()
    met_at = BigIntegerField(null=True)

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "kind", "name")


class TracedRequest(Table):
    id = BigAutoField()
    request_id = TextField(index=True)
    organization_id = TextField(null=True)
    key_id = TextField(null=True)
    secret_version = IntegerField(null=True)
    judged = BooleanField()
    at = BigIntegerField()
    method = TextField()
    path = TextField()
    operation = TextField()
    status = IntegerField()
    code = TextField()
    duration_us = BigIntegerField()
    client = TextField()
    user_agent = TextField()

    class Meta(Naming):
        indexes = ((("key_id", "at"), False),)


TracedRequest.add_index(
    TracedRequest.key_id,
    TracedRequest.at,
    where=SQL("status < 400"),
    name="traced_request_success",
)
TracedRequest.add_index(TracedRequest.at, where=SQL("status >= 400"), name="traced_request_error")


class AuditEvent(Table):
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", index=False)
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
    key_id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", index=False)
    all_sites = BooleanField()


class DeletedKeySite(Table):
    key_id = ForeignKeyField(DeletedKey, on_delete="CASCADE", index=False)
    site_id = TextField()

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "site_id")


class Idempotency(Table):
    actor_id = TextField()
    operation = TextField()
    key = TextField()
    body_digest = BlobField()
    reply = TextField()
    created_at = BigIntegerField(index=True)

    class Meta(Naming):
        primary_key = CompositeKey("actor_id", "operation", "key")


TABLES = (
    UsageCounter,
    ApiKeySighting,
    TracedRequest,
    AuditEvent,
    DeletedKey,
    DeletedKeySite,
    Idempotency,
)

APPEND_ONLY = """
CREATE TRIGGER audit_event_refuses_{word} BEFORE {word} ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit events are never changed and never removed'); END
"""


def up(migrator: SchemaMigrator, database: Database) -> None:
    """Add the end of the audit chain to organisations, and create the tables."""
    sequence = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    head = TextField(default="", constraints=[SQL("DEFAULT ''")])
    migrator.migrate(
        migrator.add_column("organization", "audit_sequence", sequence),
        migrator.add_column("organization", "audit_head", head),
    )
    # Their keys are nearly all of them: no second tree. PostgreSQL does not know the words.
    for table in (UsageCounter, ApiKeySighting):
        table._meta.without_rowid = isinstance(database, SqliteDatabase)  # noqa: SLF001
    database.bind((Organization, ApiKey, *TABLES))
    database.create_tables(TABLES, safe=False)
    if isinstance(database, SqliteDatabase):
        for word in ("UPDATE", "DELETE"):
            database.execute_sql(APPEND_ONLY.format(word=word))
