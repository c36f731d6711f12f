"""The shape of what the county keeps: entries, their sources, services and keywords, local variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Topic = Literal["straw_burning", "services", "policies"]
TOPICS: tuple[Topic, ...] = ("straw_burning", "services", "policies")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\n]*$")]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
# YAML leaves an unset field as an empty string.
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]

# National numbers of the fact sheet (B08, B09, A09) and the years a text may name are no figures a county must vouch for.
HOTLINES = (
    "110 119 120 122 12119 12123 12305 12309 12315 12317 12328 12329 12333 12338 12345 "
    "12348 12355 12366 12367 12369 12385 12388 12393 96110"
).split()
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


class Model(BaseModel):
    """Unknown fields are errors, and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Keyword(Model):
    """One rule of an entry.

    In YAML a bare string is ``contains``; the other modes are ``{exact: 文字}``, ``{regex: RE2}`` and
    ``{all: [[秸秆, 苞米秆], [罚, 拘留]]}`` (one word of each group, anywhere), each with an optional ``priority``.
    """

    mode: Literal["exact", "regex", "contains", "all"]
    text: str = ""
    groups: tuple[tuple[Line, ...], ...] = ()
    priority: int = Field(default=0, ge=-100, le=100)

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"mode": "contains", "text": value}
        if isinstance(value, Mapping) and "mode" not in value:
            rest = dict(value)
            for mode in ("exact", "regex", "contains"):
                if mode in rest:
                    return {"mode": mode, "text": rest.pop(mode), **rest}
            if "all" in rest:
                return {"mode": "all", "groups": rest.pop("all"), **rest}
        return value

    @model_validator(mode="after")
    def _complete(self) -> Keyword:
        if self.mode == "all":
            if len(self.groups) < 2 or not all(self.groups) or self.text:
                raise ValueError("an `all` keyword needs two or more groups with at least one word each")
        elif not self.text.strip() or self.groups:
            raise ValueError(f"an `{self.mode}` keyword needs a text")
        return self


class Source(Model):
    """Where a fact stands: a law with its article, or a document with its number."""

    name: Line
    article: str = ""
    number: str = ""
    publisher: Line
    effective: Day = None
    url: str = ""

    def short(self) -> str:
        """《生态环境法典》第246条 · 国办发〔2020〕53号 when there is no article."""
        return f"《{self.name}》{self.article or self.number}"


class Service(Model):
    """An errand with its parts; a part the county has not confirmed is left empty and never guessed."""

    materials: tuple[Line, ...] = ()
    steps: tuple[Line, ...] = ()
    fee: str = ""
    time_legal: str = ""
    time_promised: str = ""
    where: str = ""
    visits: str = ""
    online: str = ""
    phone: str = ""


def _utterances(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("the same utterance twice; remove one")
    return values


class Entry(Model):
    """One answer: what it says, how people ask for it, and what it rests on."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]
    topic: Topic
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=18)]
    keywords: tuple[Keyword, ...] = ()
    exclude: tuple[Line, ...] = ()
    asked_as: Annotated[tuple[Line, ...], Field(min_length=6), AfterValidator(_utterances)]
    answer: Paragraph
    service: Service | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    checked: date
    review_by: date
    confidence: Literal["high", "medium", "low"]
    valid_from: Day = None
    valid_until: Day = None
    related: Annotated[tuple[str, ...], Field(max_length=3)] = ()

    @model_validator(mode="after")
    def _dates_in_order(self) -> Entry:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise ValueError("valid_from lies after valid_until")
        if self.review_by <= self.checked:
            raise ValueError("review_by must lie after checked")
        return self

    @model_validator(mode="after")
    def _no_unsure_numbers(self) -> Entry:
        if self.confidence == "low":
            for text in self.texts():
                for number in _NUMBER.findall(_PLACEHOLDER.sub("", text)):
                    if number not in HOTLINES:
                        raise ValueError(
                            f"confidence is low, so the answer may not state {number}; leave the number out or say where to ask"
                        )
        return self

    def texts(self) -> tuple[str, ...]:
        """Every text of this entry that a resident can be shown, unrendered."""
        parts = self.service
        if parts is None:
            return (self.answer,)
        single = (parts.fee, parts.time_legal, parts.time_promised, parts.where, parts.visits, parts.online, parts.phone)
        return (self.answer, *parts.materials, *parts.steps, *(text for text in single if text))

    def source_line(self) -> str:
        """「依据：《生态环境法典》第246条（2026-11-23核对）」"""
        return f"依据：{self.sources[0].short()}（{self.checked:%Y-%m-%d}核对）"

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)


class Variable(Model):
    """A local fact that only the county can give; empty until somebody there fills it in."""

    value: str = ""
    ask: str = ""
    example: str = ""

    @field_validator("value")
    @classmethod
    def _plain(cls, value: str) -> str:
        if "{{" in value or "\n" in value:
            raise ValueError("a local value is one line of plain text")
        return value.strip()
