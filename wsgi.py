"""The WSGI entry: `granian --interface wsgi wsgi:app`, `gunicorn wsgi:app`, `flask --app wsgi …`."""

import click

from bot.app import create_app
from bot.lifeline import die_with_parent
from config.settings import Settings


def _serving() -> bool:
    """False under `flask --app wsgi COMMAND`: ask or seed need no WeChat secrets. True for every server, `flask run` too."""
    command = click.get_current_context(silent=True)
    return command is None or command.info_name == "run"


die_with_parent()
app = create_app(Settings.from_env(serving=_serving()), serving=_serving())
