"""The tables, as typed classes. Their migrations are in migrations/; tests hold the two equal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.engine import NAMING, UtcDateTime
from config.settings import TIMEZONE

# SQLite counts up only a column that is exactly INTEGER.
_BigId = BigInteger().with_variant(Integer(), "sqlite")


def utcnow() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class RulesetVersion(Base):
    """One published version of everything residents are answered with; never changed once it is written."""

    __tablename__ = "ruleset_version"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    created_by: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]]  # the whole pack
    sha256: Mapped[str] = mapped_column(String(64))  # of the content, see rulesets.digest


class Announcement(Base):
    """An article that residents can read, until it is withdrawn."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(128))
    digest: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)  # plain text
    published_at: Mapped[datetime] = mapped_column(index=True)
    withdrawn_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()  # one more at each change; see announcements.change_stamp

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy wants a dict
    # Without it, SQLite gives the id of a deleted last row to the next one.
    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def local_day(self) -> date:
        """The day of publication where the residents live."""
        return self.published_at.astimezone(TIMEZONE).date()


class Exchange(Base):
    """What one resident said and what was answered, masked; without person and texts once it had to be forgotten."""

    __tablename__ = "exchange"

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    stream_id: Mapped[str] = mapped_column(String(41), unique=True)  # of the Redis stream: makes recording idempotent
    at: Mapped[datetime]
    person: Mapped[str | None] = mapped_column(String(64))  # a pseudonym
    message_type: Mapped[str] = mapped_column(String(64))
    said: Mapped[str] = mapped_column(Text)
    reply: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(String(64))
    entries: Mapped[list[str]]
    handler: Mapped[str] = mapped_column(String(64))
    ruleset_version: Mapped[int]
    elapsed_us: Mapped[int]

    # For a log read newest first: of everybody, of one person, of one decision.
    __table_args__ = (Index(None, "at"), Index(None, "person", "at"), Index(None, "decision", "at"))
