"""What can go wrong between us and the platform: one type for each thing that a caller can do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import NamedTuple

_TEXT_LIMIT = 200


class WeChatError(Exception):
    """A call to the platform failed; this very type when the errcode is not in our table.

    ``errcode`` is the platform's, None when it did not get to answer; ``errmsg`` its words; ``what_to_do`` a sentence for the
    admin; ``about`` what it is about: a setting, an IP address, a msg_id. None of them ever holds a secret or a token.
    """

    def __init__(self, errcode: int | None, errmsg: str, what_to_do: str, about: str = "") -> None:
        super().__init__(errcode, errmsg, what_to_do, about)
        self.errcode = errcode
        self.errmsg = errmsg
        self.what_to_do = what_to_do
        self.about = about

    def __str__(self) -> str:
        facts = self.errmsg if self.errcode is None else f"{self.errcode} {self.errmsg}"
        return f"{self.what_to_do}（{facts}）"


class TokenRejected(WeChatError):
    """The token does not work, not even a new one: the client has refreshed once and tried again once."""


class ConfigurationError(WeChatError):
    """Stop until the operator has corrected ``setting``."""

    @property
    def setting(self) -> str:
        return self.about


class IpNotAllowed(WeChatError):
    """Stop until the administrator has allowed ``ip``; it is empty when the platform did not name it."""

    @property
    def ip(self) -> str:
        return self.about


class Busy(WeChatError):
    """Try again a little later: with the same clientmsgid, and nothing without one that must not happen twice."""


class TooFast(Busy):
    """As Busy, but not before a minute has gone by."""


class QuotaUsed(WeChatError):
    """Stop until the quota is renewed. For a mass send (45028) a person decides then, never a machine."""


class NotPermitted(WeChatError):
    """The account may not do this. Stop and say why."""


class NeedsPerson(WeChatError):
    """A person must finish this on the platform's website."""


class UserUnreachable(WeChatError):
    """This user can't be written to, or not now. Drop the message and go on with the next."""


class Missing(WeChatError):
    """What the call names is not there (any more): make it again."""


class AlreadySent(WeChatError):
    """This clientmsgid was sent before, as ``msg_id``: that is success."""

    @property
    def msg_id(self) -> str:
        return self.about


class InvalidRequest(WeChatError):
    """We sent what the platform does not take, a fault of ours: the same again fails again."""


class Unreachable(WeChatError):
    """No answer, or none from the platform. What was asked for may have happened all the same."""


class _Rule(NamedTuple):
    error: type[WeChatError]
    what_to_do: str
    about: str = ""


_WHITELIST = "请把服务器的 IP {about} 加进公众号的 IP 白名单（微信开发者平台或公众平台“设置与开发—基本配置”），几分钟后生效"
_LIMITED = "账号被微信限制，请登录公众平台看通知，处理后再试"
_MENU = "菜单不合微信的要求，请检查 config/menu.yaml"
_WRONG_SECRET = _Rule(
    ConfigurationError, "WECHAT_APPSECRET 不对，请按微信开发者平台上的填写，重置过就填新的", "WECHAT_APPSECRET"
)
_UNKNOWN = _Rule(WeChatError, "微信返回了没有收录的错误码，请在官方“全局返回码”里查它，或者把这一行发给开发者")

_RULES: dict[int, _Rule] = {
    -1: _Rule(Busy, "微信系统繁忙，请过一会儿再试"),
    40001: _Rule(TokenRejected, "微信不认刚换的接口凭证，请检查有没有别的程序也在强制刷新这个公众号的凭证"),
    40002: _Rule(InvalidRequest, "取接口凭证的请求不对，请把这一行发给开发者"),
    40003: _Rule(UserUnreachable, "openid 不属于这个公众号，已跳过这个人"),
    40007: _Rule(Missing, "素材已经不在微信那边了，请重新上传"),
    40013: _Rule(ConfigurationError, "WECHAT_APPID 不对，请按微信开发者平台上的填写", "WECHAT_APPID"),
    40125: _WRONG_SECRET,
    40152: _Rule(ConfigurationError, "群发的标签不存在，请重新选择标签", "tag_id"),
    40164: _Rule(IpNotAllowed, _WHITELIST),
    40243: _Rule(ConfigurationError, "AppSecret 被冻结了，请在微信开发者平台解冻，约 10 分钟后生效", "WECHAT_APPSECRET"),
    41001: _Rule(ConfigurationError, "接口凭证在半路上丢了，请检查 WECHAT_API_BASE 和出口代理", "WECHAT_API_BASE"),
    41002: _Rule(ConfigurationError, "没有 AppID，请填写 WECHAT_APPID", "WECHAT_APPID"),
    41004: _Rule(ConfigurationError, "没有 AppSecret，请填写 WECHAT_APPSECRET", "WECHAT_APPSECRET"),
    43004: _Rule(UserUnreachable, "这个人没有关注公众号，已跳过"),
    45009: _Rule(QuotaUsed, "今天调用这个接口的次数用完了，明天零点恢复"),
    45011: _Rule(TooFast, "调用得太快，请过一分钟再试"),
    45015: _Rule(UserUnreachable, "这个人 48 小时内没有发过消息，不能主动给他发"),
    45028: _Rule(QuotaUsed, "群发次数用完了，系统不会自动再发；有次数以后由人决定再发"),
    45047: _Rule(UserUnreachable, "给这个人主动发的条数用完了，等他再发来消息"),
    45065: _Rule(AlreadySent, "这一条已经群发过，没有重复发送"),
    45066: _Rule(TooFast, "同一条群发隔得太近，请过一分钟再试"),
    45067: _Rule(InvalidRequest, "群发编号 clientmsgid 太长，请把这一行发给开发者"),
    45106: _Rule(NotPermitted, "微信已停用这个接口，请升级微言或联系开发者"),
    46003: _Rule(Missing, "公众号还没有自定义菜单"),
    48001: _Rule(NotPermitted, "公众号没有这个接口的权限，多半是因为没有认证；有哪些权限见公众平台“设置与开发—接口权限”"),
    48004: _Rule(NotPermitted, "这个接口因违规被微信封禁，请登录公众平台看通知"),
    48006: _Rule(QuotaUsed, "这个月的接口次数清零机会用完了"),
    48008: _Rule(NotPermitted, "公众号没有发这类消息的权限，请换一种形式"),
    50002: _Rule(NotPermitted, _LIMITED),
    50005: _Rule(UserUnreachable, "这个人没有关注公众号，已跳过"),
    53503: _Rule(NeedsPerson, "草稿没有通过微信的检查，请到公众平台的草稿箱里看原因、改好"),
    53504: _Rule(NeedsPerson, "这篇草稿要在公众平台的网站上操作，请到草稿箱里处理"),
    53505: _Rule(NeedsPerson, "这篇草稿要在公众平台的网站上手动保存一次，再回来发送"),
    61004: _Rule(IpNotAllowed, _WHITELIST),
    89501: _Rule(IpNotAllowed, "管理员还没有确认服务器的 IP，请他在微信里点确认"),
    89503: _Rule(IpNotAllowed, "微信已给公众号管理员发消息，请他确认服务器的 IP，再试一次"),
    89506: _Rule(IpNotAllowed, "管理员两次拒绝了服务器的 IP，24 小时后才能再试"),
    89507: _Rule(IpNotAllowed, "管理员拒绝了服务器的 IP，1 小时后才能再试"),
}
_RULES[40014] = _RULES[42001] = _RULES[40001]
_RULES |= dict.fromkeys((40015, 40016, 40017, 40018, 40019, 40020, 40023, 40054, 40055), _Rule(InvalidRequest, _MENU))
_RULES |= dict.fromkeys(
    (40004, 40005, 40006, 40008, 40035, 40066, 40097, 41005, 43001, 43002, 43003, 44001, 44002, 44003, 44004, 47001),
    _Rule(InvalidRequest, "发给微信的请求不对，请把这一行发给开发者"),
)
_RULES |= dict.fromkeys(
    (45001, 45002, 45003, 45004, 45005, 45006, 45007, 45008, 45010),
    _Rule(InvalidRequest, "内容太长或太多，超过了微信的限制，请缩短后再试"),
)


def error_for(answer: Mapping[str, object], errcode: int, clean: Callable[[str], str] = str) -> WeChatError:
    """The error that the platform's ``answer`` stands for; ``clean`` takes secrets out of its words."""
    rule = _RULES.get(errcode, _UNKNOWN)
    errmsg = " ".join(clean(str(answer.get("errmsg", ""))).split())
    about = rule.about
    if rule.error is IpNotAllowed:
        about = next(filter(_is_address, re.split(r"[\s,;]+", errmsg)), "")
    elif rule.error is AlreadySent:
        about = str(answer.get("msg_id", ""))
    return rule.error(errcode, errmsg[:_TEXT_LIMIT], rule.what_to_do.format(about=about).replace("  ", " "), about)


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def wrong_secret(refused: WeChatError) -> ConfigurationError:
    """What 40001 means where a token is asked for: not the token is wrong, but the secret."""
    return ConfigurationError(refused.errcode, refused.errmsg, _WRONG_SECRET.what_to_do, _WRONG_SECRET.about)


def bad_setting(name: str, fault: str) -> ConfigurationError:
    """A setting that can't work, seen before the platform is asked."""
    return ConfigurationError(None, f"{name} {fault}", f"请设置 {name}，说明见 docs/settings.md", name)


def no_answer(reason: str) -> Unreachable:
    return Unreachable(None, reason, "连不上微信接口，请检查服务器的网络、出口代理和 WECHAT_API_BASE，再试一次")


def foreign_answer(reason: str) -> Unreachable:
    """Somebody answered who is not the platform: a proxy, a login page of the network, a wrong address."""
    return Unreachable(None, reason, "应答的不是微信接口，多半是代理或上网登录页面；请检查出口网络和 WECHAT_API_BASE")
