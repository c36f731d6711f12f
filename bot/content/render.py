"""Fills local variables into a text: a sentence whose variable is empty is left out, never shown half."""

from __future__ import annotations

import re
from collections.abc import Mapping

# {{禁烧举报电话}} or, with words for the time while it is empty, {{大厅地址|先打12345问地址}}
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}")
_SENTENCE = re.compile(r"[^。！？\n]*[。！？\n]+|[^。！？\n]+$")


def placeholders(text: str) -> set[str]:
    """The names of all variables that ``text`` mentions."""
    return {match[1] for match in _PLACEHOLDER.finditer(text)}


def render(text: str, local: Mapping[str, str]) -> str:
    """``text`` with every ``{{name}}`` replaced by its value.

    A sentence (up to 。！？ or a line's end) with an empty or unknown ``{{name}}`` is dropped whole;
    ``{{name|otherwise}}`` stands for ``otherwise`` instead. The result never holds ``{{``.
    """
    if "{{" not in text:
        return text
    kept = []
    for sentence in _SENTENCE.findall(text):
        if all(local.get(match[1]) or match[2] for match in _PLACEHOLDER.finditer(sentence)):
            kept.append(_PLACEHOLDER.sub(lambda match: local.get(match[1]) or match[2], sentence))
        elif sentence.endswith("\n") and kept and not kept[-1].endswith("\n"):
            kept.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip().replace("{{", "").replace("}}", "")
