"""Personal data on its way into logs and tables: masks numbers that belong to a person, makes pseudonyms of openids."""

from __future__ import annotations

import base64
import re
import unicodedata
from hashlib import blake2b
from typing import Final

MASK: Final = "***"

# What people put between digits: spaces of all widths, hyphens and dashes, the brackets of an area code.
_GAP = r"[ \t\u00a0\u2002-\u200f\u2060\u3000\ufeff()\uff08\uff09_\-\u2010-\u2015\u2212\uff0d]{0,3}"
_DIGITS_APART = rf"(?:{_GAP}\d)"
# Begins with a digit in every case: then the search skips text at 10 ns a character, an alternation takes 100.
_RUN = re.compile(rf"\d{_DIGITS_APART}{{6,}}(?:{_GAP}[Xx\uff38\uff58](?![A-Za-z]))?")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_DOTTED_MOBILE = re.compile(r"(?<!\d)1[3-9]\d\.\d{4}\.\d{4}(?!\d)")

# Numbers that are whole without a gap, wherever in a run they stand.
_MOBILE = rf"(?:(?:00)?86{_GAP}|0)?1[3-9]\d{{9}}"
_AREA_CODE = r"0(?:10|2\d|[3-9]\d\d)"
_WHOLE = re.compile(rf"(?<!\d)(?:{_MOBILE}|{_AREA_CODE}[1-9]\d{{6,7}}|\d{{17}}[Xx\uff38\uff58]|\d{{15,16}}|\d{{18,19}})(?!\d)")
_GAPPED_PHONE = re.compile(
    rf"(?<!\d)(?:(?:(?:00)?86{_GAP}|0)?1{_GAP}[3-9]{_DIGITS_APART}{{9}}"
    rf"|{_AREA_CODE}{_GAP}[1-9]\d{{2,3}}{_GAP}\d{{4}})(?!\d)"
)
# A run of so many digits, however it is grouped, is an ID card's, a bank card's or a phone with its country code.
_CARD_DIGITS: Final = 13
# Hotlines, years and round amounts: groups that make no card when nothing else stands beside them.
_ORDINARY = re.compile(r"1[0-2]\d|12\d{3}|1[01]\d{3}|9[56]\d{3,4}|(?:19|20)\d\d|\d{1,7}00")
# A phone without its area code, and what around 7 or 8 digits says that they are none.
_LOCAL_PHONE = re.compile(r"[2-8]\d{6,7}")
_COUNTED_AFTER = re.compile(r"[A-Za-z_]|[.．]\d|\s*[元块圆角万亿亩斤吨户人口个名位次年度页号岁千百米公平％%㎡]")
_COUNTED_BEFORE = re.compile(r"(?:[A-Za-z_]|\d[.．]|[￥¥$第]\s*)$")
_PHONE_BEFORE = re.compile(r"(?:电话|座机|号码|联系|致电|拨打|来电|热线|传真|[Tt][Ee][Ll])\D{0,4}$")


def mask(text: str) -> str:
    """``text`` with mobile and landline phones, ID cards and bank cards replaced by ``***``.

    Hotlines of up to six digits, amounts, dates and years stay.

    >>> mask("我的手机是１３８ ００１３ ８０００，找12345")
    '我的手机是***，找12345'
    """
    hidden = _RUN.sub(_hidden, text)
    return _DOTTED_MOBILE.sub(MASK, hidden) if "." in hidden else hidden


def pseudonym(openid: str, key: bytes) -> str:
    """A stand-in for ``openid`` that nobody can undo without ``key``: 22 characters, safe in URLs and Redis keys."""
    if not key:
        raise ValueError("a pseudonym needs a key")
    if len(key) > blake2b.MAX_KEY_SIZE:
        key = blake2b(key).digest()
    digest = blake2b(openid.encode("utf-8", "surrogatepass"), digest_size=16, key=key, person=b"openid").digest()
    return base64.urlsafe_b64encode(digest)[:22].decode()


def _hidden(match: re.Match[str]) -> str:
    run = match[0]
    ascii_run = run if run.isascii() else "".join(map(_ascii_digit, run))
    before, after = match.string[max(0, match.start() - 12) : match.start()], match.string[match.end() : match.end() + 4]
    hidden = MASK.join(_hidden_groups(piece, before, after) for piece in _WHOLE.split(ascii_run))
    return run if hidden == ascii_run else hidden


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _hidden_groups(run: str, before: str, after: str) -> str:
    """``run``, or a mask for what its groups of digits amount to together."""
    groups = re.findall(r"\d+", run)
    digits = "".join(groups)
    if len(digits) >= _CARD_DIGITS:
        return run if all(map(_ORDINARY.fullmatch, re.findall(r"\d+", _DATE.sub("", run)))) else MASK
    if len(digits) >= 10:
        return _GAPPED_PHONE.sub(MASK, run)
    return MASK if _is_local_phone(digits, groups, before, after) else run


def _is_local_phone(digits: str, groups: list[str], before: str, after: str) -> bool:
    if not _LOCAL_PHONE.fullmatch(digits) or len(groups) > 2:
        return False
    if _PHONE_BEFORE.search(before):
        return True
    if _COUNTED_AFTER.match(after) or _COUNTED_BEFORE.search(before) or _is_date(digits):
        return False
    return not all(map(_ORDINARY.fullmatch, groups))


def _is_date(digits: str) -> bool:
    return re.fullmatch(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits) is not None
