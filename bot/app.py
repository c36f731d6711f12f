"""The composition root: the only module that knows all the others."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from bot import cli, cli_matching, logs
from bot.content import published
from bot.content.published import Live
from bot.dialogue.desk import Desk
from bot.dialogue.inbox import Inbox
from bot.gateway.envelope import Envelope
from bot.gateway.health import create_health_blueprint
from bot.gateway.webhook import create_blueprint
from bot.services import EXTENSION, Services
from bot.store.engine import make_engine
from bot.store.redis import ScriptRunner
from config.settings import TIMEZONE, Settings
from handlers import ROUTERS


def create_app(settings: Settings, *, serving: bool = True) -> Flask:
    """The Flask app with everything wired. ``serving`` False leaves the webhook out, for commands without WeChat secrets."""
    logs.configure(settings.log_level, _secrets(settings))
    app = Flask(__name__, static_folder=None)
    logs.init_app(app)
    engine = make_engine(settings.database)
    runner = ScriptRunner(settings.redis)
    live = Live(lambda: published.read(engine))
    desk = make_desk(settings, live, runner)
    app.register_blueprint(create_health_blueprint(engine, runner, live))
    if serving:
        app.register_blueprint(create_blueprint(Envelope.from_settings(settings), desk.answer))
        # Compiled before the first resident writes, not while he waits.
        _ = live.current
    app.extensions[EXTENSION] = Services(settings, engine, live, desk)
    cli.register(app)
    cli_matching.register(app, lambda: live.current.pack.entries, lambda: datetime.now(TIMEZONE).date())
    return app


def make_desk(settings: Settings, live: Live, runner: ScriptRunner) -> Desk:
    """The desk with its inbox, as the settings want it."""
    inbox = Inbox(
        runner,
        session_ttl=settings.session_ttl_seconds,
        reply_ttl=settings.reply_ttl_seconds,
        rate_messages=settings.rate_limit_messages,
        rate_seconds=settings.rate_limit_seconds,
    )
    return Desk(ROUTERS, live, inbox, account_name=settings.account_name, pseudonym_key=settings.pseudonym_key)


def _secrets(settings: Settings) -> list[str]:
    """What may never stand in a log line."""
    values = (settings.wechat_token, settings.wechat_appsecret, settings.wechat_encoding_aes_key, settings.secret_key)
    return [value.get_secret_value() for value in values if value.get_secret_value()]
