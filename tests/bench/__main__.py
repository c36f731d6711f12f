"""`python -m tests.bench [--quick] [--json FILE]`: measures the product beside its peers and prints how they compare."""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from bot import logs
from bot.supervisor import end_on_signals
from tests.bench.client import Fault
from tests.bench.report import Results
from tests.bench.rounds import Bench, Plan
from tests.bench.stage import Stage

RULES = 10_000
FULL = Plan(rounds=7, flood=4.0, steady=3.0, budget=600.0)
QUICK = Plan(rounds=3, flood=1.2, steady=1.0, budget=36.0)


def main() -> None:
    """Runs until all is measured; a wrong answer ends it with 1, Ctrl-C or a kill with nothing left behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, less exact")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    parser.add_argument("--rules", type=int, default=RULES, metavar="N", help="keywords of generated rules")
    arguments = parser.parse_args()
    end_on_signals()
    logs.configure("WARNING", ())
    try:
        results = bench(QUICK if arguments.quick else FULL, arguments.rules)
    except Fault as fault:
        sys.exit(f"bench: {fault}")
    print(results[1])
    if arguments.json:
        arguments.json.write_text(json.dumps(results[0]) + "\n", encoding="utf-8")


def bench(plan: Plan, rules: int) -> tuple[dict[str, float], str]:
    """Everything, from an empty directory to the numbers: as_json and as_table of Results."""
    started = time.monotonic()
    with ExitStack() as stack:
        stage = Stage(rules, stack)
        results = Results(
            stage.yardstick(), stage.hello(), stage.weiyan("plain"), stage.weiyan("safe", patient=True), stage.werobot(), rules
        )
        for number in Bench(results.targets, stage.redis_pid, stage.clean).run(plan, started):
            say(f"round {number} of {plan.rounds}, {time.monotonic() - started:.0f} s")
        results.archive = stage.archive_cost(results.safe)
        if time.monotonic() - started < plan.budget:
            results.filters = stage.filters()
        return results.as_json(), results.as_table()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
