"""What is measured, set up: Redis, a database with the rules published in it, and the servers that share them."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from redis import Redis

from bot.content import publish
from bot.dialogue.archive import Archive
from bot.embedded_redis import EmbeddedRedis
from bot.simulator.account import Account, CallbackMode
from bot.store.engine import make_engine
from bot.store.migrate import upgrade
from tests.bench.client import Client
from tests.bench.content import generated_pack, questions, replies
from tests.bench.rounds import CONNECTIONS, PATIENCE, Meter, Round, Target
from tests.bench.servers import Command, Server, granian, gunicorn, product
from tests.bench.traffic import Traffic, hello, residents
from tests.house import SECRET_KEY, settings_for

# A message through 10,000 filters takes seconds: so few of them, and what is not answered in time is left.
FILTER_REQUESTS, FILTER_CONNECTIONS, FILTER_SECONDS = 40, 4, 5.0
ARCHIVED = 1000


class Stage:
    """Everything on loopback and in one temporary directory; ``stack`` ends the processes and removes the directory."""

    def __init__(self, rules: int, stack: ExitStack) -> None:
        self._stack = stack
        # Below /tmp and not TMPDIR: the path of a socket must be short.
        self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weiyan-bench-", dir="/tmp")))
        self._account = Account.random("safe")
        self._server = stack.enter_context(EmbeddedRedis(self._directory / "redis", self._directory / "redis.sock"))
        self._redis = stack.enter_context(Redis.from_url(self._server.url))
        settings = settings_for(self._account, self._server.url, self._directory)
        self._engine = make_engine(settings.database)
        stack.callback(self._engine.dispose)
        upgrade(self._engine)
        pack = generated_pack(rules)
        publish.publish(self._engine, self._redis, pack, note="bench", author="bench")
        self._questions = questions(pack, settings)
        self._replies = self._directory / "replies.json"
        self._replies.write_text(json.dumps(replies(pack, self._questions), ensure_ascii=False), encoding="utf-8")

    @property
    def redis_pid(self) -> int:
        assert self._server.pid is not None
        return self._server.pid

    def clean(self) -> None:
        """Empties Redis of what a load has left, so that the next one meets what this one met."""
        self._redis.flushdb()
        publish.announce(self._engine, self._redis)

    def yardstick(self) -> Target:
        """A bare Flask hello on gunicorn's sync workers: 1.0."""
        return self._target("Flask hello, gunicorn sync", gunicorn("tests.bench.hello:app"), hello)

    def hello(self) -> Target:
        """The same on granian, served as the product is."""
        return self._target("Flask hello, granian", granian("tests.bench.hello:app"), hello)

    def weiyan(self, mode: CallbackMode, *, patient: bool = False) -> Target:
        """The product, as run.py starts it."""
        account = replace(self._account, mode=mode)
        return self._target(f"weiyan, {mode} mode", product(), residents(account, self._questions), mode=mode, patient=patient)

    def werobot(self, *, filters: bool = False) -> Target:
        """WeRoBot in plain mode, its fastest, on granian."""
        name = f"WeRoBot, {'a filter per keyword' if filters else 'keywords in a loop'}"
        traffic = residents(replace(self._account, mode="plain"), self._questions)
        return self._target(name, granian("tests.bench.peer:app"), traffic, BENCH_FILTERS=str(int(filters)))

    def archive_cost(self, safe: Target) -> float:
        """What the worker spends to move one exchange from Redis to the database, in µs of processor time."""
        batch = safe.traffic(ARCHIVED)
        batch.check_all(Client(safe.server.port, batch.requests, CONNECTIONS).flood(PATIENCE).answers)
        archive = Archive(self._redis, self._engine)
        start, moved = time.process_time(), 0
        while count := archive.move():
            moved += count
        return (time.process_time() - start) / moved * 1e6

    def filters(self) -> Round:
        """WeRoBot's own way, a filter for each keyword: how many messages it answers in FILTER_SECONDS."""
        target = self.werobot(filters=True)
        target.server.wait()
        batch = target.traffic(FILTER_REQUESTS)
        client = Client(target.server.port, batch.requests, FILTER_CONNECTIONS)
        with Meter(target.server, self.redis_pid) as meter:
            load = client.flood(FILTER_SECONDS)
        for number, answer in enumerate(load.answers):
            if answer:
                batch.check(number, answer)
        return meter.summary(load)

    def _target(
        self, name: str, command: Command, traffic: Traffic, mode: CallbackMode = "plain", patient: bool = False, **more: str
    ) -> Target:
        environment = {
            "WECHAT_TOKEN": self._account.token,
            "WECHAT_APPID": self._account.appid,
            "WECHAT_APPSECRET": self._account.appsecret,
            "WECHAT_ENCODING_AES_KEY": self._account.encoding_aes_key,
            "WECHAT_CALLBACK_MODE": mode,
            "SECRET_KEY": SECRET_KEY,
            "REDIS_URL": self._server.url,
            "DATA_DIR": str(self._directory),
            "BENCH_REPLIES": str(self._replies),
        }
        server = self._stack.enter_context(Server(name, *command, environment | more, self._directory))
        return Target(server, traffic, patient)
