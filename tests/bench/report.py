"""The results as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bot.embedded_redis import find_server
from tests.bench.rounds import CONNECTIONS, STEADY, Round, Target
from tests.bench.servers import WORKERS
from tests.bench.traffic import SAMPLE

_HEAD = ("", "msg/s", "ratio", "CPU µs", "Redis µs", "p50 ms", "p99 ms", "RSS MB", "PSS MB", "client")
# The share of the processors that other programs may take before the numbers mean little.
BUSY = 0.1


@dataclass
class Results:
    """The targets with what was measured of each; the first is 1.0. ``filters`` and ``archive`` may not have been reached."""

    yardstick: Target
    hello: Target
    plain: Target
    safe: Target
    werobot: Target
    rules: int
    filters: Round | None = None
    archive: float | None = None

    @property
    def targets(self) -> list[Target]:
        """In the order in which they are measured and shown."""
        return [self.yardstick, self.hello, self.plain, self.safe, self.werobot]

    def as_json(self) -> dict[str, float]:
        """What `--json` writes: ratios to the yardstick, µs, ms, MB, messages per second."""
        return {
            "ratio_plain": round(self.plain.ratio(self.yardstick), 3),
            "ratio_safe": round(self.safe.ratio(self.yardstick), 3),
            "cpu_us_plain": round(self.plain.peak.cpu, 1),
            "cpu_us_safe": round(self.safe.peak.cpu, 1),
            "p99_ms": round(self.safe.paced.p99, 2),
            "rss_mb": round(max(self.safe.server.memory()[0], self.plain.server.memory()[0]), 1),
            "werobot_ratio": round(self.werobot.ratio(self.yardstick), 4),
            "hello_rps": round(self.yardstick.peak.rate, 1),
        }

    def as_table(self) -> str:
        """Aligned Markdown, then the notes that its numbers need."""
        rows = [_HEAD, ("---",) * len(_HEAD), *map(self._row, self.targets)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
        return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *self._notes()])

    def _row(self, target: Target) -> tuple[str, ...]:
        rss, pss = target.server.memory()
        return (
            target.name,
            f"{target.peak.rate:,.0f}",
            f"{target.ratio(self.yardstick):.2f}",
            f"{target.peak.cpu:.0f}",
            f"{target.peak.redis:.0f}",
            f"{target.peak.p50:.1f}",
            f"{target.peak.p99:.1f}",
            f"{rss:.0f}",
            f"{pss:.0f}",
            f"{target.peak.client:.0f} µs, {target.peak.client_share:.0%}",
        )

    def _notes(self) -> Iterator[str]:
        safe, rounds = self.safe, len(self.safe.floods)
        yield (
            f"{safe.name}, at {STEADY:.0%} of its peak with random arrivals ({safe.paced.rate:,.0f} msg/s): "
            f"p50 {safe.paced.p50:.1f} ms, p99 {safe.paced.p99:.1f} ms"
        )
        if self.filters:
            yield (
                f"WeRoBot, a filter per keyword: {self.filters.rate:.1f} msg/s, ratio "
                f"{self.filters.rate / self.yardstick.peak.rate:.4f}, p50 {self.filters.p50:,.0f} ms, "
                f"CPU {self.filters.cpu:,.0f} µs, Redis {self.filters.redis:,.0f} µs"
            )
        if self.archive:
            yield f"later, the worker: {self.archive:.0f} µs for each exchange from Redis to the database"
        yield (
            f"medians of {rounds} rounds in turn, ratios within a round; {WORKERS} workers, {CONNECTIONS} connections, kept "
            "alive (gunicorn sync closes each after its answer); CPU: the web workers' per message; client: this load generator"
        )
        yield (
            f"rules: {self.rules:,} keywords beside the shipped content; sessions in the same Redis, unix socket; every answer "
            f"is checked, every {SAMPLE}th sealed one opened. WeRoBot: plain mode, one handler that loops over the same "
            "keywords, its own application on granian"
        )
        yield f"machine: {machine()}"
        if (others := max(target.peak.others for target in self.targets)) > BUSY:
            yield f"NOT COMPARABLE: other programs took up to {others:.0%} of the processors meanwhile"


def machine() -> str:
    """Processor, system and the versions of what was measured."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    packages = ", ".join(f"{name} {version(name)}" for name in ("flask", "gunicorn", "granian", "werobot"))
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} × {model}, {system}, {packages}, Redis of {find_server()[0]}"


def _cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
