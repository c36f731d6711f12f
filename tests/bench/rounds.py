"""Measures targets in turn – A B C A B C … – so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from types import TracebackType
from typing import Self

from tests.bench.client import Client, Fault, Load
from tests.bench.servers import Server, busy_seconds, cpu_seconds
from tests.bench.traffic import Batch, Traffic

CONNECTIONS = 32
# Of a target's peak, the load under which latencies are what residents would see.
STEADY = 0.7
# Seconds that a load may take longer than planned before what is missing counts as a fault.
PATIENCE = 20.0
WARM_UP_REQUESTS = 200
MIN_REQUESTS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds: ``flood`` and ``steady`` of each load; no round begins that would end later than ``budget`` after the start."""

    rounds: int
    flood: float
    steady: float
    budget: float


@dataclass(frozen=True, slots=True)
class Round:
    """One load on one target. Latencies in ms; processor time in µs a message, of the web workers, Redis and this client.

    ``client_share`` is of one processor, ``others``, what other programs took, of all.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    redis: float
    client: float
    client_share: float
    others: float


@dataclass
class Target:
    """A server, what it is asked, and what came of it; ``estimate``, in messages per second, follows that.

    ``patient``: its latencies below the peak are measured, too.
    """

    server: Server
    traffic: Traffic
    patient: bool = False
    floods: list[Round] = field(default_factory=list)
    steady: list[Round] = field(default_factory=list)
    estimate: float = 100.0

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def peak(self) -> Round:
        """The medians of all floods."""
        return typical(self.floods)

    @property
    def paced(self) -> Round:
        """The medians of the loads at STEADY of the peak."""
        return typical(self.steady)

    def ratio(self, to: Target) -> float:
        """Messages per second relative to ``to``: the median over the rounds of both."""
        return statistics.median(own.rate / other.rate for own, other in zip(self.floods, to.floods, strict=True))


def typical(rounds: Sequence[Round]) -> Round:
    """The median of each number over ``rounds``."""
    return Round(*map(statistics.median, zip(*map(astuple, rounds), strict=True)))


class Bench:
    """Runs the loads. ``redis`` is the server's process id; ``clean`` empties Redis behind a load."""

    def __init__(self, targets: list[Target], redis: int, clean: Callable[[], None]) -> None:
        self._targets = targets
        self._redis = redis
        self._clean = clean

    def run(self, plan: Plan, started: float) -> Iterator[int]:
        """Warms all targets up, then yields the number of each round that is done. ``started`` on the monotonic clock."""
        for target in self._targets:
            target.server.wait()
        for target in self._targets:
            # Twice: the first requests connect to Redis and fill caches, the second lot says how fast it is.
            for _ in range(2):
                target.estimate = self._flood(target, WARM_UP_REQUESTS).rate
        took = 0.0
        for number in range(1, plan.rounds + 1):
            begun = time.monotonic()
            if number > 1 and begun + took > started + plan.budget:
                return
            for target in self._targets:
                self._measure(target, plan)
            took = time.monotonic() - begun
            yield number

    def _measure(self, target: Target, plan: Plan) -> None:
        count = max(MIN_REQUESTS, int(target.estimate * plan.flood))
        target.floods.append(self._flood(target, count))
        target.estimate = target.peak.rate
        if target.patient:
            rate = STEADY * target.estimate
            target.steady.append(self._pace(target, max(MIN_REQUESTS, int(rate * plan.steady)), rate))

    def _flood(self, target: Target, count: int) -> Round:
        batch = target.traffic(count)
        return self._observe(target, batch, lambda client: client.flood(count / target.estimate + PATIENCE))

    def _pace(self, target: Target, count: int, rate: float) -> Round:
        # Residents don't wait for each other: arrivals are random, their gaps exponential.
        moment, due = 0.0, []
        for _ in range(count):
            moment += random.expovariate(rate)
            due.append(moment)
        return self._observe(target, target.traffic(count), lambda client: client.pace(due, moment + PATIENCE))

    def _observe(self, target: Target, batch: Batch, send: Callable[[Client], Load]) -> Round:
        client = Client(target.server.port, batch.requests, CONNECTIONS)
        with Meter(target.server, self._redis) as meter:
            load = send(client)
        batch.check_all(load.answers)
        self._clean()
        return meter.summary(load)


class Meter:
    """Processor time, in seconds, that passes while it is the context: of ``server``'s workers, of Redis, of all programs."""

    def __init__(self, server: Server, redis: int) -> None:
        self._sources: tuple[Callable[[], float], ...] = (server.cpu, lambda: cpu_seconds(redis), busy_seconds)

    def __enter__(self) -> Self:
        self._before = [source() for source in self._sources]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._web, self._redis, self._all = (
            source() - before for source, before in zip(self._sources, self._before, strict=True)
        )

    def summary(self, load: Load) -> Round:
        """``load``, which ran meanwhile, as numbers. Raises Fault when nothing was answered."""
        latencies = sorted(itertools.compress(load.latencies, load.answers))
        count = len(latencies)
        if not count:
            raise Fault(f"no answer came in {load.seconds:.0f} s")
        others = self._all - self._web - self._redis - load.cpu
        return Round(
            rate=count / load.seconds,
            p50=latencies[count // 2] * 1e3,
            p99=latencies[count * 99 // 100] * 1e3,
            cpu=self._web / count * 1e6,
            redis=self._redis / count * 1e6,
            client=load.cpu / count * 1e6,
            client_share=load.cpu / load.seconds,
            others=max(0.0, others) / load.seconds / (os.cpu_count() or 1),
        )
