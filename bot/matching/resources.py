"""Loads what the matching needs, once: syllables, rarity of characters, lexicon, the fitted model. The only IO here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from bot.matching.kinship import Kinship
from bot.matching.lexicon import Lexicon
from bot.matching.model import Model
from bot.matching.phrase import Analyser
from bot.matching.sounds import Sounds

DATA = Path(__file__).parent / "data"
LEXICON_DIR = Path(__file__).parents[2] / "config" / "lexicon"
KNOWN_FILE = DATA / "known.json"
MODEL_FILE = DATA / "model.json"


def _groups(name: str) -> Iterator[tuple[str, str]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, _, characters = line.partition(" ")
            yield key, characters


@cache
def sounds() -> Sounds:
    """The syllable of each Chinese character."""
    return Sounds(_groups("syllables.txt"))


@cache
def rarity() -> Mapping[str, float]:
    """By character, -ln of its share of running text (3 for 的 to 15)."""
    levels = ((character, int(level) / 4) for level, characters in _groups("rarity.txt") for character in characters)
    return MappingProxyType(dict(levels))


@cache
def lexicon(directory: Path = LEXICON_DIR) -> Lexicon:
    """All lexicon files together."""
    same: dict[str, list[str]] = {}
    fillers: set[str] = set()
    common: set[str] = set()
    light: set[str] = set()
    for path in sorted(directory.glob("*.yaml")):
        data: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        for standard, said in (data.get("same") or {}).items():
            same.setdefault(standard, []).extend(said)
        fillers.update(data.get("fillers") or ())
        common.update(data.get("common") or ())
        light.update(data.get("light") or ())
    return Lexicon(same, fillers, common, light)


@cache
def topics(directory: Path = LEXICON_DIR) -> Mapping[str, list[str]]:
    """The affairs of a county and how people ask about them, as the lexicon has them."""
    data: Any = yaml.load((directory / "topics.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    return MappingProxyType(data["topics"])


@cache
def known() -> Mapping[str, list[str]]:
    """The questions that shipped with the product, by title; written by ``fit-matching``."""
    return MappingProxyType(json.loads(KNOWN_FILE.read_text(encoding="utf-8")) if KNOWN_FILE.exists() else {})


@cache
def analyser() -> Analyser:
    return Analyser(lexicon(), sounds(), rarity())


@cache
def kinship() -> Kinship:
    return Kinship({**topics(), **known()}, analyser())


def write_known(questions: Mapping[str, list[str]]) -> None:
    """Writes what ``known`` reads; the next call reads it anew."""
    KNOWN_FILE.write_text(json.dumps(questions, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    known.cache_clear()
    kinship.cache_clear()


def write_model(fitted: Model) -> None:
    """Writes what ``model`` reads; the next call reads it anew."""
    MODEL_FILE.write_text(json.dumps(fitted.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    model.cache_clear()


def no_lexicon() -> Lexicon:
    """Only fillers and common words, no synonyms: what the method is without the table."""
    full = lexicon()
    return Lexicon({}, full.fillers, full.common, full.light)


@cache
def model(path: Path = MODEL_FILE) -> Model:
    """The fitted coefficients."""
    return Model.from_json(json.loads(path.read_text(encoding="utf-8")))
