"""A condition drawn as a tree, with the value of each part: why a rule did not fire.

Every part is evaluated by the code that decides, so what is drawn is what was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalcore.expression.compile import Facts, compile_inside
from loyalcore.expression.nodes import Literal, Name, Node, Over
from loyalcore.values import Locale, write_value

MAX_MEMBERS = 20  # line items drawn one by one


@dataclass(frozen=True)
class Drawing:
    """One part of an expression: what the author wrote, what it came to, and its own parts.

    `value` is in plain JSON form, None where it is missing. `truth` is that of a condition:
    None where it is unknown, and for what is no condition.
    """

    text: str
    value: object
    truth: bool | None
    parts: tuple[Drawing, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """What a fact is made of: a condition, as it was written, or other facts (`of`), each of
    which is told by its own `text`."""

    text: str
    node: Node | None = None
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Behind:
    """What stands behind facts that are made of others, by their names, and the `facts` that
    they are made of."""

    derived: Mapping[str, Derivation]
    facts: Facts


_NOTHING = Behind({}, {})


def draw(node: Node, facts: Facts, text: str, locale: Locale, behind: Behind = _NOTHING) -> Drawing:
    """The drawing of `node`, checked from `text`, on `facts`. Literals are left out; of a fact
    that is made of others, what stands behind it is drawn too."""
    return _Drawer(facts, text, locale, behind).draw(node, {})


@dataclass(frozen=True)
class _Drawer:
    """Draws the parts of one expression."""

    facts: Facts
    text: str
    locale: Locale
    behind: Behind

    def draw(self, node: Node, around: dict[str, Any]) -> Drawing:
        """`around` holds the current item of each comprehension that `node` stands in."""
        value = compile_inside(node, tuple(around))(self.facts, *around.values())
        if isinstance(node, Over):
            parts = self._members(node, around)
        elif isinstance(node, Name) and not node.variable:
            parts = self._opened(node.name)
        else:
            parts = tuple(
                self.draw(part, around) for part in node.parts if not isinstance(part, Literal)
            )
        return Drawing(
            text=self.text[slice(*node.span)],
            value=write_value(node.type, value, self.locale),
            truth=value if isinstance(value, bool) else None,
            parts=parts,
        )

    def _opened(self, name: str) -> tuple[Drawing, ...]:
        """What the fact of this name is made of."""
        made = self.behind.derived.get(name)
        if made is None:
            return ()
        if made.node is not None:
            facts = self.behind.facts
            return (draw(made.node, facts, made.text, self.locale, self.behind),)
        return tuple(self._cause(cause) for cause in made.of)

    def _cause(self, name: str) -> Drawing:
        value = self.behind.facts[name]
        truth = value if isinstance(value, bool) else None
        return Drawing(self.behind.derived[name].text, truth, truth, ())

    def _members(self, node: Over, around: dict[str, Any]) -> tuple[Drawing, ...]:
        """The list that is gone over, and what is asked of each of its first members."""
        source = self.draw(node.source, around)
        asked = [part for part in (node.condition, node.body) if part is not None]
        inside = tuple(around)
        found: Any = compile_inside(node.source, inside)(self.facts, *around.values())
        if found is None or not asked:
            return (source,)
        drawn = [source]
        for number, member in enumerate(found[:MAX_MEMBERS], start=1):
            parts = tuple(self.draw(part, {**around, node.variable: member}) for part in asked)
            value: object = member
            if node.source.type.kind == "lines":
                value = {
                    name: write_value(type_, member.get(name), self.locale)
                    for name, type_ in node.source.type.fields.items()
                }
            drawn.append(Drawing(f"{node.variable} {number}", value, None, parts))
        return tuple(drawn)
