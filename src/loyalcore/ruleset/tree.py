"""One YAML text to plain data that remembers where each of its parts stands.

Only a plain part of YAML is the ruleset language: one document of mappings, lists and scalars,
without anchors, aliases, merge keys and tags, since a reader must see at a place all that
holds there. A key is always text, as written (`on`, `1`, `true`). What is refused is a Problem,
and reading goes on where it can. Time and memory are bounded whatever the text: nothing here
recurses, and depth and number of values have limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from loyalcore.errors import Problem
from loyalcore.ruleset.scalar import NumberTooLong, index_in, read_plain
from loyalcore.ruleset.syntax import QUOTES, syntax_problem
from loyalcore.ruleset.text import UNSEEN, Text, shown
from loyalcore.ruleset.yaml_events import events
from loyalcore.values import MAX_DIGITS

MAX_DEPTH = 50  # values in values; a rule nests about ten deep
MAX_VALUES = 300_000  # keys and values of one file; 5,000 rules have about 100,000

SECTIONS = "write sections such as 'program: my-club' and 'rules:'"
SHARE = "write it out, use 'include' or a table; put a text that starts like this in quotes"

Data = dict[str, "Data"] | list["Data"] | str | int | Decimal | bool | None


class Node(NamedTuple):
    """A value, the half-open range of characters that writes it, and its parts: by key (of a
    mapping) or index (of a list). `keys` tells where each key of a mapping starts."""

    value: Data
    start: int
    end: int
    children: Mapping[str | int, Node] = {}
    keys: Mapping[str | int, int] = {}


NOTHING = Node({}, 0, 0)


@dataclass(frozen=True)
class Tree:
    """What one file says. `root` is the top-level mapping, empty where there is none. `whole` is
    False where reading had to stop, so that what seems missing may merely be unread."""

    text: Text
    root: Node
    problems: tuple[Problem, ...]
    whole: bool


def read_tree(text: Text) -> Tree:
    """The tree of a YAML text, with every problem found. Never raises."""
    unseen = text.unseen()
    if unseen:
        return Tree(text, NOTHING, (unseen,), whole=False)
    return _Reading(text).tree()


class _Stopped(Exception):
    """There is no reading on behind the last problem."""


class _Open:
    """A mapping or list whose end is still to come."""

    __slots__ = ("children", "key", "keys", "mapping", "start", "wants_key")

    def __init__(self, start: int, *, mapping: bool) -> None:
        self.start = start
        self.mapping = mapping
        self.children: dict[str | int, Node] = {}
        self.keys: dict[str | int, int] = {}
        self.key: str | None = None  # of the value to come; None where that has no place
        self.wants_key = mapping

    def add(self, node: Node) -> None:
        if not self.mapping:
            self.children[len(self.children)] = node
            return
        if self.key is not None:
            self.children[self.key] = node
        self.wants_key = True

    def closed(self, end: int) -> Node:
        parts = self.children
        value: Data = (
            {str(key): part.value for key, part in parts.items()}
            if self.mapping
            else [part.value for part in parts.values()]
        )
        return Node(value, self.start, end, parts, self.keys)


class _Reading:
    """One pass over the events of a text, its open mappings and lists on a stack."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self.open = [_Open(0, mapping=False)]  # the lowest holds the document itself
        self.values = 0
        self.last_scalar = (0, 0)

    def tree(self) -> Tree:
        whole = False
        try:
            for event in events(self.text.content):
                self.take(event)
            whole = True
        except _Stopped:
            pass
        except MarkedYAMLError as error:
            self.problems.append(syntax_problem(error, self.text, self.last_scalar))
        while len(self.open) > 1:
            self.close(len(self.text.content))
        return Tree(self.text, self.root(whole), tuple(self.problems), whole)

    def report(self, code: str, message: str, index: int, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.text.location(index), hint))

    def root(self, whole: bool) -> Node:
        """The top-level mapping; an empty one, and a problem, where there is none."""
        root = self.open[0].children.get(0, NOTHING)
        if isinstance(root.value, dict) and root is not NOTHING:
            return root
        if whole and (root is NOTHING or root.value is None):
            self.report("file-empty", "there is nothing in this file", 0, SECTIONS)
        elif whole:
            self.report("not-a-mapping", "a file starts with a name and ':'", root.start, SECTIONS)
        return NOTHING

    def take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent):
            self.count(event)
            self.refuse_properties(event)
            self.scalar(event)
        elif isinstance(event, CollectionStartEvent):
            self.count(event)
            self.refuse_properties(event)
            self.begin(event)
        elif isinstance(event, CollectionEndEvent):
            self.close(event.end_mark.index)
        elif isinstance(event, AliasEvent):
            self.count(event)
            self.alias(event)
        elif isinstance(event, DocumentStartEvent) and self.open[0].children:
            self.report(
                "several-documents",
                "a second YAML document starts here",
                event.start_mark.index,
                "remove the '---', or make two files and use 'include'",
            )
            raise _Stopped

    def count(self, event: Event) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            self.report(
                "too-many-values",
                f"more than {MAX_VALUES:,} keys and values in one file",
                event.start_mark.index,
                "move reference data to a CSV table",
            )
            raise _Stopped

    def refuse_properties(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.anchor is not None:
            self.report(
                "yaml-anchor",
                f"{shown('&' + event.anchor)} is a YAML anchor, which rulesets don't have",
                event.start_mark.index,
                SHARE,
            )
        if event.ctag is not None:
            self.report(
                "yaml-tag",
                "'!' starts a YAML tag, which rulesets don't have",
                event.start_mark.index,
                "put a text that starts with '!' in quotes; in a condition write 'not'",
            )

    def alias(self, event: AliasEvent) -> None:
        start = event.start_mark.index
        self.report(
            "yaml-anchor",
            f"{shown('*' + event.anchor)} is a YAML alias, which rulesets don't have",
            start,
            SHARE,
        )
        if self.open[-1].wants_key:
            self.open[-1].wants_key, self.open[-1].key = False, None
        else:
            self.add(Node(None, start, event.end_mark.index))

    def begin(self, event: CollectionStartEvent) -> None:
        start = event.start_mark.index
        if len(self.open) > MAX_DEPTH:
            self.report("too-deep", f"more than {MAX_DEPTH} values inside one another", start)
            raise _Stopped
        self.open.append(_Open(start, mapping=isinstance(event, MappingStartEvent)))

    def close(self, end: int) -> None:
        self.add(self.open.pop().closed(end))

    def scalar(self, event: ScalarEvent) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.last_scalar = (start, end)
        value, plain = event.value, event.style is None
        if event.style == '"' and (unseen := UNSEEN.search(value)):
            raw = self.text.content[start:end]
            self.report(
                "control-character",
                f"an escape for an invisible control character (U+{ord(unseen[0]):04X})",
                start + index_in(raw, value, unseen.start()),
                "delete it",
            )
            value = UNSEEN.sub("\ufffd", value)
        if self.open[-1].wants_key:
            self.key(value, start, plain)
        else:
            self.open[-1].add(Node(self.plain(value, start) if plain else value, start, end))

    def plain(self, text: str, start: int) -> Data:
        try:
            return read_plain(text)
        except NumberTooLong:
            self.report(
                "number-too-long",
                f"a number of more than {MAX_DIGITS} digits",
                start,
                "put it in quotes if it is a text such as an article number",
            )
            return text

    def key(self, key: str, start: int, plain: bool) -> None:
        parent = self.open[-1]
        parent.wants_key, parent.key = False, None
        if plain and key == "<<":
            self.report(
                "yaml-anchor", "'<<' is a YAML merge key, which rulesets don't have", start, SHARE
            )
        elif plain and not key:
            self.report("key-not-text", "a ':' without a name before it", start)
        elif key in parent.keys:
            first = self.text.location(parent.keys[key])
            self.report(
                "duplicate-key",
                f"{shown(key)} is already given on line {first.line}",
                start,
                "keep one of the two",
            )
        else:
            parent.keys[key] = start
            parent.key = key

    def add(self, node: Node) -> None:
        """Put `node` into the mapping or list it stands in. In the place of a key it is refused."""
        parent = self.open[-1]
        if parent.wants_key:
            self.report("key-not-text", "a name must be a text", node.start, QUOTES)
            parent.wants_key, parent.key = False, None
        else:
            parent.add(node)
