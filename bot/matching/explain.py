"""Says in words that an admin reads why a message was decided as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.matching.keywords import Hit, Mode
from bot.matching.outlook import Chances
from bot.matching.retrieve import Candidate, Ranking

_MODES: Mapping[Mode, str] = {"exact": "整句相同", "regex": "正则", "contains": "含有", "all": "词组都有"}
_KINDS = {"answer": "直接回答", "suggest": "给出选项", "unknown": "说不知道"}
# By feature: from which value on it is worth a word, and the word.
_WORDS: Mapping[str, tuple[float, str]] = {
    "keyword": (0.5, "关键词对上{:.0%}"),
    "title": (0.4, "标题对上{:.0%}"),
    "asked": (0.4, "像已有的问法{:.0%}"),
    "kin": (0.4, "同一类事{:.0%}"),
    "answer": (0.4, "答案里提到{:.0%}"),
}


def _name(entry_id: str, titles: Mapping[str, str]) -> str:
    return f"{entry_id}《{titles.get(entry_id, '')}》"


def _hit(hit: Hit, titles: Mapping[str, str]) -> str:
    priority = f"，优先级{hit.rule.priority}" if hit.rule.priority else ""
    return f"{_MODES[hit.rule.mode]}「{'＋'.join(hit.words)}」{priority} → {_name(hit.rule.entry_id, titles)}"


def explain_rule(hits: Sequence[Hit], titles: Mapping[str, str]) -> str:
    """A rule decided."""
    first = hits[0]
    lines = [f"规则：{_hit(first, titles)}"]
    second = next((hit for hit in hits if hit.rule.entry_id != first.rule.entry_id), None)
    if second:
        lines += [f"第二：{_hit(second, titles)}", _why_behind(first, second)]
    else:
        lines.append("没有别的条目的规则命中；想换结果，给别的条目加更强的规则，或把这里的字写进本条的排除词。")
    return "\n".join(lines)


def _why_behind(first: Hit, second: Hit) -> str:
    if first.rule.mode != second.rule.mode:
        return f"{_MODES[first.rule.mode]}比{_MODES[second.rule.mode]}强；第二要赢，得写成更强的规则。"
    if first.rule.priority != second.rule.priority:
        return f"优先级{first.rule.priority}比{second.rule.priority}大；第二要赢，优先级得超过{first.rule.priority}。"
    return f"命中{first.length}个字，不少于第二的{second.length}个；第二要赢，得加优先级。"


def _evidence(candidate: Candidate, titles: Mapping[str, str]) -> str:
    features = candidate.evidence.features
    words = [text.format(min(features[name], 1.0)) for name, (least, text) in _WORDS.items() if features[name] >= least]
    named = f"「{candidate.evidence.keyword}」" if features["keyword"] >= 0.5 else ""
    return f"{_name(candidate.entry_id, titles)} 得{candidate.score:.1f}分（{named}{'，'.join(words) or '只有零星的字相同'}）"


def explain_model(
    ranking: Ranking,
    titles: Mapping[str, str],
    kind: str,
    chances: Chances,
    needed: float,
    suggest: float,
    hit: Hit | None,
    pull: float,
) -> str:
    """The evidence decided."""
    first = ranking.candidates[0]
    lines = [f"没有规则能单独定下来；最像 {_evidence(first, titles)}"]
    if hit:
        lines.insert(0, f"规则{_hit(hit, titles)}，可是消息里还有不少字没着落，不能单凭它回答。")
    if len(ranking.candidates) > 1:
        lines.append(f"第二 {_evidence(ranking.candidates[1], titles)}，差{first.score - ranking.candidates[1].score:.1f}分")
    left = left_over(ranking)
    if left:
        lines.append(f"第一条没解释到的字：{left}")
    if pull < 1:
        lines.append(f"像标过「不归这里管」的例子，把握打了{pull:.0%}的折。")
    lines.append(
        f"答对的把握{chances.answer:.0%}，直接回答要{needed:.0%}；三个里有对的把握{chances.suggest:.0%}，给选项要{suggest:.0%}"
        f" → {_KINDS[kind]}"
    )
    if kind != "answer":
        lines.append("想让它直接回答：给对的条目加一句这样的问法，或加一个含有这些字的关键词。")
    return "\n".join(lines)


def explain_unknown() -> str:
    """Nothing was found at all."""
    return "没有规则命中，也没有哪一条跟它有相同的字、相近的音或相同的意思 → 说不知道"


def left_over(ranking: Ranking) -> str:
    """The stretches of content words that the first entry does not explain."""
    phrase, marks = ranking.phrase, ranking.candidates[0].evidence.marks
    shown = [
        character if mark < 0.5 and weight > 0.35 else " "
        for character, mark, weight in zip(phrase.text, marks, phrase.weights, strict=True)
    ]
    return "、".join(part for part in "".join(shown).split() if len(part) > 1)
