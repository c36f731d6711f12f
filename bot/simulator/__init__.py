"""The local WeChat platform: a library for tests, an API and a phone page for demos. Never part of production.

    platform = Platform(Account.random(), webhook="http://127.0.0.1:5000/wechat")
    shown = platform.resident("o1").says("秸秆能烧吗")

`Platform` is the account's server side: it calls the webhook over real HTTP and tells what the resident would see.
`running_simulator(platform)` adds the `/cgi-bin/` API and the page that looks like a phone.
"""

from bot.simulator.account import Account
from bot.simulator.bubbles import Bubble, Link
from bot.simulator.delivery import Attempt, Delivery
from bot.simulator.platform import Platform
from bot.simulator.resident import NotFollowing, Resident, Sent, Shown
from bot.simulator.server import running_simulator

__all__ = [
    "Account",
    "Attempt",
    "Bubble",
    "Delivery",
    "Link",
    "NotFollowing",
    "Platform",
    "Resident",
    "Sent",
    "Shown",
    "running_simulator",
]
