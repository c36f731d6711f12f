"""WeRoBot with the same keywords, answers and Redis, as its documentation has it, on its own WSGI application (bottle).

BENCH_REPLIES names a JSON file, {keyword: answer}. With BENCH_FILTERS=1 each keyword is a filter of its own, WeRoBot's own
way to say "this word, this answer"; without, one handler looks through all of them, which its users resort to.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis
from werobot import WeRoBot  # type: ignore[import-untyped]
from werobot.session.redisstorage import RedisStorage  # type: ignore[import-untyped]

from bot.lifeline import die_with_parent

Session = dict[str, Any]


def make_robot(replies: dict[str, str], *, filters: bool) -> WeRoBot:
    """A robot that answers a text with the reply of the first keyword in it, and remembers the keyword."""
    storage = RedisStorage(Redis.from_url(os.environ["REDIS_URL"]))
    robot = WeRoBot(token=os.environ["WECHAT_TOKEN"], session_storage=storage)
    if filters:
        for keyword, reply in replies.items():
            robot.add_filter(_always(keyword, reply), [re.compile(f".*{re.escape(keyword)}")])
        return robot

    def answer(message: Any, session: Session) -> str | None:
        content = message.content  # looked up once: it costs as much as a comparison
        for keyword, reply in replies.items():
            if keyword in content:
                session["keyword"] = keyword
                return reply
        return None

    robot.add_handler(answer, type="text")
    return robot


def _always(keyword: str, reply: str) -> Callable[[Any, Session], str]:
    def answer(_message: Any, session: Session) -> str:
        session["keyword"] = keyword
        return reply

    return answer


if "BENCH_REPLIES" in os.environ:
    die_with_parent()
    app = make_robot(
        json.loads(Path(os.environ["BENCH_REPLIES"]).read_text(encoding="utf-8")),
        filters=os.environ.get("BENCH_FILTERS") == "1",
    ).wsgi
