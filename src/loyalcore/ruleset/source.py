"""All files of a ruleset as one bundle, and the data they say together.

`read_source` is the only place that reads a ruleset from disk. What it makes, a `Source`, is
text alone: it is stored with the program, so that what a decision rested on can be explained
when the files are long gone. `parse` makes the plain data of a Source and knows where each part
of it was written. Rule-test files are read the same way.

A file may `include` others, by paths relative to its own folder. Their sections are joined by
key (`rules` of three files are one `rules`), the main file first, then its includes in order.
A file that is included twice counts once. A text or a list, such as `program`, is given once.
Tables name CSV files in the same way; here they are only loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loyalcore.errors import Location, Problem
from loyalcore.ruleset.disk import Refused, folder_reader, read_text
from loyalcore.ruleset.references import Reference, references
from loyalcore.ruleset.scalar import index_in
from loyalcore.ruleset.text import Text, shown
from loyalcore.ruleset.tree import NOTHING, Data, Node, Tree, read_tree

MAX_CHAIN = 20  # files that include one another


@dataclass(frozen=True)
class Source:
    """Every file a ruleset is made of, YAML and CSV, by its path relative to the folder of the
    main file. `unread` tells of files that are named but could not be read, and why."""

    files: Mapping[str, str]
    main: str
    unread: Mapping[str, Problem] = field(default_factory=dict)
    trees: Mapping[str, Tree] = field(default_factory=dict, compare=False, repr=False)
    """What reading has already parsed, by file; spares `parse` doing it again."""

    def to_json(self) -> str:
        """The same text for the same files, to store and to hash."""
        return json.dumps({"files": self.files, "main": self.main}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Source:
        bundle = json.loads(text)
        return cls(bundle["files"], bundle["main"])


def read_source(path: Path) -> Source:
    """The ruleset whose main file is at `path`, with all it includes, as it is on disk now.
    Never raises: a file that can't be read is a problem of the document."""
    main = path.name or str(path)
    return gather(main, folder_reader(path.parent, main))


def gather(main: str, read: Callable[[str], bytes]) -> Source:
    """The source whose main file is `main`. `read` gives the bytes of a file by its path, or
    raises OSError or Refused."""
    files: dict[str, str] = {}
    unread: dict[str, Problem] = {}
    trees: dict[str, Tree] = {}
    wanted = [Reference(main, Location(main))]
    for reference in wanted:  # grows while it is gone through
        name = reference.name
        if name not in files and name not in unread:
            try:
                files[name] = read_text(name, read)
            except Refused as refused:
                unread[name] = refused.problem
        if name in files and name not in trees and not reference.table:
            trees[name] = read_tree(Text.of(name, files[name]))
            named = references(trees[name])
            wanted.extend(each for each in named if isinstance(each, Reference))
    return Source(files, main, unread, trees)


@dataclass(frozen=True)
class Document:
    """What a source says: plain data, its problems, and where everything was written.

    `whole` is False where some text could not be read, so that a thing which seems missing may
    merely be unread. `csv` is the file of each table that has one, as `source.files` names it.
    """

    source: Source
    data: dict[str, Data]
    problems: tuple[Problem, ...]
    whole: bool
    csv: Mapping[str, str]
    trees: tuple[Tree, ...] = field(repr=False)

    def locate(self, path: tuple[str | int, ...], *, key: bool = False) -> Location:
        """Where the value at `path` of the data starts, or with `key` its key (or list entry).
        For a path that isn't there: the same of the nearest part around it."""
        tree, nodes = self._follow(path)
        if key and len(nodes) > 1:
            last = path[len(nodes) - 2]
            return tree.text.location(nodes[-2].keys.get(last, nodes[-1].start))
        return tree.text.location(nodes[-1].start)

    def locate_in_text(self, path: tuple[str | int, ...], offset: int) -> Location:
        """Where the character at `offset` of the text at `path` was written, seen through
        quotes, escapes, folded lines and indentation. `offset` may be the text's length."""
        tree, nodes = self._follow(path)
        node = nodes[-1]
        if len(nodes) <= len(path) or isinstance(node.value, dict | list):
            return self.locate(path)
        raw = tree.text.content[node.start : node.end]
        value = node.value if isinstance(node.value, str) else raw
        return tree.text.location(node.start + index_in(raw, value, offset))

    def _follow(self, path: tuple[str | int, ...]) -> tuple[Tree, list[Node]]:
        """The tree that has most of `path`, and its nodes along it, the root first."""
        found = [(tree, _along(tree.root, path)) for tree in self.trees]
        return max(found, key=lambda each: len(each[1]))


def _along(root: Node, path: tuple[str | int, ...]) -> list[Node]:
    nodes = [root]
    for part in path:
        child = nodes[-1].children.get(part)
        if child is None:
            break
        nodes.append(child)
    return nodes


def parse(source: Source) -> Document:
    """The document of a source, with all the problems of all its files. Never raises."""
    return _Parsing(source).document()


class _Parsing:
    """Goes through a source from its main file on, and joins what its files say."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.named: dict[str, None] = {}  # every file, in reading order
        self.trees: dict[str, Tree] = {}
        self.data: dict[str, Data] = {}
        self.csv: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.whole = True

    def document(self) -> Document:
        main = self.source.main
        self.include(Reference(main, Location(main)), ())
        order = {name: place for place, name in enumerate(self.named)}
        problems = sorted(
            self.problems, key=lambda each: (order[each.location.file], each.location[1:])
        )
        trees = tuple(self.trees.values()) or (Tree(Text.of(main, ""), NOTHING, (), whole=False),)
        return Document(self.source, self.data, tuple(problems), self.whole, self.csv, trees)

    def include(self, reference: Reference, chain: tuple[str, ...]) -> None:
        """Join a file and all it includes. `chain` is the files that led to it."""
        name = reference.name
        if name in chain:
            circle = " > ".join((*chain[chain.index(name) :], name))
            self.report("include-cycle", f"this file includes itself: {circle}", reference)
        elif name in self.trees:
            return
        elif len(chain) == MAX_CHAIN:
            message = f"more than {MAX_CHAIN} files that include one another"
            self.report("include-too-deep", message, reference)
        elif self.has(reference):
            text = Text.of(name, self.source.files[name])
            tree = self.source.trees.get(name) or read_tree(text)
            self.problems += tree.problems
            self.whole = self.whole and tree.whole
            self.join(tree)
            self.trees[name] = tree
            for each in references(tree):
                if isinstance(each, Problem):
                    self.problems.append(each)
                    self.whole = False
                elif each.table:
                    self.table(each)
                else:
                    self.include(each, (*chain, name))

    def table(self, reference: Reference) -> None:
        if self.has(reference):
            name = self.csv.setdefault(reference.table, reference.name)
            unseen = Text.of(name, self.source.files[name]).unseen()
            if unseen:
                self.problems.append(unseen)

    def has(self, reference: Reference) -> bool:
        """Whether the file is there; a problem where it isn't."""
        name = reference.name
        self.named.setdefault(name)
        if name in self.source.files:
            return True
        problem = self.source.unread.get(name)
        if problem is None:
            self.report("file-missing", f"there is no file {shown(name)}", reference)
        else:
            self.whole = False
            at = problem.location if problem.location.line else reference.location
            self.problems.append(problem._replace(location=at))
        return False

    def join(self, tree: Tree) -> None:
        """Add the sections of `tree` to those of the files before it."""
        for section, node in tree.root.children.items():
            held = self.data.get(str(section))
            if section == "include" or (held is not None and node.value is None):
                continue
            if held is None:
                value = node.value
                self.data[str(section)] = dict(value) if isinstance(value, dict) else value
            elif isinstance(held, dict) and isinstance(node.value, dict):
                for key, part in node.children.items():
                    if key in held:
                        self.twice(tree, (section, key), node.keys[key])
                    else:
                        held[str(key)] = part.value
            else:
                self.twice(tree, (section,), tree.root.keys[section])

    def twice(self, tree: Tree, path: tuple[str | int, ...], index: int) -> None:
        first = next(
            before.text.location(nodes[-2].keys[path[-1]])
            for before in self.trees.values()
            if len(nodes := _along(before.root, path)) > len(path)
        )
        message = f"{shown(str(path[-1]))} is already given at {first}"
        self.problems.append(
            Problem("defined-twice", message, tree.text.location(index), "keep one of the two")
        )

    def report(self, code: str, message: str, reference: Reference) -> None:
        self.whole = False
        self.problems.append(Problem(code, message, reference.location))
