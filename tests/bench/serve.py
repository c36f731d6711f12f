"""`python -m tests.bench.serve TARGET OPTIONS`: another application on granian, with the options as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces


def main(target: str, options: dict[str, Any]) -> None:
    """Serves until SIGTERM."""
    modes = {"interface": Interfaces(options["interface"]), "http": HTTPModes(options["http"])}
    Granian(target, **(options | modes)).serve()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
