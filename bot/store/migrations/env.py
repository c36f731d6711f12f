"""What Alembic runs for every command; bot/store/migrate.py hands it the connection, so it needs no alembic.ini."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from bot.store.engine import UtcDateTime
from bot.store.tables import Base


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Writes our own type as what it is in the database: a migration must outlive the code of its day."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
