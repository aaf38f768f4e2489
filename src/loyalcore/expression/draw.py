"""A condition drawn as a tree, with the value of each part: why a rule did not fire.

Every part is evaluated by the code that decides, so what is drawn is what was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from loyalcore.expression.compile import Facts, compile_inside
from loyalcore.expression.nodes import Literal, Node, Over
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


def draw(node: Node, facts: Facts, text: str, locale: Locale) -> Drawing:
    """The drawing of `node`, checked from `text`, on `facts`. Literals are left out."""
    return _draw(node, facts, text, locale, {})


def _draw(node: Node, facts: Facts, text: str, locale: Locale, around: dict[str, Any]) -> Drawing:
    """`around` holds the current item of each comprehension that `node` stands in."""
    value = compile_inside(node, tuple(around))(facts, *around.values())
    if isinstance(node, Over):
        parts = _members(node, facts, text, locale, around)
    else:
        parts = tuple(
            _draw(part, facts, text, locale, around)
            for part in node.parts
            if not isinstance(part, Literal)
        )
    return Drawing(
        text=text[slice(*node.span)],
        value=write_value(node.type, value, locale),
        truth=value if isinstance(value, bool) else None,
        parts=parts,
    )


def _members(
    node: Over, facts: Facts, text: str, locale: Locale, around: dict[str, Any]
) -> tuple[Drawing, ...]:
    """The list that is gone over, and what is asked of each of its first members."""
    source = _draw(node.source, facts, text, locale, around)
    asked = [part for part in (node.condition, node.body) if part is not None]
    found: Any = compile_inside(node.source, tuple(around))(facts, *around.values())
    if found is None or not asked:
        return (source,)
    drawn = [source]
    for number, member in enumerate(found[:MAX_MEMBERS], start=1):
        inside = {**around, node.variable: member}
        parts = tuple(_draw(part, facts, text, locale, inside) for part in asked)
        value: object = member
        if node.source.type.kind == "lines":
            value = {
                name: write_value(type_, member.get(name), locale)
                for name, type_ in node.source.type.fields.items()
            }
        drawn.append(Drawing(f"{node.variable} {number}", value, None, parts))
    return tuple(drawn)
