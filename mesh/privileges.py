"""What the role of a running service may do in its database: work with rows. The schema is its owner's alone."""

from sqlalchemy import Connection, MetaData, text

APPEND_ONLY = {"append_only": True}
"""`info` of a table whose rows are never changed nor deleted."""
VERSIONS = "alembic_version"


def grant(connection: Connection, metadata: MetaData, role: str) -> None:
    """Grants a service's role what it needs, and takes back all else; after the migrations, in their transaction."""
    for statement in statements(metadata, role):
        connection.execute(text(statement))


def statements(metadata: MetaData, role: str) -> list[str]:
    """As SQL; new tables, also those of the job queue's library, are included without being named."""
    everything = (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON {VERSIONS} FROM {role}",
    )
    kept = (name for name, table in metadata.tables.items() if table.info.get("append_only"))
    return [*everything, *(f"REVOKE UPDATE, DELETE ON {name} FROM {role}" for name in kept)]
