"""Every mistake that somebody can write into config/content is named with its file, its line and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.content.document import ContentError, read_yaml
from bot.content.load import CONTENT_DIR, load_entries
from bot.content.pack import Pack, load_pack

MISTAKES = read_yaml(Path(__file__).with_name("mistakes.yaml")).data

ENTRY = """\
  - id: X01
    title: 秸秆能不能烧
    keywords:
      - 烧秸秆
      - {exact: 禁烧}
      - regex: 秸秆.{0,4}烧
    asked_as: [问一, 问二, 问三, 问四, 问五, 问六]
    answer: 现在不能烧。
    sources:
      - {name: 生态环境法典, article: 第246条, publisher: 全国人民代表大会}
    checked: 2026-11-23
    review_by: 2027-11-23
    confidence: high
    related: [X02]
"""
FIRST = f"topic: straw_burning\nentries:\n{ENTRY}"
SECOND = """\
topic: policies
entries:
  - id: X02
    title: 粮补啥时候发
    keywords: [粮补]
    asked_as: [粮补一, 粮补二, 粮补三, 粮补四, 粮补五, 粮补六]
    answer: 看今年的公告。
    sources: [{name: 某通知, number: 某号, publisher: 财政部}]
    checked: 2026-11-23
    review_by: 2027-11-23
    confidence: medium
"""


@dataclass(frozen=True)
class Desk:
    """A directory with two small content files that are in order."""

    directory: Path

    def write(self, first: str | bytes = FIRST, second: str = SECOND) -> None:
        (self.directory / "first.yaml").write_bytes(first.encode() if isinstance(first, str) else first)
        (self.directory / "second.yaml").write_text(second, encoding="utf-8")

    def problems(self, declared: tuple[str, ...] = ("某变量",)) -> list[str]:
        """What is wrong, without the directory's name."""
        paths = [self.directory / "first.yaml", self.directory / "second.yaml"]
        try:
            load_entries(paths, known_variables=declared)
        except ContentError as error:
            return [str(problem).replace(f"{self.directory}/", "") for problem in error.problems]
        return []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write()
    return desk


def test_what_is_in_order_is_read(desk: Desk) -> None:
    assert desk.problems() == []
    entries = load_entries([desk.directory / "first.yaml", desk.directory / "second.yaml"])
    assert [(entry.id, entry.topic) for entry in entries] == [("X01", "straw_burning"), ("X02", "policies")]
    assert entries[0].source_line() == "依据：《生态环境法典》第246条（2026-11-23核对）"
    assert entries[1].source_line() == "依据：《某通知》某号（2026-11-23核对）"


@pytest.mark.parametrize("mistake", MISTAKES["entries"])
def test_a_mistake_is_named_with_file_and_line(desk: Desk, mistake: str) -> None:
    wrong = MISTAKES["entries"][mistake]
    assert wrong["of"] in FIRST
    text = FIRST.replace(wrong["of"], wrong["makes"])
    desk.write(text.replace("confidence: high", "confidence: low") if mistake == "a number without confidence" else text)
    problems = desk.problems()
    place = f"first.yaml:{wrong['line']}: "
    assert any(problem.startswith(place) and wrong["says"] in problem for problem in problems), problems


def test_a_file_that_is_not_utf8(desk: Desk) -> None:
    desk.write(FIRST.encode("gb18030"))
    assert desk.problems() == ["first.yaml:1: the file is not UTF-8; save it as UTF-8"]


def test_an_empty_file_and_one_that_is_a_list(desk: Desk) -> None:
    desk.write("")
    assert desk.problems() == ["first.yaml:1: `topic` is missing; add it", "first.yaml:1: `entries` is missing; add it"]
    desk.write("- 烧秸秆\n")
    assert desk.problems()[0].startswith("first.yaml:1: Input should be a valid dictionary")


def test_an_id_that_is_taken(desk: Desk) -> None:
    desk.write(second=SECOND.replace("id: X02", "id: X01"))
    assert any("second.yaml:3: entry X01: this id is taken at " in problem for problem in desk.problems())
    assert any("first.yaml:3; give it another" in problem for problem in desk.problems())


@pytest.mark.parametrize(
    ("theirs", "ours", "line"),
    [
        ("keywords: [粮补]", "keywords: [烧秸秆]", 5),
        ("keywords: [粮补]", "keywords: ['烧、秸稈！']", 5),
        ("keywords: [粮补]", "keywords: [{exact: 禁烧}]", 5),
        ("keywords: [粮补]", "keywords: [{exact: 秸秆能不能烧？}]", 5),
        ("title: 粮补啥时候发", "title: 秸秆能不能烧", 4),
        ("粮补六", "问六", 6),
    ],
    ids=["contains", "the same when normalised", "exact", "another's title", "title", "utterance"],
)
def test_the_same_keyword_in_two_entries(desk: Desk, theirs: str, ours: str, line: int) -> None:
    desk.write(second=SECOND.replace(theirs, ours))
    [problem] = desk.problems()
    assert problem.startswith(f"second.yaml:{line}: entry X02: 「")
    assert problem.endswith("」 also leads to X01 with the same priority; remove one or set `priority`")


@pytest.mark.parametrize("keyword", ["{contains: 烧秸秆, priority: 1}", "{exact: 烧秸秆}", "{exact: 禁烧, priority: -1}"])
def test_the_same_keyword_with_another_priority_or_mode_is_no_mistake(desk: Desk, keyword: str) -> None:
    desk.write(second=SECOND.replace("keywords: [粮补]", f"keywords: [{keyword}]"))
    assert desk.problems() == []


def test_all_mistakes_of_all_files_are_listed_in_their_order(desk: Desk) -> None:
    bad_regex = FIRST.replace("秸秆.{0,4}烧", "秸秆(")
    desk.write(bad_regex.replace("[X02]", "[X98]"), SECOND.replace("粮补六", "问六"))
    assert places(desk) == ["first.yaml:8", "first.yaml:16", "second.yaml:6"]
    desk.write(bad_regex, SECOND.replace("    confidence: medium\n", "").replace("粮补六]", "粮补六]\n    colour: red"))
    assert places(desk) == ["first.yaml:8", "second.yaml:3", "second.yaml:7"], "X02, which can't be read, is not called dead"


def places(desk: Desk) -> list[str]:
    return [problem.split(": ")[0] for problem in desk.problems()]


def test_yaml_guesses_nothing(desk: Desk) -> None:
    utterances = ["0551", "NO", "12:30", "1e3", "on", "2026-11-23", "0x1F", "null", "1_000"]
    desk.write(FIRST.replace("问一, 问二, 问三, 问四, 问五, 问六", ", ".join(utterances)))
    assert desk.problems() == []
    [entry, _] = load_entries([desk.directory / "first.yaml", desk.directory / "second.yaml"])
    assert list(entry.asked_as) == utterances
    assert read_yaml(desk.directory / "first.yaml").data["entries"][0]["checked"] == "2026-11-23"


def test_low_confidence_may_name_national_numbers_and_variables(desk: Desk) -> None:
    low = FIRST.replace("confidence: high", "confidence: low")
    desk.write(low.replace("现在不能烧。", "'打12345或119问。今年是{{某变量}}。'"))
    assert desk.problems() == []
    desk.write(low.replace("现在不能烧。", "打12346问。"))
    assert len(desk.problems()) == 1


# ---------------------------------------------------------------- the whole directory


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of config/content."""
    directory = tmp_path / "content"
    shutil.copytree(CONTENT_DIR, directory)
    return directory


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def told(directory: Path) -> list[str]:
    try:
        load_pack(directory)
    except ContentError as error:
        return [str(problem).replace(f"{directory}/", "") for problem in error.problems]
    return []


def test_what_ships_is_in_order(shipped: Path) -> None:
    assert told(shipped) == []


@pytest.mark.parametrize("mistake", MISTAKES["pack"])
def test_a_mistake_in_replies_emergencies_or_variables(shipped: Path, mistake: str) -> None:
    wrong = MISTAKES["pack"][mistake]
    change(shipped / wrong["file"], wrong["of"], wrong["makes"])
    problems = told(shipped)
    assert any(problem.startswith(f"{wrong['file']}:") and wrong["says"] in problem for problem in problems), problems
    assert all(int(problem.split(":")[1]) >= 1 for problem in problems)


def test_mistakes_of_different_files_are_told_together(shipped: Path) -> None:
    change(shipped / "replies.yaml", "menu_gone: ", "menu_lost: ")
    change(shipped / "emergencies.yaml", "regex: (着火", "regex: ((着火")
    change(shipped / "local.yaml", '{value: "",', '{valeu: "",')
    change(shipped / "policies.yaml", "confidence: high", "confidence: sure")
    (shipped / "services_1.yaml").write_bytes("topic: 办事".encode("gb18030"))
    files = {problem.split(":")[0] for problem in told(shipped)}
    assert files == {"replies.yaml", "emergencies.yaml", "local.yaml", "policies.yaml", "services_1.yaml"}


@pytest.mark.parametrize("file", ["replies.yaml", "local.yaml", "emergencies.yaml"])
def test_a_missing_file(shipped: Path, file: str) -> None:
    (shipped / file).unlink()
    assert f"{file}:1: this file is missing; put it back" in told(shipped)


def test_a_published_pack_is_checked_once_more_when_it_is_read() -> None:
    """The database could hold what an older program wrote."""
    stored = load_pack().model_dump(mode="json")
    assert Pack.model_validate(stored).model_dump(mode="json") == stored
    mistakes: list[Callable[[], object]] = [
        lambda: stored["replies"]["topics"]["policies"].update(entries=["C99"]),
        lambda: stored.pop("emergencies"),
    ]
    for make in mistakes:
        make()
        with pytest.raises(ValueError, match=r"C99|emergencies"):
            Pack.model_validate(stored)
