"""Processes of their own for tests about several at once, or about being killed: clean, and quick to start."""

from __future__ import annotations

import multiprocessing

# A fork of a small server that has imported what they need: no thread or connection of the tests comes along.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["bot.worker", "bot.store.migrate", "tests.databases"])
