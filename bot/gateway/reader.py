"""Reads untrusted XML into plain fields: no DOCTYPE, no surprise in shape or size, one typed error."""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

Fields = dict[str, Any]  # name → str, Fields, or a list of either for a repeated element

MAX_ELEMENTS = 64
MAX_DEPTH = 6
# A finished mass send lists 8 articles twice, 9 elements each at most: a list's items bring room of their own.
ITEM_DEPTH = 4
ITEM_ELEMENTS = 9
MAX_ITEMS = 16
# Elements of which the platform makes lists, always below the root's own children.
REPEATED = frozenset({"item", "fail_idx", "List"})

# XML has no place for these, yet residents paste them: one such character must not cost them the answer.
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())

# Possessive throughout: what doesn't match at once never will.
_LEAF = re.compile(
    r"\s*+<([A-Za-z_][A-Za-z0-9_]*+)>(?:<!\[CDATA\[([^\]]*+(?:\](?!\]>)[^\]]*+)*+)\]\]>|([^<&\]]*+))</\1>", re.ASCII
)
_END = re.compile(r"\s*+</xml>\s*+", re.ASCII)
_START = "<xml>"


class BadMessage(Exception):
    """The XML is not what the platform sends. ``reason`` is a code for the log, ``field`` the element it is about."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{reason} {field}".rstrip())
        self.reason = reason
        self.field = field


def read(xml: bytes) -> Fields:
    """The children of the root ``<xml>``. Raises BadMessage."""
    xml = _clean(xml)
    return _read_flat(xml) or _read_tree(xml)


def _clean(xml: bytes) -> bytes:
    xml = xml.translate(None, _CONTROLS)
    for noncharacter in _NONCHARACTERS:
        if noncharacter in xml:
            xml = xml.replace(noncharacter, b"")
    return xml


def _read_flat(xml: bytes) -> Fields | None:
    """The fields of the plainest form, elements of text and nothing more; None leaves the judgement to expat.

    Nearly every callback has this form, and expat's calls into Python take three times as long.
    """
    try:
        text = xml.decode()
    except UnicodeDecodeError:
        return None
    # A parser has to turn "\r\n" into "\n".
    if not text.startswith(_START) or "\r" in text:
        return None
    fields: Fields = {}
    position = len(_START)
    while leaf := _LEAF.match(text, position):
        name, cdata, bare = leaf.groups()
        if name in fields:
            return None
        fields[name] = bare if cdata is None else cdata
        position = leaf.end()
    return fields if len(fields) < MAX_ELEMENTS and _END.fullmatch(text, position) else None


def _read_tree(xml: bytes) -> Fields:
    tree = _Tree()
    # An encoding named here overrides the document's own: with UTF-8 alone there is one reading of the bytes.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise BadMessage("malformed_xml") from None
    root = tree.document.get("xml", "no such root")
    if isinstance(root, dict):
        return root
    if root and not root.isspace():
        raise BadMessage("wrong_root")
    return {}


def _refuse_doctype(name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
    raise BadMessage("doctype")


class _Tree:
    """Expat's handlers. ``open`` holds the children of each element that is open, the document's own first."""

    __slots__ = ("allowed", "count", "document", "open", "text")

    def __init__(self) -> None:
        self.document: Fields = {}
        self.open: list[Fields] = [self.document]
        self.text = ""
        self.count = 0
        self.allowed = MAX_ELEMENTS

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        depth = len(self.open)
        if depth == ITEM_DEPTH and name == "item":
            self.allowed = min(self.allowed + ITEM_ELEMENTS, MAX_ELEMENTS + MAX_ITEMS * ITEM_ELEMENTS)
        if self.count > self.allowed:
            raise BadMessage("too_many_elements")
        if depth > MAX_DEPTH:
            raise BadMessage("too_deep")
        if self.text:
            self._only_space(name)
        self.open.append({})

    def data(self, text: str) -> None:
        self.text += text

    def end(self, name: str) -> None:
        value: Any = self.open.pop()
        if not value:
            value = self.text
        elif self.text:
            self._only_space(name)
        self.text = ""
        siblings = self.open[-1]
        if name not in siblings:
            siblings[name] = value
        elif name not in REPEATED or len(self.open) < 3:
            raise BadMessage("duplicate_field", name[:32])
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    def _only_space(self, name: str) -> None:
        if not self.text.isspace():
            raise BadMessage("mixed_content", name[:32])
        self.text = ""
