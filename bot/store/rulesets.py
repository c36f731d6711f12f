"""Queries about published rulesets. They never commit: the caller's session_scope does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.store.tables import RulesetVersion


def newest(session: Session) -> RulesetVersion | None:
    """The version in force, with its content."""
    return session.scalars(select(RulesetVersion).order_by(RulesetVersion.number.desc()).limit(1)).first()


def newest_number(session: Session) -> int:
    """The number of the version in force; 0 where nothing is published yet."""
    return session.scalar(select(func.max(RulesetVersion.number))) or 0


def lock(session: Session) -> None:
    """Lets nobody else publish before this transaction ends, so that what it reads of rulesets stays true. Readers go on."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite, session_scope lets in one writer at a time
        session.execute(text(f"LOCK TABLE {RulesetVersion.__tablename__} IN EXCLUSIVE MODE"))


def add(session: Session, content: Mapping[str, Any], note: str, created_by: str) -> RulesetVersion:
    """Publishes ``content``, plain JSON values, under the next number; safe when two publish at once."""
    lock(session)
    version = RulesetVersion(
        number=newest_number(session) + 1,
        content=dict(content),
        sha256=digest(content),
        note=note,
        created_by=created_by,
    )
    session.add(version)
    session.flush()
    return version


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content in hexadecimal, whatever the order of its keys."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
