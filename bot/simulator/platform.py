"""The platform's core: knows the account and its residents, calls the webhook and reads what it answers."""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from bot.simulator.account import Account
from bot.simulator.bubbles import FAILURE_TEXT, Bubble, reply_bubble
from bot.simulator.delivery import Attempt, Delivery, answered, bring
from bot.simulator.envelope import Malformed, Sealed, open_reply, seal, signed_query
from bot.simulator.faults import Faults
from bot.simulator.media import MediaStore
from bot.simulator.menu import Menu
from bot.simulator.quota import Quota
from bot.simulator.resident import Resident, Shown
from bot.simulator.tokens import Tokens

log = logging.getLogger(__name__)

_KEPT_RESIDENTS = 2000

# Whatever the webhook answers to these, the phone shows nothing.
_SILENT_EVENTS = {
    "unsubscribe",
    "VIEW",
    "view_miniprogram",
    "TEMPLATESENDJOBFINISH",
    "MASSSENDJOBFINISH",
    "PUBLISHJOBFINISH",
    "subscribe_msg_popup_event",
    "subscribe_msg_change_event",
    "subscribe_msg_sent_event",
    "user_info_modified",
    "user_authorization_revoke",
    "user_authorization_cancellation",
}


class Platform:
    """Thread-safe. ``webhook``, ``delivery`` and ``native_rules`` may be changed at any time.

    ``webhook`` is the product's callback address. ``clock`` (Unix seconds) drives what the platform remembers: tokens, media,
    windows, quotas; what it signs carries the real time.
    """

    def __init__(
        self,
        account: Account,
        webhook: str = "",
        *,
        delivery: Delivery | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.webhook = webhook
        self.delivery = delivery or Delivery()
        self.clock = clock
        self.address = "http://127.0.0.1:5001"  # where the simulator itself is reached; its server sets it
        self.menu = Menu()
        self.media = MediaStore(clock)
        self.tokens = Tokens(clock)
        self.quota = Quota(clock)
        self.faults = Faults(self.tokens.expire_all)
        self.native_rules: dict[str, Any] = {"is_add_friend_reply_open": 0, "is_autoreply_open": 0}
        self._lock = threading.Lock()
        self._residents: OrderedDict[str, Resident] = OrderedDict()
        self._numbers = itertools.count(1)
        self._msg_ids = itertools.count(secrets.randbits(20))

    # ------------------------------------------------------------ residents

    def resident(self, openid: str, *, name: str = "", following: bool = True) -> Resident:
        """The resident with this openid, any string; a new one follows the account already, without an event."""
        with self._lock:
            found = self._residents.get(openid)
            if found is None:
                found = Resident(self, openid, number=next(self._numbers), name=name, following=following)
                self._residents[openid] = found
                while len(self._residents) > _KEPT_RESIDENTS:
                    self._residents.popitem(last=False)
            return found

    def known(self, openid: str) -> Resident | None:
        with self._lock:
            return self._residents.get(openid)

    def residents(self) -> list[Resident]:
        with self._lock:
            return list(self._residents.values())

    # ------------------------------------------------------------ callbacks

    def verify_webhook(self) -> bool:
        """What 「提交」 in the platform's server settings does: a signed GET that must give ``echostr`` back."""
        echostr = str(secrets.randbelow(10**18))
        query = signed_query(self.account, time.time()) | {"echostr": echostr}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(self.webhook, params=query, timeout=self.delivery.timeout, allow_redirects=False)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.text == echostr

    def next_msg_id(self) -> int:
        """64 bits that grow with time, as the platform's do."""
        return (int(time.time()) << 32) | (next(self._msg_ids) & 0xFFFFFFFF)

    def media_url(self, media_id: str) -> str:
        """Where a picture can be seen: PicUrl."""
        return f"{self.address}/simulator/media/{media_id}"

    def seal(self, openid: str, xml: str) -> Sealed:
        return seal(self.account, xml, openid=openid if self.delivery.openid_in_query else "", now=time.time())

    def deliver(
        self, openid: str, sealed: Sealed, *, event: str = "", copies: int | None = None, together: bool = False
    ) -> Shown:
        """Brings one callback to the webhook and tells what the resident sees. ``copies`` overrules ``delivery``."""
        how = replace(self.delivery)  # what is changed meanwhile is for the next callback
        if copies is not None:
            how.copies, how.together = copies, together
        seen = [self._seen(openid, attempts, event) for attempts in bring(self.webhook, sealed, how)]
        return replace(seen[0], copies=tuple(seen))

    def _seen(self, openid: str, tries: tuple[Attempt, ...], event: str) -> Shown:
        raw, reason = "", ""
        bubble = Bubble(kind="failure", text=FAILURE_TEXT)
        if answered(tries):
            try:
                raw = open_reply(self.account, tries[-1].body)
                bubble = reply_bubble(raw, self.account, openid, has_media=self.media.has)
            except Malformed as error:
                reason = str(error)
        else:
            reason = "no answer: " + ", ".join(f"{t.outcome} {t.status or ''}".strip() for t in tries)
        if reason:
            log.warning("the webhook failed %s: %s", openid, reason)
        if event in _SILENT_EVENTS:
            bubble = Bubble(kind="nothing")
        elapsed = sum(attempt.seconds for attempt in tries)
        return Shown(**vars(bubble), at=time.time(), raw=raw, tries=tries, elapsed=elapsed, reason=reason)
