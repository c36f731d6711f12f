"""The demo's account on the simulated platform: random secrets, made once and kept in the data directory."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

ACCOUNT = ("WECHAT_TOKEN", "WECHAT_APPID", "WECHAT_APPSECRET", "WECHAT_ENCODING_AES_KEY", "WECHAT_API_BASE")


def is_demo(environment: Mapping[str, str]) -> bool:
    """True while nothing of a real account is set."""
    return not any(environment.get(name) for name in ACCOUNT)


def demo_environment(data_dir: Path, api_base: str) -> dict[str, str]:
    """The settings of the demo; the secrets are those of the first call for this directory."""
    file = data_dir / "demo.json"
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            json.dump(new_secrets(), stream, indent=1)
        draft.replace(file)
    # Both ends of the demo are on this machine: no proxy of the operator's stands between them.
    return {**json.loads(file.read_text(encoding="ascii")), "WECHAT_API_BASE": api_base, "no_proxy": "127.0.0.1"}


def new_secrets() -> dict[str, str]:
    """Random secrets in the forms that the platform prescribes."""
    return {
        "WECHAT_TOKEN": secrets.token_hex(16),
        "WECHAT_APPID": "wx" + secrets.token_hex(8),
        "WECHAT_APPSECRET": secrets.token_hex(16),
        "WECHAT_ENCODING_AES_KEY": new_aes_key(),
        "SECRET_KEY": secrets.token_hex(32),
    }


def new_aes_key() -> str:
    """32 random bytes as 43 characters of base64, without those that are neither letter nor digit."""
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        if re.fullmatch(r"[A-Za-z0-9]{43}", key):
            return key
