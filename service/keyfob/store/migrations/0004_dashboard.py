"""Sessions of admins at the dashboard.

The classes are frozen copies: ``keyfob.store.tables``, which explains them, moves on; they do not.
"""

from peewee import BigIntegerField, BlobField, Database, ForeignKeyField, Model, TextField
from playhouse.migrate import SchemaMigrator


class Naming:
    legacy_table_names = False


class Table(Model):
    Meta = Naming


class Admin(Table):
    id = TextField(primary_key=True)


class AdminSession(Table):
    digest = BlobField(primary_key=True)
    admin_id = ForeignKeyField(Admin, on_delete="CASCADE")
    began_at = BigIntegerField(index=True)
    seen_at = BigIntegerField()
    proven_at = BigIntegerField()


def up(_migrator: SchemaMigrator, database: Database) -> None:
    """Create the table."""
    database.bind((Admin, AdminSession))
    database.create_tables((AdminSession,), safe=False)
