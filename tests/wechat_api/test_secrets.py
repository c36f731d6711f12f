"""Canaries: whatever goes wrong, neither the AppSecret nor a token comes out in an exception, a traceback or a log line."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import traceback
from collections.abc import Callable, Iterator

import pytest
import structlog
from pydantic import SecretStr

from bot import logs
from bot.simulator import Account, Platform
from bot.wechat_api.client import PlatformClient
from bot.wechat_api.errors import WeChatError
from bot.wechat_api.token import TokenStore
from bot.wechat_api.transport import Transport
from tests.wechat_api.foreign_server import Foreign, foreign_server

MakeClient = Callable[..., PlatformClient]
MakeStore = Callable[..., TokenStore]

MENU = {"button": [{"type": "click", "name": "帮助", "key": "help"}]}


def told(error: BaseException) -> str:
    """All that anything could print of an exception: texts, causes and contexts, attributes, local variables of every frame."""
    shown = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        shown += [str(link), repr(link), repr(link.args), repr(vars(link))]
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if "/bot/" in frame.f_code.co_filename:
                shown += [repr(value) for value in frame.f_locals.values()]
        link = link.__cause__ or link.__context__
    return "\n".join(shown)


@pytest.fixture
def everything_logged(capfd: pytest.CaptureFixture[str], account: Account) -> Iterator[Callable[[], str]]:
    """All logs of all libraries at DEBUG, as the product writes them."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, list(logging.getLogger().handlers)
    logs.configure("DEBUG", [account.appsecret])
    yield lambda: capfd.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_canaries_are_real(address: str, platform: Platform, store: TokenStore) -> None:
    """What is looked for below is what goes over the wire."""
    token = store.current().get_secret_value()
    platform.tokens.check(token)
    with foreign_server() as server, pytest.raises(WeChatError):
        TokenStore(store._redis, Transport(server.address, SecretStr("")), "wx-other", SecretStr("canary")).current()
    assert b"canary" in server.bodies[0]


@pytest.mark.parametrize("trouble", ["answer", "html", "hang_up", "delay", "closed", "echo", "echo_page", "echo_type"])
@pytest.mark.parametrize("call", ["token", "menu"])
def test_no_secret_comes_out(
    trouble: str,
    call: str,
    make_client: MakeClient,
    make_store: MakeStore,
    platform: Platform,
    account: Account,
    everything_logged: Callable[[], str],
) -> None:
    canaries = [account.appsecret, make_store().current().get_secret_value()]
    with pytest.raises(WeChatError) as caught:
        for base in bases(trouble, platform):
            if call == "token":
                make_store(base).renew(SecretStr(canaries[1]))
            else:
                make_client(base).menu.create(MENU)
    logged = everything_logged()
    assert "127.0.0.1" in logged  # urllib3's own lines are among them
    for canary in canaries:
        assert canary not in told(caught.value)
        assert canary not in logged
        assert canary not in pickle.dumps(caught.value).decode("latin-1")


def bases(trouble: str, platform: Platform) -> Iterator[str]:
    """The one address to call, where ``trouble`` waits."""
    match trouble:
        case "answer":
            platform.faults.answer(40001)
        case "delay":
            platform.faults.delay(2.0)
        case "html" | "hang_up":
            getattr(platform.faults, trouble)()
        case "closed":
            with socket.socket() as unused:
                unused.bind(("127.0.0.1", 0))
                yield f"http://127.0.0.1:{unused.getsockname()[1]}"
                return
        case _:
            with foreign_server(parrot(trouble)) as server:
                yield server.address
                return
    yield platform.address


def parrot(trouble: str) -> Foreign:
    """Repeats what it was asked, secrets and all: in errmsg, in a page, in the headers."""
    if trouble == "echo":
        return Foreign(answer=lambda asked: json.dumps({"errcode": 47001, "errmsg": f"what is {asked}?"}).encode())
    if trouble == "echo_page":
        return Foreign(502, "text/html", answer=lambda asked: f"<html>{asked}".encode())
    return Foreign(answer=lambda _: b"?", headers=lambda asked: {"Content-Type": asked.encode("ascii", "ignore").decode()})


def test_objects_show_nothing(client: PlatformClient, store: TokenStore, account: Account) -> None:
    token = client.access_token
    store.current()
    for thing in (client, store, store._transport, store._own):
        for text in (repr(thing), repr(getattr(thing, "__dict__", ""))):
            assert account.appsecret not in text
            assert token not in text
