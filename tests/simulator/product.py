"""A small honest product for the simulator's tests: a webhook on Flask and wechatpy, on a real HTTP server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import xmltodict
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.simulator import Account

Message = dict[str, Any]


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass
class Product:
    """``answer`` gives the reply's XML (sealed here), or a Response that goes out as it is. ``requests`` keeps what came."""

    account: Account
    answer: Callable[[Message], str | Response] = lambda message: "success"
    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def open(self) -> Message:
        """The message as wechatpy reads it; its exceptions mean that the simulator has sealed it wrongly."""
        query = request.args
        check_signature(self.account.token, query["signature"], query["timestamp"], query["nonce"])
        xml: str | bytes = request.get_data()
        if self.account.mode != "plain":
            assert query["encrypt_type"] == "aes"
            xml = self.crypto.decrypt_message(xml, query["msg_signature"], query["timestamp"], query["nonce"])
        message: Message = xmltodict.parse(xml)["xml"]
        return message

    @property
    def crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self.account.token, self.account.encoding_aes_key, self.account.appid)

    def seal(self, reply: str) -> str:
        if reply in ("", "success") or self.account.mode == "plain":
            return reply
        return str(self.crypto.encrypt_message(reply, "777", str(int(time.time()))))


def text_reply(message: Message, content: str) -> str:
    return reply(message, "text", f"<Content>{escape(content)}</Content>")


def reply(message: Message, msgtype: str, inner: str) -> str:
    return (
        f"<xml><ToUserName>{message['FromUserName']}</ToUserName><FromUserName>{message['ToUserName']}</FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType>{msgtype}</MsgType>{inner}</xml>"
    )


@contextmanager
def running_product(account: Account) -> Iterator[Product]:
    product = Product(account)
    app = Flask("product")

    @app.get("/wechat")
    def verify() -> ResponseReturnValue:
        query = request.args
        check_signature(account.token, query["signature"], query["timestamp"], query["nonce"])
        return Response(query["echostr"], mimetype="text/plain")

    @app.post("/wechat")
    def receive() -> ResponseReturnValue:
        product.requests.append((request.args.to_dict(), request.get_data()))
        message = product.open()
        product.messages.append(message)
        answer = product.answer(message)
        return answer if isinstance(answer, Response) else product.seal(answer)

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    product.url = f"http://127.0.0.1:{server.port}/wechat"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield product
    finally:
        server.shutdown()
        thread.join()
