"""Exchanges: recorded once, forgotten on demand, deleted when their time is over, found without reading the whole log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, Select, select, text
from sqlalchemy.orm import Session

from bot.store import exchanges
from bot.store.engine import read_scope, session_scope
from bot.store.exchanges import NewExchange
from bot.store.tables import Exchange

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def exchange(number: int, person: str = "p1") -> NewExchange:
    return {
        "stream_id": f"{number}-0",
        "at": MONDAY + timedelta(minutes=number),
        "person": person,
        "message_type": "Text",
        "said": f"第{number}问",
        "reply": f"第{number}答",
        "decision": "answer",
        "entries": ["A01", "A02"],
        "handler": "straw_burning",
        "ruleset_version": 3,
        "elapsed_us": 480,
    }


def kept(session: Session) -> list[tuple[str | None, str, str]]:
    return [(row.person, row.said, row.reply) for row in session.scalars(select(Exchange).order_by(Exchange.at))]


def test_a_row_comes_back_as_it_was_recorded(engine: Engine) -> None:
    with session_scope(engine) as session:
        assert exchanges.record(session, [exchange(1)]) == 1
    with read_scope(engine) as session:
        row = session.scalars(select(Exchange)).one()
    assert {name: getattr(row, name) for name in exchange(1)} == exchange(1)


def test_recording_again_counts_once_and_changes_nothing(engine: Engine) -> None:
    with session_scope(engine) as session:
        exchanges.record(session, [exchange(number) for number in range(600)])
        exchanges.forget(session, "p1", until=MONDAY + timedelta(days=1))
        assert exchanges.record(session, [exchange(number) for number in range(590, 610)]) == 10
        assert exchanges.record(session, []) == 0
    with read_scope(engine) as session:
        rows = kept(session)
    assert len(rows) == 610
    assert sum(person is None for person, _, _ in rows) == 600


def test_forgetting_clears_one_person_up_to_then(engine: Engine) -> None:
    with session_scope(engine) as session:
        exchanges.record(session, [exchange(1), exchange(2, "p2"), exchange(3), exchange(4)])
        assert exchanges.forget(session, "p1", until=exchange(3)["at"]) == 2
    with read_scope(engine) as session:
        assert kept(session) == [(None, "", ""), ("p2", "第2问", "第2答"), (None, "", ""), ("p1", "第4问", "第4答")]


def test_the_oldest_are_deleted_a_batch_at_a_time(engine: Engine) -> None:
    with session_scope(engine) as session:
        exchanges.record(session, [exchange(number) for number in range(10)])
    deleted = []
    for _ in range(3):
        with session_scope(engine) as session:
            deleted.append(exchanges.delete_older_than(session, exchange(7)["at"], limit=5))
    assert deleted == [5, 2, 0]
    with read_scope(engine) as session:
        assert [said for _, said, _ in kept(session)] == ["第7问", "第8问", "第9问"]


LATEST = select(Exchange).order_by(Exchange.at.desc()).limit(50)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (LATEST, "ix_exchange_at"),
        (LATEST.where(Exchange.at < MONDAY), "ix_exchange_at"),
        (LATEST.where(Exchange.person == "p1"), "ix_exchange_person_at"),
        (LATEST.where(Exchange.decision == "unknown"), "ix_exchange_decision_at"),
    ],
)
def test_a_view_of_the_log_reads_an_index_and_sorts_nothing(engine: Engine, query: Select[tuple[Exchange]], index: str) -> None:
    with session_scope(engine) as session:
        explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
        compiled = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(tuple(row)) for row in session.execute(text(f"{explain} {compiled}".replace(":", "\\:"))))
    assert index in plan
    assert "sort" not in plan.lower()
    assert "temp b-tree" not in plan.lower()
