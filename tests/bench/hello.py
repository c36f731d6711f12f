"""The yardstick: the smallest Flask application."""

from __future__ import annotations

from flask import Flask

from bot.lifeline import die_with_parent

die_with_parent()
app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello"
