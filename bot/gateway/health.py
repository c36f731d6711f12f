"""`/healthz`: this process answers. `/readyz`: so do Redis and the database, and a published ruleset is loaded."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from bot.content.published import Live
from bot.store.redis import ScriptRunner


def create_health_blueprint(engine: Engine, runner: ScriptRunner, live: Live) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """200 when all parts are there, else 503; residents are answered in either case."""
        parts = {"redis": runner.ping(), "database": _database_answers(engine), "ruleset": live.current.version}
        ready = bool(parts["redis"] and parts["database"] and parts["ruleset"])
        return jsonify(status="ok" if ready else "degraded", **parts), 200 if ready else 503

    return blueprint


def _database_answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
