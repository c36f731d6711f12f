"""The client for every call to the platform: wechatpy's, with our tokens, timeouts and errors under it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import structlog
from redis import Redis
from requests import PreparedRequest, Response
from wechatpy.client import WeChatClient

from bot.wechat_api.errors import TokenRejected, bad_setting
from bot.wechat_api.token import TokenStore
from bot.wechat_api.transport import TIMEOUT, Answer, Transport
from config.settings import Settings

log = structlog.get_logger(__name__)

_WECHATPY_BASE = "https://api.weixin.qq.com"  # written into wechatpy's API classes


class PlatformClient(WeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's API classes (``client.menu.create(…)``), and ``client.get`` and ``client.post`` for what they lack.

    Every call raises WeChatError. A token that is rejected is renewed once and the call made again once; nothing else is tried
    again here, because only the caller knows what may happen twice. Thread-safe.
    """

    def __init__(self, appid: str, tokens: TokenStore, transport: Transport) -> None:
        # wechatpy itself never gets the secret: it would send it with a call of its own.
        super().__init__(appid, secret="", timeout=TIMEOUT, auto_retry=False)
        self._tokens = tokens
        self._transport = transport

    @property
    def access_token(self) -> str:
        return self._tokens.current().get_secret_value()

    def fetch_access_token(self) -> NoReturn:
        raise NotImplementedError("the token comes from the TokenStore")

    def _request(self, method: str, url_or_endpoint: str, **content: Any) -> Any:
        """What every API class of wechatpy ends in. The result is the platform's JSON object, or a Response for a file."""
        address = self._address(url_or_endpoint, content.pop("api_base_url", f"{_WECHATPY_BASE}/cgi-bin/"))
        process = content.pop("result_processor", None)
        answer = self._send(self._transport.prepare(method, address, **_as_utf8(content)))
        return process(answer) if process else answer

    def _send(self, request: PreparedRequest) -> Answer | Response:
        token = self._tokens.current()
        try:
            return self._transport.send(request, token)
        except TokenRejected as error:
            rejected = error
        log.warning("token_rejected", errcode=rejected.errcode)
        fresh = self._tokens.renew(token)
        if fresh == token:
            raise rejected
        return self._transport.send(request, fresh)

    def _address(self, endpoint: str, base: str) -> str:
        url = endpoint if "://" in endpoint else base + endpoint
        if not url.startswith(f"{_WECHATPY_BASE}/"):
            raise ValueError(f"{url}: the token is for the platform's API alone")
        return self._transport.base + url.removeprefix(_WECHATPY_BASE)


def make_client(settings: Settings, redis: Redis) -> PlatformClient:
    """The client of the account in ``settings``. Raises ConfigurationError naming the setting that is missing."""
    secret = settings.wechat_appsecret
    for name, value in (("WECHAT_APPID", settings.wechat_appid), ("WECHAT_APPSECRET", secret.get_secret_value())):
        if not value:
            raise bad_setting(name, "is missing")
    transport = Transport(settings.wechat_api_base, secret)
    return PlatformClient(settings.wechat_appid, TokenStore(redis, transport, settings.wechat_appid, secret), transport)


def _as_utf8(content: dict[str, Any]) -> dict[str, Any]:
    r"""JSON as raw UTF-8: the platform shows \uXXXX to readers. Leaves out the token that some API classes add themselves."""
    params = {name: value for name, value in (content.pop("params", None) or {}).items() if name != "access_token"}
    body = content.pop("json", None)
    if body is None and isinstance(content.get("data"), dict) and not content.get("files"):
        body = content.pop("data")
    if body is None:
        return {**content, "params": params}
    return {
        **content,
        "params": params,
        "data": json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        "headers": {"Content-Type": "application/json"},
    }
