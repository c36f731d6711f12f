"""Queries about what was announced. They never commit: the caller's session_scope does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.tables import Announcement, utcnow


def latest(session: Session, limit: int) -> list[Announcement]:
    """Up to ``limit`` announcements that residents can see, newest first."""
    visible = select(Announcement).where(Announcement.withdrawn_at.is_(None))
    newest_first = visible.order_by(Announcement.published_at.desc(), Announcement.id.desc())
    return list(session.scalars(newest_first.limit(limit)))


def add(
    session: Session, *, title: str, body: str, url: str = "", digest: str = "", published_at: datetime | None = None
) -> Announcement:
    """Publishes an announcement, now unless ``published_at`` says when it was. ``body`` is plain text."""
    announcement = Announcement(title=title, body=body, url=url, digest=digest, published_at=published_at or utcnow())
    session.add(announcement)
    session.flush()
    return announcement


def change_stamp(session: Session) -> str:
    """Changes with every announcement that is added, changed, withdrawn or deleted.

    A time of change would not do: of two transactions, the one that looked at the clock first may commit last. Revisions
    add up in whatever order they are committed. SQLAlchemy counts them for objects; a bulk UPDATE must do it itself.
    """
    rows, newest_id, revisions = session.execute(
        select(func.count(), func.coalesce(func.max(Announcement.id), 0), func.coalesce(func.sum(Announcement.revision), 0))
    ).one()
    return f"{rows}-{newest_id}-{revisions}"
