"""The starter content keeps its rules: every fact there, asked for in many ways, in plain words, with no number made up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.content.document import read_yaml
from bot.content.render import render
from bot.content.schema import HOTLINES, Entry
from bot.matching.normalise import normalise
from tests.content.asking import NOW, ask, published

PACK = published().pack
ENTRIES = PACK.entries
SHEET: dict[str, list[str]] = read_yaml(Path(__file__).with_name("sheet.yaml")).data
EACH_ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)

LONGEST_SENTENCE = 40
OFFICIALESE = (
    "予以 依法 相关部门 有关部门 应当 进行 落实 缴纳 不予 逾期 申领 之日起 携带 上述 届满 特此 视为 并处 处以 "
    "贵单位 兹有 有效证件 按照规定 依照 依据相关 责令 享有 行为人 受理机关 若干 凡是 均须 即可 审批表"
).split()


def texts(entry: Entry) -> list[str]:
    """All that a resident can be told of this entry while nothing is filled in."""
    return [text for text in (render(text, {}) for text in entry.texts()) if text]


def sentences(entry: Entry) -> list[str]:
    return [sentence for text in texts(entry) for sentence in re.split(r"[。！？；\n]", text)]


def test_all_119_facts_are_there() -> None:
    wanted = [f"A{n:02}" for n in range(1, 27)] + [f"B{n:02}" for n in range(1, 56)] + [f"C{n:02}" for n in range(1, 39)]
    assert len(wanted) == 119
    assert sorted(entry.id for entry in ENTRIES) == wanted
    topics = {"A": "straw_burning", "B": "services", "C": "policies"}
    assert {entry.id: entry.topic for entry in ENTRIES} == {name: topics[name[0]] for name in wanted}


@EACH_ENTRY
def test_asked_for_in_ten_ways_six_of_them_our_own(entry: Entry) -> None:
    of_the_sheet = set(map(normalise, SHEET[entry.id]))
    ours = [said for said in entry.asked_as if normalise(said) not in of_the_sheet]
    assert len(entry.asked_as) >= 10
    assert len(ours) >= 6


@EACH_ENTRY
def test_every_way_of_asking_leads_to_its_entry(entry: Entry) -> None:
    """Emergencies come first, but offer it; words that mean a part need a session, and are none of these."""
    for said in (entry.title, *entry.asked_as):
        outcome = ask(said)
        assert outcome.kind in ("answer", "emergency"), (said, outcome.kind, outcome.handler)
        assert outcome.entries == (entry.id,), (said, outcome.why)


@EACH_ENTRY
def test_the_ways_of_asking_in_the_sheet_lead_to_no_other_answer(entry: Entry) -> None:
    """Some of the sheet's have no subject (去哪投诉): they are asked back, never taken for something else."""
    for said in SHEET[entry.id]:
        outcome = ask(said)
        if outcome.kind == "answer":
            assert outcome.entries == (entry.id,), (said, outcome.why)


@EACH_ENTRY
def test_a_title_is_no_emergency(entry: Entry) -> None:
    """It is what a tap sends."""
    assert ask(entry.title).kind == "answer"


@EACH_ENTRY
def test_no_number_without_confidence(entry: Entry) -> None:
    if entry.confidence == "low":
        numbers = {number for text in texts(entry) for number in re.findall(r"\d+", text)}
        assert numbers <= set(HOTLINES)


@EACH_ENTRY
def test_no_telephone_but_the_national_ones(entry: Entry) -> None:
    for text in texts(entry):
        assert not re.search(r"\d{3,4}[-—－]\d{7,8}|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[48]00\d{7}(?!\d)", text)
        called = re.findall(r"(?:打|拨|电话|热线)[^\d。，；、]{0,4}(\d{3,})", text)
        assert set(called) <= set(HOTLINES), text
        assert all(len(number) <= 5 for number in re.findall(r"\d+", text)), text


@EACH_ENTRY
def test_no_address_and_no_person(entry: Entry) -> None:
    for text in texts(entry):
        assert not re.search(r"福利镇|\d+号楼|\d+楼|[路街]\d+号|上午\d|下午\d|周一到周五", text), text


@EACH_ENTRY
def test_sentences_are_short(entry: Entry) -> None:
    assert [sentence for sentence in sentences(entry) if len(sentence) > LONGEST_SENTENCE] == []
    own = [sentence for sentence in re.split(r"[。！？；\n]", render(entry.answer, {})) if sentence]
    assert sum(map(len, own)) / len(own) <= 25, "most of them are much shorter"


@EACH_ENTRY
def test_no_officialese(entry: Entry) -> None:
    said = "\n".join(texts(entry))
    assert [word for word in OFFICIALESE if word in said] == []


def test_no_officialese_in_the_replies() -> None:
    said = PACK.replies.model_dump_json() + "".join(emergency.reply for emergency in PACK.emergencies)
    assert [word for word in OFFICIALESE if word in said] == []


@EACH_ENTRY
def test_money_names_its_year_its_document_or_the_law(entry: Entry) -> None:
    """An amount without any of these could be anybody's, of any year."""
    answer = render(entry.answer, {})
    if re.search(r"\d+(?:万)?元|\d+块", answer):
        dated = re.search(r"(?:19|20)\d\d年|〔\d{4}〕|法律规定|可以罚|法律", answer)
        assert dated or entry.sources[0].number or entry.sources[0].article, answer


@EACH_ENTRY
def test_relations_are_valid_today_and_between_one_and_three(entry: Entry) -> None:
    assert 1 <= len(entry.related) <= 3
    known = {other.id: other for other in ENTRIES}
    assert all(known[related].valid_on(NOW.date()) for related in entry.related)


@EACH_ENTRY
def test_it_was_checked_and_will_be(entry: Entry) -> None:
    assert entry.checked <= NOW.date() < entry.review_by
    assert entry.valid_until is None or entry.review_by <= entry.valid_until
    assert (entry.review_by - entry.checked).days <= 366


@EACH_ENTRY
def test_the_law_that_is_cited_is_the_one_in_force(entry: Entry) -> None:
    """Section 0.3 of the fact sheet: what was replaced in 2025 and 2026."""
    replaced = "大气污染防治法|固体废物污染|环境保护法|森林防火条例|草原防火条例|社会救助暂行办法|个体工商户条例"
    for source in entry.sources:
        assert not re.fullmatch(f"(?:中华人民共和国)?(?:{replaced})", source.name), source
        assert not source.name.startswith("中华人民共和国"), "the short name is read more easily"
        assert "《" not in source.name
    assert len(entry.source_line()) <= 62, "one short line: the document's number says the rest"


def test_every_variable_says_who_knows_and_how_it_looks() -> None:
    for name, variable in PACK.variables.items():
        assert variable.ask, name
        assert variable.example, name
        assert not variable.value, f"{name}: nothing local is known before the county says so"


def test_the_promises_of_the_replies_are_kept() -> None:
    """What a reply gives as an example of a question is answered."""
    said = PACK.replies.model_dump_json()
    examples = set(re.findall(r"(?:比如|像)“([^”]+)”(?:“([^”]+)”)?", said))
    questions = {question for pair in examples for question in pair if question}
    assert len(questions) >= 4
    for question in questions:
        assert ask(question).kind == "answer", question
