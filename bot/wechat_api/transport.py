"""One HTTP exchange with the platform: timeouts, typed errors, and no secret in anything that is raised."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr
from requests import PreparedRequest, Request, Response
from urllib3.exceptions import HTTPError

from bot.wechat_api.errors import WeChatError, bad_setting, error_for, foreign_answer, no_answer

TIMEOUT: Final = (3.0, 10.0)  # seconds to connect, and to wait for the next bytes

Answer: TypeAlias = dict[str, Any]

_CREDENTIAL = re.compile(r"((?:access_token|secret)=)[^&\s\"']+")
_FILE_TYPES = ("image/", "audio/", "video/", "application/octet-stream")


class Transport:
    """Sends requests to one platform. Used by all threads of a process. Raises ConfigurationError when ``base`` is no address.

    ``base`` is what stands before ``/cgi-bin/``; ``secret`` is taken out of whatever words come back.
    """

    def __init__(self, base: str, secret: SecretStr, *, timeout: tuple[float, float] = TIMEOUT) -> None:
        self.base = base.rstrip("/")
        self._host = _host(self.base)
        self._secret = secret
        self._timeout = timeout
        self._http = requests.Session()

    def prepare(self, method: str, url: str, **content: Any) -> PreparedRequest:
        """A request that can be sent more than once: files are read here, once. ``content`` as for `requests.Request`."""
        return self._http.prepare_request(Request(method, url, **content))

    def send(self, request: PreparedRequest, token: SecretStr | None = None) -> Answer | Response:
        """The platform's answer: its JSON object, or the response when that is a file. Raises WeChatError.

        ``token`` joins the address only here, so that no error, log line or local variable elsewhere can hold it.
        """
        outcome = self._read(self._exchange(_with_token(request, token)), token)
        if isinstance(outcome, WeChatError):
            raise outcome
        return outcome

    def _read(self, response: Response, token: SecretStr | None) -> Answer | Response | WeChatError:
        """Gives errors back, for `send` to raise without the raw answer among its local variables."""
        if _is_file(response):
            return response
        answer = _decoded(response)
        errcode = answer.get("errcode", 0)
        if errcode and isinstance(errcode, int):
            return error_for(answer, errcode, lambda text: self._clean(text, token))
        if errcode or not answer or not 200 <= response.status_code < 300:
            kind = self._clean(response.headers.get("Content-Type", "no type"), token)
            return foreign_answer(f"{self._host}: HTTP {response.status_code}, {kind[:60]}")
        return answer

    def _exchange(self, request: PreparedRequest) -> Response:
        """Redirects are not followed: the token would go wherever they lead."""
        environment = self._http.merge_environment_settings(f"{self.base}/", {}, None, None, None)
        try:
            return self._http.send(request, timeout=self._timeout, allow_redirects=False, **environment)
        except requests.Timeout:
            fault = "no answer in time"
        except (requests.RequestException, HTTPError, OSError) as error:
            fault = type(error).__name__
        # Outside of `except`: what requests raises holds the whole address, and not even the context may carry that on.
        raise no_answer(f"{self._host}: {fault}")

    def _clean(self, text: str, token: SecretStr | None) -> str:
        for secret in (self._secret, token):
            if secret:
                text = text.replace(secret.get_secret_value(), "***")
        return _CREDENTIAL.sub(r"\1***", text)


def _host(base: str) -> str:
    try:
        parts = urlsplit(base)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not set("@?#") & set(base)
    except ValueError:
        fits = False
    if not fits:
        raise bad_setting("WECHAT_API_BASE", "is no address like https://api.weixin.qq.com")
    return parts.netloc


def _with_token(request: PreparedRequest, token: SecretStr | None) -> PreparedRequest:
    request = request.copy()
    if token:
        request.prepare_url(request.url, {"access_token": token.get_secret_value()})
    return request


def _is_file(response: Response) -> bool:
    kind = response.headers.get("Content-Type", "").lower()
    attached = response.headers.get("Content-Disposition", "").startswith("attachment")
    return response.status_code == 200 and (attached or kind.startswith(_FILE_TYPES))


def _decoded(response: Response) -> Answer:
    """The JSON object, empty if it is none. The platform lets control characters and halved UTF-8 into its strings."""
    try:
        answer = json.loads(response.content.decode("utf-8", "ignore"), strict=False)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
