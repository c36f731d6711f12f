"""Typed access to the fields of a message; whatever is missing, nested or no number is a BadMessage."""

from __future__ import annotations

import math
import re
from typing import Any

from bot.gateway.reader import BadMessage, Fields

Common = dict[str, Any]  # keyword arguments that every message's dataclass takes

# MsgId has 64 bits, and so has SQLite's integer, with a sign.
MAX_INTEGER = 2**63 - 1

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")
_SHARED = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "MsgDataId", "Idx", "Event", "EventKey", "Encrypt"}
)


def text(fields: Fields, name: str, default: str | None = None) -> str:
    """The text of ``name``; without a ``default`` the field must be there. Raises BadMessage."""
    value = fields.get(name, default)
    if type(value) is str:
        return value
    raise BadMessage("missing_field" if value is None else "nested_field", name)


def integer(fields: Fields, name: str, default: int | None = None) -> int:
    """A whole number from 0 to 2**63 - 1. Raises BadMessage."""
    if default is not None and name not in fields:
        return default
    value = text(fields, name).strip()
    # int() alone would take "1_000", "+5", "٣" and, slowly, a million digits.
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and (number := int(value)) <= MAX_INTEGER):
        raise BadMessage("bad_number", name)
    return number


def decimal(fields: Fields, name: str) -> float:
    """A finite number. Raises BadMessage."""
    value = text(fields, name).strip()
    if not (_DECIMAL.fullmatch(value) and math.isfinite(number := float(value))):
        raise BadMessage("bad_number", name)
    return number


def group(fields: Fields, name: str, *, required: bool = True) -> Fields:
    """The children of ``name``; none if it is empty or, where that is allowed, missing. Raises BadMessage."""
    value = fields.get(name)
    if type(value) is dict:
        return value
    if value is None and required:
        raise BadMessage("missing_field", name)
    if not value or (isinstance(value, str) and value.isspace()):
        return {}
    raise BadMessage("text_for_fields", name)


def groups(fields: Fields, name: str) -> list[Fields]:
    """Every element ``name`` of a list, each with children. Raises BadMessage."""
    return [group({name: value}, name) for value in each(fields, name)]


def each(fields: Fields, name: str) -> list[Any]:
    """The values of a repeated element, none if it is missing."""
    values = fields.get(name, [])
    return values if isinstance(values, list) else [values]


def place(fields: Fields) -> dict[str, Any]:
    """Where a resident is, as a location message and location_select give it. Raises BadMessage."""
    return {
        "latitude": decimal(fields, "Location_X"),
        "longitude": decimal(fields, "Location_Y"),
        "scale": integer(fields, "Scale"),
        "label": text(fields, "Label"),
    }


def rest(fields: Fields) -> Fields:
    """What a message has beyond the fields that all have."""
    return {name: value for name, value in fields.items() if name not in _SHARED}
