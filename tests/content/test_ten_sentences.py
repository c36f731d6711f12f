"""Ten sentences that are easily said wrong (section D3 of the fact sheet), each asked about as residents ask it.

For each: what must be said, what may never be said, and by which entry – and that no other answer of the desk says it either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from bot.content.render import render
from tests.content.asking import ask, published


@dataclass(frozen=True)
class Sentence:
    """``never`` (a regex) is looked for in the answers to ``asked`` and, where ``nowhere``, in everything the desk can say."""

    wrong: str
    entries: tuple[str, ...]
    asked: tuple[str, ...]
    says: tuple[str, ...]
    never: str
    nowhere: bool = True


TEN = (
    Sentence(
        "烧秸秆按大气污染防治法119条罚",
        ("A04",),
        (
            "大气污染防治法119条还好使吗",
            "烧秸秆是不是按大气污染防治法第119条罚",
            "通告上写着大气污染防治法",
            "大气法现在还管用不",
            "不是大气污染防治法119条吗",
        ),
        ("2026年8月15日", "作废", "《生态环境法典》第1131条"),
        r"(?:按|依据|根据).{0,6}大气污染防治法",
    ),
    Sentence(
        "国家规定全国全年都不许烧",
        ("A02", "A05"),
        (
            "国家是不是全国全年都不许烧",
            "法律规定全国都不让烧秸秆吗",
            "是不是一年到头都不让烧秸秆",
            "啥叫全域全时段",
            "全域全时段全面禁烧是国家法律定的吗",
        ),
        (r"法律没写全国全年都不许烧|不是国家法律写的", "省里"),
        r"(?:国家|法律)(?:规定)?(?:全国|全年)(?:全国|全年)?都?(?:不许|不让|不能|禁止)",
    ),
    Sentence(
        "一个火点罚农户50万",
        ("A05",),
        (
            "一个火点罚50万是罚我吗",
            "听说烧一把火罚五十万",
            "火点罚50万真的假的",
            "着一个火点扣五十万扣谁的",
            "烧一个点50万谁掏",
        ),
        ("扣县里的钱", "不是罚农户"),
        r"罚(?:你|您|农户|农民|个人)?.{0,2}50万",
    ),
    Sentence(
        "今年有窗口期",
        ("A06",),
        ("今年有窗口期吗", "啥时候能放开让烧两天", "听说今年放开烧几天", "有没有计划烧除", "吉林都让烧了咱这能烧不"),
        ("没有公告，就没有窗口期", "不能烧"),
        r"今年有窗口期|(?:可以|能)烧了|已经放开",
    ),
    Sentence(
        "领证要户口本、要回户籍地",
        ("B20",),
        ("领证要户口本吗", "结婚登记得回户口那边办吗", "外地人能在集贤领结婚证不", "领结婚证要带啥", "扯证用不用拿户口簿"),
        ("身份证", "不要户口本", "不用回户口那边"),
        r"(?<!不)(?<!不再)要户口[本簿]|(?:必须|得|要)回(?:户籍|户口|老家)",
        nowhere=False,
    ),
    Sentence(
        "贫困户、建档立卡还能新申请",
        ("C01",),
        ("贫困户怎么申请", "现在还能办建档立卡户不", "俺家想评个贫困户", "贫困户还有吗", "建档立卡户咋报"),
        ("现在不能新申请", "防止返贫致贫对象"),
        r"(?:可以|能)申请(?:贫困户|建档立卡)",
    ),
    Sentence(
        "拨12369",
        ("A09",),
        ("12369打不通", "举报烧秸秆打12369吗", "环保举报电话12369还好使不", "举报烧秸秆打哪个电话", "有人烧秸秆跟谁说"),
        ("12345", "119"),
        r"(?:拨|打)12369",
    ),
    Sentence(
        "大豆今年补350",
        ("C05",),
        ("今年大豆还补350吗", "大豆补贴多少钱一亩", "黄豆今年补多少", "种豆子一亩给350是真的吗", "大豆补贴350啥时候下来"),
        ("以今年公告为准", "2023年和2024年", "不能当今年的数"),
        r"今年(?:的标准是|一亩|每亩|大豆).{0,6}350",
    ),
    Sentence(
        "低保看社会救助暂行办法",
        ("B42", "B46"),
        ("低保怎么申请", "低保要啥条件", "低保没批给理由不", "低保按啥规定办", "吃低保够不够格咋看"),
        ("依据：《社会救助法》",),
        r"社会救助暂行办法",
    ),
    Sentence(
        "森林防火区野外用火罚200—3000",
        ("A15",),
        ("林子边烧秸秆罚多少", "森林防火罚款是不是200到3000", "防火区点火罚多少钱", "草甸子烧火怎么罚", "林带边上点火咋罚"),
        ("森林草原防灭火条例", "不乱说数"),
        r"\d+元|2000?\D{0,3}3000",
        nowhere=False,
    ),
)
EACH = pytest.mark.parametrize("sentence", TEN, ids=range(1, 11))


@EACH
def test_whoever_asks_is_told_right(sentence: Sentence) -> None:
    assert len(sentence.asked) >= 3
    for question in sentence.asked:
        outcome = ask(question)
        assert outcome.kind == "answer", (question, outcome.kind, outcome.why)
        assert outcome.entries[0] in sentence.entries, (question, outcome.entries, outcome.why)
        reply = getattr(outcome.reply, "content", "")
        for wanted in sentence.says:
            assert re.search(wanted, reply), (question, wanted, reply)
        assert not re.search(sentence.never, reply), (question, reply)


@pytest.mark.parametrize("sentence", [one for one in TEN if one.nowhere], ids=lambda sentence: sentence.entries[0])
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_nothing_else_says_it_wrong(sentence: Sentence, filled: bool) -> None:
    pack, local = published(filled=filled).pack, published(filled=filled).local
    for entry in pack.entries:
        for text in entry.texts():
            assert not re.search(sentence.never, render(text, local)), (entry.id, text)
    assert not re.search(sentence.never, pack.replies.model_dump_json())
