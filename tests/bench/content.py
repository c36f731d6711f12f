"""The rules that are measured: what the county ships, and thousands of generated entries beside it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.app import make_desk
from bot.content.pack import Pack, load_pack
from bot.content.published import Live, Published
from bot.content.schema import Entry, Keyword, Source
from bot.dialogue.desk import Desk
from bot.dialogue.messages import Text, TextReply
from bot.dialogue.session import Session
from bot.matching.ruleset import Ruleset
from bot.store.redis import ScriptRunner
from config.settings import Settings
from tests.bench.client import Fault

KEYWORDS_AN_ENTRY = 10
QUESTIONS = 300
# The share of the generated entries that must be found by what they are found by in the peers.
ASKABLE = 0.9
_PLACES = "东西南北前后上下大小", "柳榆杨槐桦杏桃李梨桑"
_WORKS = "甲乙丙丁戊己庚辛壬癸", "渠桥闸塘坡亭窑磨碾坊"
_AFFAIRS = (
    "清淤 加固 补漏 刷漆 换锁 通电 接水 拉网 栽树 除草 防虫 打药 排涝 抗旱 铺砂 硬化 安灯 装门 砌墙 挂牌 "
    "编号 测量 登记 移交 看护 值班 轮修 验收 招标 公示 拆除 重建 租赁 承包 腾退 围挡 绿化 改道 抽水 引流"
).split()
_ENDINGS = "找谁 几月干 谁出钱 干完没 要出工不 咋还没动静 谁说了算 电话多少 能自己干不 啥时候轮到".split()
_ASKED = "请问{}", "{}的事", "{}呢", "问一下{}"
_ANSWER = (
    "{word}的{affair}归镇里的集体资产小组管，账册上是第{number}号。\n"
    "要修要补，先跟村民小组组长说，组长记下来报给镇里，镇里派人来看。\n"
    "急的先打电话，不用自己先垫钱，也不用跑到县里来。"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a resident says, the id of the entry that it is about, and the whole text that answers it."""

    said: str
    entry: str
    reply: str


def keywords(count: int) -> list[str]:
    """``count`` different ones, up to 10,000, of five characters each: none is a part of another."""
    words = ("".join(part) for part in itertools.product(_PLACES[0], _PLACES[1], "屯", *_WORKS))
    found = list(itertools.islice(words, count))
    if len(found) < count:
        raise ValueError(f"there are no more than {len(found)} keywords")
    return found


def generated_pack(rules: int) -> Pack:
    """The shipped content, and entries with ``rules`` keywords of their own. Their titles are rules besides, as everywhere."""
    shipped = load_pack()
    entries = tuple(_entries(keywords(rules)))
    return Pack(
        entries=(*shipped.entries, *entries),
        variables=shipped.variables,
        replies=shipped.replies,
        emergencies=shipped.emergencies,
    )


def _entries(words: list[str]) -> Iterator[Entry]:
    count = len(words) // KEYWORDS_AN_ENTRY
    for number in range(count):
        own = words[number * KEYWORDS_AN_ENTRY : (number + 1) * KEYWORDS_AN_ENTRY]
        affair = _AFFAIRS[number % len(_AFFAIRS)]
        endings = (_ENDINGS[(number + step) % len(_ENDINGS)] for step in range(6))
        yield Entry(
            id=f"gen{number}",
            topic="policies",
            title=f"{own[0]}{affair}",
            keywords=tuple(Keyword(mode="contains", text=word) for word in own),
            asked_as=tuple(f"{own[0]}{affair}{ending}" for ending in endings),
            answer=_ANSWER.format(word=own[0], affair=affair, number=number),
            sources=(Source(name="农村集体资产管理办法", article="第9条", publisher="县农业农村局"),),
            checked=date(2026, 11, 1),
            review_by=date(2036, 11, 1),
            confidence="high",
            related=tuple(f"gen{(number + step) % count}" for step in (1, 2, 3) if step % count),
        )


def questions(pack: Pack, settings: Settings) -> list[Question]:
    """Questions for some of the generated entries, at random but always the same, with the desk's own answers.

    An entry that the desk doesn't answer with where its keyword is said is left out. Raises Fault where that are many: then
    the rules can't be compared with a list of keywords.
    """
    live = Live(lambda: Published("1", pack, Ruleset(pack.entries, version=1)))
    desk = make_desk(settings, live, ScriptRunner(settings.redis))
    choice = random.Random(1)
    entries = generated(pack)
    entries = choice.sample(entries, min(len(entries), QUESTIONS))
    found = [question for entry in entries if (question := _question(desk, entry, choice.choice(entry.keywords).text))]
    if len(found) < len(entries) * ASKABLE:
        raise Fault(f"only {len(found)} of {len(entries)} generated entries answer to their keyword")
    return found


def generated(pack: Pack) -> list[Entry]:
    """The entries of ``pack`` that nobody ships."""
    return [entry for entry in pack.entries if entry.id.startswith("gen")]


def replies(pack: Pack, asked: list[Question]) -> dict[str, str]:
    """What a list of keywords without entries would hold: the whole answer for each, in the order of the entries."""
    whole = {question.entry: question.reply for question in asked}
    return {keyword.text: whole.get(entry.id, entry.answer) for entry in generated(pack) for keyword in entry.keywords}


def _question(desk: Desk, entry: Entry, keyword: str) -> Question | None:
    for pattern in _ASKED:
        said = pattern.format(keyword)
        outcome = desk.reply_to(Text(to_user="", openid="bench", created_at=0, content=said), Session())
        if outcome.entries == (entry.id,) and isinstance(outcome.reply, TextReply):
            return Question(said, entry.id, outcome.reply.content)
    return None
