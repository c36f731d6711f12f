"""config/menu.yaml: read, and checked against the content that its buttons lead to."""

from __future__ import annotations

from pathlib import Path

from bot.content.document import ContentError, Problem, read_yaml, validated
from bot.content.load import CONTENT_DIR
from bot.content.pack import Pack
from bot.wechat_api.menu import Menu

MENU_FILE = CONTENT_DIR.parent / "menu.yaml"

# Beside the topics and entries; handlers/targets.py answers them.
PAGES = ("announcements", "menu", "help", "human")


def load_menu(pack: Pack, path: Path = MENU_FILE) -> Menu:
    """The menu in ``path``; raises ContentError with every mistake, each with its line: a button that leads nowhere is one."""
    document = read_yaml(path)
    menu = validated(Menu, document)
    known = targets(pack)
    problems = [
        Problem(document.file, document.line(place), f"`{key}` leads nowhere; use {', '.join(PAGES)}, entry:… or topic:…")
        for place, key in menu.targets()
        if key not in known
    ]
    if problems:
        raise ContentError(problems)
    return menu


def targets(pack: Pack) -> set[str]:
    """Every key that a button may have."""
    return {*PAGES, *(f"entry:{entry.id}" for entry in pack.entries), *(f"topic:{topic}" for topic in pack.replies.topics)}
