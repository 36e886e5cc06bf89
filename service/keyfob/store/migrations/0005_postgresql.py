"""What SQLite has had from the beginning: nobody changes or removes an audit event."""

from peewee import Database, SqliteDatabase
from playhouse.migrate import SchemaMigrator

FUNCTION = """
CREATE FUNCTION audit_event_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are never changed and never removed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

TRIGGER = """
CREATE TRIGGER audit_event_refuses_{word} BEFORE {word} ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuses()
"""


def up(_migrator: SchemaMigrator, database: Database) -> None:
    """Create the triggers."""
    if isinstance(database, SqliteDatabase):
        return
    database.execute_sql(FUNCTION)
    for word in ("UPDATE", "DELETE", "TRUNCATE"):
        database.execute_sql(TRIGGER.format(word=word))
