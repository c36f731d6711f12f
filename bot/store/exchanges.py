"""Queries about what residents said and were answered. They never commit: the caller's session_scope does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.store.tables import Exchange


class NewExchange(TypedDict):
    """A row of ``Exchange`` before it has an id."""

    stream_id: str
    at: datetime
    person: str | None
    message_type: str
    said: str
    reply: str
    decision: str
    entries: list[str]
    handler: str
    ruleset_version: int
    elapsed_us: int


def record(session: Session, rows: Sequence[NewExchange]) -> int:
    """Stores the rows whose stream_id is not stored yet and returns how many those were; the others stay as they are."""
    if not rows:
        return 0
    insert = _insert(session).on_conflict_do_nothing(index_elements=[Exchange.stream_id])
    return len(session.scalars(insert.returning(Exchange.id), rows).all())


def forget(session: Session, person: str, until: datetime) -> int:
    """Takes the pseudonym and the texts out of all that ``person`` said up to ``until``, that moment included.

    What is left can still be counted. Returns how many exchanges those were.
    """
    theirs = update(Exchange).where(Exchange.person == person, Exchange.at <= until)
    return len(session.scalars(theirs.values(person=None, said="", reply="").returning(Exchange.id)).all())


def delete_older_than(session: Session, when: datetime, limit: int = 5000) -> int:
    """Deletes the oldest exchanges from before ``when``, at most ``limit``, and returns how many.

    Fewer than ``limit`` means that none is left; else call it again, in a transaction of its own: others want to write, too.
    """
    oldest = select(Exchange.id).where(Exchange.at < when).order_by(Exchange.at).limit(limit)
    gone = delete(Exchange).where(Exchange.id.in_(oldest)).execution_options(synchronize_session=False)
    return len(session.scalars(gone.returning(Exchange.id)).all())


def _insert(session: Session) -> sqlite.Insert | postgresql.Insert:
    """Of what this module uses, only INSERT … ON CONFLICT is spelt differently by SQLAlchemy for each database."""
    return postgresql.insert(Exchange) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(Exchange)
