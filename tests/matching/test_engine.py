"""The engine: lexicon, sounds, retrieval, what is answered, offered and left alone, and why – on small packs made here."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching import resources
from bot.matching.context import ALONE, stands_alone
from bot.matching.decide import Decision
from bot.matching.evaluate import SimpleEntry, SimpleKeyword
from bot.matching.lexicon import Lexicon
from bot.matching.normalise import normalise
from bot.matching.understanding import Understanding

TODAY = date(2026, 11, 23)


def entry(name: str, title: str, keywords: str, answer: str) -> SimpleEntry:
    return SimpleEntry(name, title, answer, keywords=tuple(map(SimpleKeyword, keywords.split())))


PACK = (
    entry("证", "居民身份证办理与补办", "身份证 身份证补办", "首次办理、到期换领、丢失补领都可到任一派出所办理，带户口簿。"),
    entry("婚", "结婚登记", "结婚登记 结婚证", "男女双方带身份证到婚姻登记处办理，现可跨省通办。"),
    entry("罚", "焚烧秸秆怎么处罚", "焚烧秸秆处罚 焚烧秸秆", "露天焚烧秸秆由执法部门责令改正，处500元以上2000元以下罚款。"),
    entry("卖", "秸秆收购站点", "秸秆收购 收储站", "县内收储站点收购打捆秸秆，价格随行情浮动。"),
    entry("保", "最低生活保障（低保）申请", "低保 最低生活保障", "家庭人均收入低于当地低保标准的，向户籍所在乡镇政府申请。"),
    entry("照", "驾驶证换证、补证", "驾驶证 驾照换证", "驾驶证期满换证、丢失补证在交管12123或车管所办理。"),
)
RULESET = Understanding(PACK, 1)


def decided(said: str, ruleset: Understanding[SimpleEntry] = RULESET) -> Decision:
    return ruleset.decide(normalise(said), TODAY, said)


class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("身份证掉了怎么补", "证"),
            ("身份正补办", "证"),
            ("shenfenzheng buban", "证"),
            ("Ｓｈｅｎ Ｆｅｎ Ｚｈｅｎｇ", "证"),
            ("身份證補辦", "证"),
            ("俺俩想扯证", "婚"),
            ("焚烧杰杆处罚", "罚"),
            ("烧苞米杆子罚多少", "罚"),
            ("谁收苞米秆子", "卖"),
            ("俺家想吃低保", "保"),
            ("最低生活保彰", "保"),
            ("车本到期了上哪换", "照"),
        ],
    )
    def test_the_right_entry_comes_first(self, said: str, expected: str) -> None:
        assert decided(said).ranked[0] == expected

    def test_two_questions_in_one_message(self) -> None:
        decision = decided("驾驶证换证在哪办，还有低保怎么申请")
        assert {*decision.ranked[:1], *decision.also} == {"照", "保"}

    def test_a_ramble_is_about_its_question(self) -> None:
        said = "我昨天去信用社取钱，排了半天队，遇着老王唠了会儿嗑，后来下雨了才回家，我就想问问低保怎么申请"
        assert decided(said).ranked[0] == "保"


class TestWhatIsNotAnswered:
    @pytest.mark.parametrize("said", ["结婚彩礼给多少", "驾校哪家好", "秸秆画怎么做", "驾驶室玻璃在哪换"])
    def test_a_shared_keyword_is_not_enough(self, said: str) -> None:
        assert decided(said).kind != "answer"

    @pytest.mark.parametrize("said", ["哈哈哈", "今天天气真好", "滚犊子", "1", "13512345678", "多少钱", "👍👍", ""])
    def test_chat_abuse_and_digits(self, said: str) -> None:
        assert decided(said).kind != "answer"

    def test_an_example_marked_as_not_our_business_pulls_away(self) -> None:
        said = "身份证补办照片能自己带吗"
        marked = Understanding(PACK, 1, negatives={"证": ("身份证补办照片自己带行吗",)})
        assert decided(said, marked).chance <= decided(said).chance
        assert decided(said, marked).kind != "answer"

    def test_the_points_differ_in_readiness(self) -> None:
        points = resources.model().points
        assert points["谨慎"].answer >= points["平衡"].answer >= points["大方"].answer
        assert points["谨慎"].suggest >= points["平衡"].suggest >= points["大方"].suggest


class TestWhy:
    def test_a_rule_names_its_mode_word_and_the_second(self) -> None:
        why = decided("结婚登记").why
        assert "整句相同" in why
        assert "《结婚登记》" in why

    def test_evidence_names_scores_the_second_and_what_was_missing(self) -> None:
        why = decided("身份证能坐火车吗").why
        for word in ("第二", "把握", "没解释到的字", "火车"):
            assert word in why

    def test_nothing_found_is_said(self) -> None:
        assert "说不知道" in decided("🙂").why


class TestContext:
    @pytest.mark.parametrize(("said", "chance"), [("要带啥", 0.9), ("多长时间", 0.9), ("那贫困户呢", 0.6)])
    def test_what_needs_the_answer_before_it(self, said: str, chance: float) -> None:
        assert stands_alone(resources.analyser().message(said), chance) < ALONE

    @pytest.mark.parametrize("said", ["身份证补办要带户口本吗", "焚烧秸秆怎么处罚", "最低生活保障怎么申请"])
    def test_a_whole_question_stands_alone(self, said: str) -> None:
        assert RULESET.alone(normalise(said), TODAY, said) >= ALONE

    def test_wording_of_a_follow_up(self) -> None:
        assert RULESET.follows_up(normalise("那贫困户呢"))
        assert not RULESET.follows_up(normalise("低保怎么申请"))


class TestLexicon:
    def test_the_longest_word_wins(self) -> None:
        lexicon = Lexicon({"秸秆": ["苞米杆子"], "玉米": ["苞米"]}, ["请问"], ["怎么"])
        assert [(s.start, s.end, s.terms) for s in lexicon.spans("请问苞米杆子")] == [(0, 2, ()), (2, 6, ("秸秆",))]

    def test_a_word_cut_off_by_the_end_is_no_word(self) -> None:
        lexicon = Lexicon({"秸秆": ["苞米杆子"], "玉米": ["苞米"]}, [], [])
        assert [s.terms for s in lexicon.spans("苞米")] == [("玉米",)]

    def test_the_shipped_one_is_large_and_has_no_single_characters(self) -> None:
        lexicon = resources.lexicon()
        assert lexicon.size >= 300
        for word in ("苞米杆子", "扯证", "啥前儿"):
            assert lexicon.spans(word)[0].end == len(word)


class TestSounds:
    def test_what_the_north_east_does_not_hear(self) -> None:
        sounds = resources.sounds()
        assert sounds.of("深圳") == sounds.of("身镇")
        assert sounds.of("精神") == sounds.of("斤森")
        assert sounds.of("低保") != sounds.of("低报") or sounds.of("保") == sounds.of("报")

    def test_typed_pinyin_and_other_words(self) -> None:
        sounds = resources.sounds()
        assert sounds.read_letters("dibao") == sounds.of("低保")
        assert sounds.read_letters("wifi") == "wifi"


NASTY: tuple[Callable[[], str], ...] = (
    lambda: "",
    lambda: "   \n\t ",
    lambda: "烧" * 10_000,
    lambda: "秸秆补贴怎么申请" * 1_250,
    lambda: "a" * 10_000,
    lambda: "🙂👨‍👩‍👧" * 500,
    lambda: "\u200d\u202e\u2066低\u200d保\u202c",
    lambda: "'; DROP TABLE entries; --",
    lambda: "<script>alert('身份证')</script>" * 20,
    lambda: "مرحبا שלום हिन्दी 안녕하세요 身份证",
)


WORDS = ("身份证", "低保", "能", "不能", "吗", "火车", "烧", "，", "zheng", "１２", "🙂")


class TestBadInput:
    @pytest.mark.parametrize("make", NASTY)
    def test_a_sane_answer_in_a_few_milliseconds(self, make: Callable[[], str]) -> None:
        said = make()
        times = []
        for _ in range(5):
            started = time.perf_counter()
            decision = decided(said)
            times.append(time.perf_counter() - started)
        assert decision.kind in ("answer", "suggest", "unknown")
        # The best of five on a machine that does other things; about 1 ms is usual.
        assert min(times) < 0.02

    @settings(max_examples=150, deadline=None)
    @given(st.text(max_size=300))
    def test_any_text(self, said: str) -> None:
        decision = decided(said)
        assert len(decision.entries) <= 3
        assert all(found in RULESET.entries for found in (*decision.entries, *decision.ranked, *decision.also))
        assert (decision.kind == "unknown") == (not decision.entries)
        assert decision.why

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(WORDS), max_size=40))
    def test_shuffled_words(self, parts: list[str]) -> None:
        assert decided("".join(parts)).kind in ("answer", "suggest", "unknown")


@pytest.mark.slow
class TestSize:
    def test_ten_thousand_entries(self) -> None:
        count = 10_000
        names = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地人和春夏秋冬"
        pack = []
        for n in range(count):
            base = PACK[n % len(PACK)]
            mark = "".join(names[n // step % len(names)] for step in (1, len(names), len(names) ** 2))
            words = (SimpleKeyword(mark + base.keywords[0].text),)
            pack.append(SimpleEntry(f"e{n}", base.title + mark, base.answer + mark, keywords=words))
        started = time.perf_counter()
        large = Understanding(pack, 1)
        compiled = time.perf_counter() - started
        times = []
        for n in range(0, count, 100):
            said = pack[n].keywords[0].text + "怎么办"
            started = time.perf_counter()
            decided(said, large)
            times.append(time.perf_counter() - started)
        # The targets are 10 s and 2 ms on a machine of one's own; several times that keeps a busy CI from crying wolf.
        assert compiled < 20
        assert sorted(times)[95] < 0.02
