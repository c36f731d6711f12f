"""Every setting, from environment variables, checked once at the start; docs/settings.md lists them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import sys
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]
TIMEZONE = ZoneInfo("Asia/Shanghai")
SOCKET_PATH_BYTES = 100  # Linux takes 107, macOS 103


class SettingsError(SystemExit):
    """Stops the start with one line that names the setting and what to do."""

    # Gunicorn takes 3 for "this will never start" and ends; after any other code it starts workers for ever.
    EXIT_CODE = 3

    def __init__(self, line: str) -> None:
        super().__init__(self.EXIT_CODE)
        self.line = line
        print(line, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        return self.line


class Settings(BaseSettings):
    """Field names in upper case are the environment variables. Times are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    account_name: str = Field(default="集贤微言", description="公众号的名字，显示在欢迎语和页面上")

    wechat_token: SecretStr = Field(default=SecretStr(""), description="公众平台“服务器配置”里的令牌(Token)，3–32 位字母数字")
    wechat_appid: str = Field(default="", description="公众号的 AppID，wx 开头")
    wechat_appsecret: SecretStr = Field(default=SecretStr(""), description="公众号的 AppSecret，32 位")
    wechat_encoding_aes_key: SecretStr = Field(
        default=SecretStr(""), description="消息加解密密钥(EncodingAESKey)，43 位；明文模式不需要"
    )
    wechat_callback_mode: Literal["plain", "compatible", "safe"] = Field(
        default="safe", description="消息加解密方式：明文、兼容、安全"
    )
    wechat_timestamp_tolerance_seconds: int = Field(
        default=300, ge=0, le=86400, description="签名时间戳最多可以差多少秒；0 不检查"
    )
    wechat_api_base: str = Field(default="https://api.weixin.qq.com", description="微信接口地址；演示时指向模拟平台")

    secret_key: SecretStr = Field(default=SecretStr(""), description="给 openid 做假名、给会话签名的密钥，至少 32 个字符")
    data_dir: Path = Field(default=ROOT / "var", description="内置的数据库、Redis 和演示密钥放在哪里")
    database_url: str = Field(default="", description="PostgreSQL 地址；不填就用 DATA_DIR 里的 SQLite")
    redis_url: str = Field(default="", description="Redis 地址；不填就用 DATA_DIR 里内置的 Redis")

    session_ttl_seconds: int = Field(default=1800, ge=60, le=86400, description="一段对话记多久")
    reply_ttl_seconds: int = Field(default=120, ge=60, le=3600, description="答复为平台的重试保留多久")
    rate_limit_messages: int = Field(default=20, ge=1, le=1000, description="一个人在时间窗里最多几条消息")
    rate_limit_seconds: int = Field(default=10, ge=1, le=600, description="上一项的时间窗")
    exchange_retention_days: int = Field(default=180, ge=1, le=3650, description="对话记录保留多少天")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="日志级别")

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, value: str) -> str:
        """psycopg 3 is the driver; the usual postgresql:// of hosting providers would ask for psycopg2."""
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @classmethod
    def from_env(cls, *, serving: bool = True) -> Settings:
        """Settings from the environment; raises SettingsError on the first fault.

        ``serving`` False, for commands that answer no webhook, lets the WeChat secrets be missing.
        """
        try:
            settings = cls()
        except ValidationError as error:
            fault = error.errors()[0]
            name = str(fault["loc"][0]).upper()
            raise SettingsError(f"{name}: {fault['msg']} – correct it in the environment (docs/settings.md)") from None
        if serving:
            settings.check_secrets()
        return settings

    def check_secrets(self) -> None:
        """Raises SettingsError naming the first WeChat setting that is missing or malformed."""
        faults = {
            "WECHAT_TOKEN": None if re.fullmatch(r"[A-Za-z0-9]{3,32}", self.token) else "3 to 32 letters or digits",
            "WECHAT_APPID": None if re.fullmatch(r"wx[0-9a-zA-Z]{16}", self.wechat_appid) else "wx and 16 letters or digits",
            "WECHAT_APPSECRET": None
            if re.fullmatch(r"[0-9a-zA-Z]{32}", self.wechat_appsecret.get_secret_value())
            else "32 letters or digits",
            "WECHAT_ENCODING_AES_KEY": None if self._aes_key_fits() else "43 letters or digits that decode to 32 bytes",
            "SECRET_KEY": None if len(self.secret_key.get_secret_value()) >= 32 else "32 characters or more, random",
        }
        for name, wanted in faults.items():
            if wanted:
                value = getattr(self, name.lower())
                text = value.get_secret_value() if isinstance(value, SecretStr) else value
                state = "is malformed" if text else "is missing"
                raise SettingsError(f"{name} {state}: set it to {wanted} (docs/settings.md)")

    def _aes_key_fits(self) -> bool:
        if self.wechat_callback_mode == "plain" and not self.wechat_encoding_aes_key.get_secret_value():
            return True
        try:
            return len(self.aes_key) == 32
        except (ValueError, binascii.Error):
            return False

    @property
    def token(self) -> str:
        return self.wechat_token.get_secret_value()

    @property
    def aes_key(self) -> bytes:
        """The 32 bytes of EncodingAESKey (43 characters of base64 without its "=")."""
        key = self.wechat_encoding_aes_key.get_secret_value()
        if not re.fullmatch(r"[A-Za-z0-9]{43}", key):
            raise ValueError("EncodingAESKey has 43 letters or digits")
        return base64.b64decode(key + "=")

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'weiyan.db'}"

    @property
    def redis(self) -> str:
        """The Redis URL in force."""
        return self.redis_url or f"unix://{quote(str(self.redis_socket))}"

    @property
    def redis_socket(self) -> Path:
        """Where the embedded Redis listens: in the data directory or, where that makes it too long, in a directory of its own.

        /tmp and not TMPDIR, so that every shell finds the same.
        """
        socket = self.data_dir / "redis.sock"
        if len(os.fsencode(socket)) <= SOCKET_PATH_BYTES:
            return socket
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path("/tmp") / f"weiyan-{os.getuid()}-{name}" / "redis.sock"  # noqa: S108 - private: see embedded_redis

    @property
    def pseudonym_key(self) -> bytes:
        """Keys the pseudonyms of openids. Commands without SECRET_KEY get one of their own and store nothing."""
        return (self.secret_key.get_secret_value() or _THROWAWAY).encode()


_THROWAWAY = secrets.token_hex(32)
