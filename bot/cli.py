"""The flask commands: ask, seed, check-content, publish, menu-publish, worker."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from bot.content import publish
from bot.content.document import ContentError
from bot.content.pack import Pack, load_pack
from bot.dialogue.messages import Text, TextReply, dump_reply
from bot.dialogue.router import Outcome
from bot.dialogue.session import Session
from bot.menu import load_menu
from bot.seed import seed as run_seed
from bot.services import services
from bot.store.redis import connect
from bot.wechat_api.client import make_client
from bot.wechat_api.errors import WeChatError
from bot.wechat_api.menu import publish_menu
from bot.worker import run_worker, stop_on_signals

# Seconds: a person waits for these commands, no resident does.
REDIS_TIMEOUT = 2.0
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(app: Flask) -> None:
    """Adds the commands to ``flask --app wsgi``."""
    for command in (ask, seed, check_content, publish_content, menu_publish, worker):
        app.cli.add_command(command)


@click.command("ask")
@click.argument("question", required=False)
@click.option("--file", "questions", type=EXISTING_FILE, help="a question on each line")
@click.option("--json", "as_json", is_flag=True, help="one JSON line for each answer")
@with_appcontext
def ask(question: str | None, questions: Path | None, as_json: bool) -> None:
    """Answer QUESTION as a resident would be answered, and say which handler and entry did it and why."""
    if question is not None and questions is None:
        asked = [question]
    elif question is None and questions is not None:
        asked = [line.strip() for line in questions.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    else:
        raise click.UsageError('give a question or --file: flask --app wsgi ask "秸秆能烧吗"')
    desk, live = services().desk, services().live
    for line in asked:
        outcome = desk.reply_to(Text(to_user="", openid="ask", created_at=0, content=line), Session())
        click.echo(_as_json(line, outcome) if as_json else _as_text(outcome, live.current.version))


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Create or upgrade the database; publish config/content as version 1 if nothing is published yet."""
    click.echo(f"ruleset version {run_seed(services().settings)} is published")


@click.command("check-content")
def check_content() -> None:
    """Check config/content and list every mistake with its file and line."""
    click.echo(f"{len(_checked_pack().entries)} entries, no problem")


@click.command("publish")
@click.option("--note", required=True, help="what changed, for those who come later")
@with_appcontext
def publish_content(note: str) -> None:
    """Publish config/content as the next version; every web worker has it within seconds."""
    redis = connect(services().settings.redis, REDIS_TIMEOUT)
    number = publish.publish(services().engine, redis, _checked_pack(), note=note, author="cli")
    click.echo(f"ruleset version {number} is published")


@click.command("menu-publish")
@with_appcontext
def menu_publish() -> None:
    """Check config/menu.yaml against the published content and make it the account's menu."""
    settings = services().settings
    try:
        client = make_client(settings, connect(settings.redis, REDIS_TIMEOUT))
        menu = load_menu(services().live.current.pack)
        publish_menu(client, menu)
    except (ContentError, WeChatError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    names = "、".join(button.name for button in menu.button)
    click.echo(f"the account's menu is now {names}; residents see it within a day")


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Move exchanges to the database and delete what is due; runs until it is stopped."""
    run_worker(services().settings, stop_on_signals())


def _checked_pack() -> Pack:
    try:
        return load_pack()
    except ContentError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _as_json(question: str, outcome: Outcome) -> str:
    return json.dumps(
        {
            "q": question,
            "reply": _shown(outcome),
            "decision": outcome.kind,
            "entries": list(outcome.entries),
            "handler": outcome.handler,
        },
        ensure_ascii=False,
    )


def _as_text(outcome: Outcome, version: int) -> str:
    why = f"\n   why: {outcome.why}" if outcome.why else ""
    entries = ", ".join(outcome.entries) or "-"
    return f"{_shown(outcome)}\n\n-- {outcome.kind} by {outcome.handler}, entries {entries}, ruleset {version}{why}"


def _shown(outcome: Outcome) -> str:
    return outcome.reply.content if isinstance(outcome.reply, TextReply) else dump_reply(outcome.reply)
