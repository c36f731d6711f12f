"""Announcements: what residents can see of them, and a stamp that tells every change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot.store import announcements
from bot.store.engine import read_scope, session_scope
from bot.store.tables import Announcement, utcnow

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def stamp(engine: Engine) -> str:
    with read_scope(engine) as session:
        return announcements.change_stamp(session)


def test_the_newest_come_first_and_the_withdrawn_not_at_all(engine: Engine) -> None:
    with session_scope(engine) as session:
        for day in (1, 3, 2):
            announcements.add(session, title=f"第{day}天", body="…", published_at=MONDAY + timedelta(days=day))
        announcements.add(session, title="撤回的", body="…", published_at=MONDAY + timedelta(days=9)).withdrawn_at = utcnow()
    with read_scope(engine) as session:
        assert [item.title for item in announcements.latest(session, 2)] == ["第3天", "第2天"]
        assert len(announcements.latest(session, 10)) == 3


def test_what_is_added_now_is_dated_now(engine: Engine) -> None:
    with session_scope(engine) as session:
        added = announcements.add(session, title="通告", body="正文", url="https://mp.weixin.qq.com/s/x", digest="摘要")
    assert added.id == 1
    assert abs(added.published_at - utcnow()) < timedelta(seconds=5)
    assert (added.title, added.body, added.url, added.digest, added.withdrawn_at) == (
        "通告",
        "正文",
        "https://mp.weixin.qq.com/s/x",
        "摘要",
        None,
    )


def test_the_day_is_that_of_the_residents() -> None:
    late_evening_utc = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert Announcement(published_at=late_evening_utc).local_day == date(2026, 11, 23)


def _withdraw(session: Session) -> None:
    announcements.latest(session, 1)[0].withdrawn_at = utcnow()


def _change_title(session: Session) -> None:
    announcements.latest(session, 1)[0].title = "改过的"


def _replace(session: Session) -> None:
    session.delete(announcements.latest(session, 1)[0])
    session.flush()
    announcements.add(session, title="另一条", body="…")


def _add(session: Session) -> None:
    announcements.add(session, title="又一条", body="…")


@pytest.mark.parametrize("change", [_add, _change_title, _withdraw, _replace])
def test_the_stamp_changes_with_every_change_and_only_then(engine: Engine, change: Callable[[Session], None]) -> None:
    with session_scope(engine) as session:
        announcements.add(session, title="通告", body="…")
    before = stamp(engine)
    assert stamp(engine) == before
    with session_scope(engine) as session:
        change(session)
    assert stamp(engine) != before


def test_the_second_of_two_who_change_one_announcement_is_told(engine: Engine) -> None:
    with session_scope(engine) as session:
        mine = announcements.add(session, title="通告", body="…")
    with session_scope(engine) as session:
        announcements.latest(session, 1)[0].title = "别人先改了"
    with pytest.raises(StaleDataError), session_scope(engine) as session:
        session.add(mine)
        mine.title = "我也改了"
