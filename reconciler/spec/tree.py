"""YAML events to a tree of mappings, lists and texts that know their places. No type is guessed: the schema does that.

Reading events instead of letting PyYAML build objects keeps `23:00`, `no` and `0755` as written, finds duplicate keys,
never follows an alias, and is several times faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml import events

from reconciler.spec.near import shown
from reconciler.spec.source import Source, mark
from reconciler.spec.text import SUSPECT, character_code, described

MOST_LEVELS = 20
MOST_VALUES = 4_000_000
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NUMBER = re.compile(r"[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+|\.inf|\.nan)")


class Plain(str):
    """Text without quotes: the schema may read it as a number, a boolean or a date."""

    __slots__ = ()


class MappingNode(dict[str, Any]):
    """A mapping. `at` is where it starts; `marks` holds two positions a key, in order: of the key and of its value."""

    __slots__ = ("at", "marks")

    def __init__(self, at: int) -> None:
        self.at = at
        self.marks: list[int] = []

    def key_at(self, key: str) -> int:
        return self.marks[2 * list(self).index(key)]

    def value_at(self, key: str) -> int:
        return self.marks[2 * list(self).index(key) + 1]


class ListNode(list[Any]):
    """A list. `at` is where it starts; `marks` holds the position of each item."""

    __slots__ = ("at", "marks")

    def __init__(self, at: int) -> None:
        self.at = at
        self.marks: list[int] = []


class _Stop(Exception):
    """Reading on makes no sense; the reason has been said."""


def read_tree(source: Source) -> MappingNode | None:
    """The one mapping of a file, or None after complaining. What can't be used is left out after its complaint."""
    builder = _Builder(source)
    try:
        builder.build(_events(source.text))
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        _complain_of_syntax(source, error)
        return None
    root = builder.root
    if isinstance(root, MappingNode):
        return root
    found = "nothing" if root is None else "a list" if isinstance(root, ListNode) else "a single text"
    source.complain("E112", 0, f"expected a mapping, found {found}")
    return None


def _events(text: str) -> Iterator[Any]:
    parser: Any = yaml.CBaseLoader(text) if yaml.__with_libyaml__ else yaml.BaseLoader(text)
    while parser.check_event():
        yield parser.get_event()


class _Builder:
    """One pass over the events. `_key` is the key whose value comes next; None: a key comes next."""

    def __init__(self, source: Source) -> None:
        self.root: object = None
        self._source = source
        self._node: MappingNode | ListNode | None = None
        self._key: str | None = None
        self._key_at = 0
        self._keep = True  # False: the value of an unusable key follows and is dropped
        self._stack: list[tuple[MappingNode | ListNode | None, str | None, int, bool]] = []

    def build(self, stream: Iterator[Any]) -> None:
        documents = 0
        for count, event in enumerate(stream):
            if count > MOST_VALUES:
                self._source.complain("E111", _at(event), f"the file holds more than {MOST_VALUES:,} values")
                raise _Stop
            kind = type(event)
            if kind is events.ScalarEvent:
                if event.anchor is not None or event.tag is not None:
                    self._refuse_decoration(event)
                self._scalar(event)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                if event.anchor is not None or event.tag is not None:
                    self._refuse_decoration(event)
                at = _at(event)
                self._open(MappingNode(at) if kind is events.MappingStartEvent else ListNode(at))
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                self._close()
            elif kind is events.AliasEvent:
                self._source.complain("E206", _at(event), f"'*{event.anchor}' is an alias", final=True)
                self._put(None, _at(event))
            elif kind is events.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._source.complain("E209", _at(event), "a second document starts here")
                    raise _Stop

    def _scalar(self, event: Any) -> None:
        value: str = event.value
        at = _at(event)
        if event.implicit[0]:
            if isinstance(self._node, MappingNode) and self._key is None:
                self._plain_key(value, at)
            else:
                self._put(None if value in _NULLS else Plain(value), at)
            return
        if event.style == '"' and (hidden := SUSPECT.search(value)):
            code = "E110" if character_code(hidden[0]) == "E110" else "E105"
            self._source.complain(code, at, f"an escape makes {described(hidden[0])}", final=True)
            value = SUSPECT.sub("", value)
        self._put(value, at)

    def _plain_key(self, key: str, at: int) -> None:
        if key == "<<":
            self._source.complain("E206", at, "'<<' is a merge key", final=True)
        elif key in _NULLS or _NUMBER.fullmatch(key):
            self._source.complain("E204", at, f"the key {shown(key)} is no text", final=True)
        else:
            self._put(key, at)
            return
        self._key, self._keep = key, False

    def _put(self, value: object, at: int) -> None:
        node = self._node
        if node is None:
            self.root = value
        elif isinstance(node, ListNode):
            node.append(value)
            node.marks.append(at)
        elif self._key is None:
            self._set_key(node, value, at)
        else:
            if self._keep:
                node[self._key] = value
                node.marks += (self._key_at, at)
            self._key, self._keep = None, True

    def _set_key(self, node: MappingNode, key: object, at: int) -> None:
        if not isinstance(key, str):  # an alias as a key has been refused already
            self._key, self._keep = "", False
            return
        self._key, self._key_at = str(key), at
        if key in node:
            self._duplicate(node, key, key, at)
            self._keep = False

    def _duplicate(self, node: MappingNode, key: str, first: str, at: int) -> None:
        place = self._source.place(node.key_at(first))
        spelt = "" if key == first else f" as {shown(first)}"
        what = f"duplicate key {shown(key)} (first{spelt} at {place.line}:{place.column})"
        self._source.complain("E202", at, what, final=True)

    def _open(self, node: MappingNode | ListNode) -> None:
        if len(self._stack) >= MOST_LEVELS:
            self._source.complain("E207", node.at, f"nested deeper than {MOST_LEVELS} levels")
            raise _Stop
        if isinstance(self._node, MappingNode) and self._key is None:
            self._source.complain("E204", node.at, "a key is a mapping or a list", final=True)
        self._stack.append((self._node, self._key, self._key_at, self._keep))
        self._node, self._key, self._keep = node, None, True

    def _close(self) -> None:
        node = self._node
        if isinstance(node, MappingNode) and len({key.lower() for key in node}) != len(node):
            self._refuse_same_but_for_case(node)
        at = node.at if node is not None else 0
        self._node, self._key, self._key_at, self._keep = self._stack.pop()
        if isinstance(self._node, MappingNode) and self._key is None:  # it stood where a key stands: refused already
            self._key, self._keep = "", False
        else:
            self._put(node, at)

    def _refuse_same_but_for_case(self, node: MappingNode) -> None:
        first: dict[str, str] = {}
        for key in node:
            if (earlier := first.setdefault(key.lower(), key)) != key:
                self._duplicate(node, key, earlier, node.key_at(key))

    def _refuse_decoration(self, event: Any) -> None:
        if event.tag is not None:
            self._source.complain("E208", _at(event), f"the tag {shown(event.tag)} is not allowed", final=True)
        else:
            self._source.complain("E206", _at(event), f"'&{event.anchor}' is an anchor", final=True)


def _at(event: Any) -> int:
    start = event.start_mark
    return mark(start.line, start.column)


def _complain_of_syntax(source: Source, error: yaml.MarkedYAMLError) -> None:
    """Our words for what the parser could not read. Both parsers, libyaml's and Python's, speak in nearly these terms."""
    problem, context = error.problem or "", error.context or ""
    spot = error.problem_mark
    code, what = "E213", "the line does not fit what is above it"
    if "<document start>" in problem:
        code, what = "E209", "text after the end of the document"
    elif "Unicode character escape" in problem:
        code, what = "E110", "the escape is no character"
    elif "escape" in problem or "hexdecimal" in problem or "hexadecimal" in problem:
        code, what = "E214", "unknown escape after a backslash"
    elif "mapping values are not allowed" in problem:
        code, what = "E211", "': ' where no key may stand"
    elif "simple key" in context:
        what, spot = "a line without a colon", error.context_mark
    elif "quoted scalar" in context:
        code, what, spot = "E210", "a quote is opened here and not closed", error.context_mark
    elif "flow" in context:
        code, what, spot = "E210", "a bracket is opened here and not closed in good order", error.context_mark
    elif "tag" in context:
        code, what = "E208", "a word that starts with ! is a tag"
    elif "cannot start" in problem or "alias" in context or "anchor" in context or "node content" in problem:
        code, what = "E212", "this character can't start a value"
    source.complain(code, mark(spot.line, spot.column) if spot else 0, what)
