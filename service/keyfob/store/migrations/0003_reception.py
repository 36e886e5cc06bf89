"""The books of a reception: visitors, employees, deliveries.

The classes are frozen copies: ``keyfob.store.tables``, which explains them, moves on; they do not.
"""

from peewee import BigIntegerField, Database, ForeignKeyField, Model, TextField
from playhouse.migrate import SchemaMigrator


class Naming:
    legacy_table_names = False


class Table(Model):
    Meta = Naming


class Organization(Table):
    id = TextField(primary_key=True)


class Site(Table):
    id = TextField(primary_key=True)


class Entry(Table):
    id = TextField(primary_key=True)
    organization_id = ForeignKeyField(Organization, on_delete="RESTRICT", index=False)
    site_id = ForeignKeyField(Site, on_delete="RESTRICT", index=False)
    name = TextField()
    name_folded = TextField()
    status = TextField()
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
    expected_at = BigIntegerField()
    email = TextField(null=True)
    company = TextField(null=True)
    host_name = TextField(null=True)
    purpose = TextField(null=True)
    checked_in_at = BigIntegerField(null=True)
    checked_out_at = BigIntegerField(null=True)


Visitor.add_index(Visitor.organization_id, Visitor.expected_at)


class Employee(Entry):
    email = TextField()
    last_checked_in_at = BigIntegerField(null=True)
    last_checked_out_at = BigIntegerField(null=True)


class Delivery(Entry):
    carrier = TextField()
    tracking_number = TextField(null=True)
    collector_name = TextField(null=True)
    collected_at = BigIntegerField(null=True)


TABLES = (Visitor, Employee, Delivery)


def up(_migrator: SchemaMigrator, database: Database) -> None:
    """Create the tables."""
    database.bind((Organization, Site, *TABLES))
    database.create_tables(TABLES, safe=False)
