"""`python -m tests.gateway.speed`: what the gateway costs a message, in this process and without Flask, in microseconds."""

from __future__ import annotations

import timeit
from collections.abc import Callable

from bot.dialogue.messages import TextReply
from bot.gateway.envelope import Envelope, Mode
from bot.gateway.xml import parse, render
from tests.gateway.samples import EXAMPLE_XML
from tests.gateway.signing import AES_KEY, APPID, NOW, TOKEN, encrypt, encrypted_query, envelope_xml, query

LINK = '<a href="weixin://bizmsgmenu?msgmenucontent=材料&msgmenuid=1">材料</a>'
REPLY = TextReply("办身份证要带户口簿，本人到派出所户籍窗口办，照相、按指纹，当场受理。一般 20 个工作日内办好。\n" * 4 + LINK)


def microseconds(act: Callable[[], object]) -> float:
    """The best of many short runs: what other programs take from this one does not count."""
    return min(timeit.repeat(act, number=400, repeat=200)) / 400 * 1e6


def measure(mode: Mode) -> str:
    envelope = Envelope(TOKEN, APPID, mode, AES_KEY, clock=lambda: NOW)
    cipher = encrypt(EXAMPLE_XML)
    signed = query() if mode == "plain" else encrypted_query(cipher)
    arguments = {name: [value] for name, value in signed.items()}
    body = EXAMPLE_XML.encode() if mode == "plain" else envelope_xml(cipher)
    opened = envelope.open(arguments, body)
    message = parse(opened.xml)
    xml = render(REPLY, message, NOW) or ""

    def whole() -> bytes:
        opened = envelope.open(arguments, body)
        return envelope.seal(render(REPLY, parse(opened.xml), envelope.now()) or "", opened)

    steps: dict[str, Callable[[], object]] = {
        "whole": whole,
        "open": lambda: envelope.open(arguments, body),
        "parse": lambda: parse(opened.xml),
        "render": lambda: render(REPLY, message, NOW),
        "seal": lambda: envelope.seal(xml, opened),
    }
    return f"{mode:6}" + "  ".join(f"{name} {microseconds(act):5.1f}" for name, act in steps.items())


if __name__ == "__main__":
    for each in ("plain", "safe"):
        print(measure(each))
