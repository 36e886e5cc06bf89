"""The first tables: organisations, admins, sites, keys, and what the store knows of itself.

The classes are frozen copies: ``keyfob.store.tables``, which explains them, moves on; they do not.
"""

from peewee import (
    SQL,
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


class Naming:
    legacy_table_names = False  # api_key, not apikey: in the names of indexes too


class Table(Model):
    Meta = Naming


class Organization(Table):
    id = TextField(primary_key=True)
    name = TextField()
    key_count = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    created_at = BigIntegerField()


class Admin(Table):
    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT")
    email = TextField(unique=True)
    password_hash = TextField()
    created_at = BigIntegerField()


class Site(Table):
    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", index=False)
    name = TextField()
    address = TextField(null=True)
    created_at = BigIntegerField()

    class Meta(Naming):
        indexes = ((("organization_id", "created_at", "id"), False),)


class ApiKey(Table):
    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", index=False)
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
    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE", index=False)
    site_id = ForeignKeyField(Site, on_delete="RESTRICT", index=False)

    class Meta(Naming):
        primary_key = CompositeKey("key_id", "site_id")
        indexes = ((("site_id", "key_id"), False),)


class ApiKeyValue(Table):
    digest = BlobField(primary_key=True)
    key_id = ForeignKeyField(ApiKey, on_delete="CASCADE")
    secret_version = IntegerField()


class StoreSetting(Table):
    name = TextField(primary_key=True)
    value = TextField()


TABLES = (Organization, Admin, Site, ApiKey, ApiKeySite, ApiKeyValue, StoreSetting)


def up(_migrator: SchemaMigrator, database: Database) -> None:
    """Create the tables. The runner loads this file anew each time, so no class is shared."""
    # Found by digest alone: one look-up in one tree. PostgreSQL does not know the words.
    ApiKeyValue._meta.without_rowid = isinstance(database, SqliteDatabase)  # noqa: SLF001
    database.bind(TABLES)
    database.create_tables(TABLES, safe=False)
