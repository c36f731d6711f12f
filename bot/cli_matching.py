"""The flask commands of the matching: evaluate, fit-matching."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import yaml
from flask import Flask

from bot.content.load import load_entries
from bot.content.schema import Entry
from bot.matching import resources
from bot.matching.bundle import Bundle, ablation, refit
from bot.matching.entries import EntryLike
from bot.matching.evaluate import Outcome, figures, is_miss, read_questions, run, simple_pack
from bot.matching.model import POINTS, Point
from bot.matching.understanding import Means, Understanding

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHIPPED_QUESTIONS = Path(__file__).parents[1] / "tests" / "questions"


def register(app: Flask, published: Callable[[], Sequence[Entry]], today: Callable[[], date]) -> None:
    """Adds the commands. ``published``: the entries in force; ``today``: the date in Beijing."""

    @app.cli.command("evaluate")
    @click.option("--content", type=_FILE, help="a pack: our YAML, or JSON in the form of faq.json; else what is published")
    @click.option("--questions", type=_FILE, required=True, multiple=True, help="a JSON line each: q, expected, kind, alt")
    @click.option("--json", "as_json", is_flag=True, help="the figures as JSON")
    @click.option("--errors", is_flag=True, help="every miss and why")
    @click.option("--point", type=click.Choice(POINTS), default="平衡", help="how ready to answer")
    @click.option("--without-lexicon", is_flag=True, help="what the method is worth without config/lexicon")
    def evaluate(
        content: Path | None, questions: tuple[Path, ...], as_json: bool, errors: bool, point: Point, without_lexicon: bool
    ) -> None:
        """Decide every question of a file and say how many were answered rightly, wrongly, or not."""
        entries = read_pack(content) if content else published()
        means = Means.without_lexicon() if without_lexicon else Means.shipped()
        ruleset = Understanding(entries, 0, point=point, means=means)
        asked = [item for path in questions for item in read_questions(path)]
        outcomes = run(ruleset, asked, today())
        click.echo(json.dumps(figures(outcomes), ensure_ascii=False) if as_json else _table(figures(outcomes)))
        if errors:
            click.echo("\n\n".join(_miss(outcome) for outcome in outcomes if is_miss(outcome)), err=as_json)

    @app.cli.command("fit-matching")
    @click.option(
        "--pair",
        "pairs",
        type=(_FILE, _FILE),
        multiple=True,
        help="a pack and its questions; the shipped ones always take part",
    )
    @click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="where the report goes, else to the screen")
    @click.option("--ablation", "ablate", is_flag=True, help="also say what each piece of evidence brings (slow)")
    @click.option("--dry-run", is_flag=True, help="report only, write no data file")
    def fit_matching(pairs: tuple[tuple[Path, Path], ...], report: Path | None, ablate: bool, dry_run: bool) -> None:
        """Refit the coefficients, cross-validated by entry, and write them with the shipped questions as a data file."""
        shipped = published()
        bundles = [Bundle(content.stem, read_pack(content), read_questions(questions)) for content, questions in pairs]
        asked = [item for path in sorted(SHIPPED_QUESTIONS.glob("*.jsonl")) for item in read_questions(path)]
        if not dry_run:
            resources.write_known({entry.title: list(entry.asked_as) for entry in shipped})
        model, lines = refit(bundles, Bundle("shipped", shipped, asked), today())
        if ablate:
            lines += ablation(bundles, Bundle("shipped", shipped, asked), today())
        if not dry_run:
            resources.write_model(model)
        text = "\n".join(lines)
        if report:
            report.write_text(text + "\n", encoding="utf-8")
        click.echo(text)


def read_pack(path: Path) -> Sequence[EntryLike]:
    """A pack file: JSON or YAML that is a list of simple entries, or one of our content files."""
    if path.suffix.lower() != ".json":
        data: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        if isinstance(data, dict) and "entries" in data:
            return load_entries([path], whole=False)
    else:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    items = data.get("entries", data) if isinstance(data, dict) else data
    if not isinstance(items, list) or not all(isinstance(item, dict) and "id" in item and "title" in item for item in items):
        raise click.ClickException(f"{path} is no pack: a list of entries with id, title, keywords and answer is wanted")
    if items and "sources" in items[0]:
        return [Entry.model_validate(item) for item in items]
    return simple_pack(items)


def _table(found: dict[str, Any]) -> str:
    lines = [f"{name:14} {value}" for name, value in found.items() if name != "by_kind"]
    for kind, values in found["by_kind"].items():
        lines.append(f"  {kind:14} " + "  ".join(f"{name} {value}" for name, value in values.items()))
    return "\n".join(lines)


def _miss(outcome: Outcome) -> str:
    decision, asked = outcome.decision, outcome.asked
    wanted = "/".join(asked.right) or "不该回答"
    return f"「{asked.text}」 {asked.kind} 应为 {wanted}，结果 {decision.kind} {_list(decision.entries)}\n{decision.why}"


def _list(entries: Iterable[str]) -> str:
    return ", ".join(entries) or "-"
