"""Messages: which facts a template names. Rendering is delivery's work, not the step's."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

_environment = SandboxedEnvironment()


class TemplateInvalid(ValueError):
    """A template that can't be read, or that does more than name values."""


def template_names(text: str) -> frozenset[str]:
    """The dotted names in `text`: {{ customer.id }} and {{ balance.beans }}.

    Raises TemplateInvalid. A template may name values, filter them and test them with
    if; it may not loop, assign or call.
    """
    try:
        tree = _environment.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise TemplateInvalid("nested too deeply") from None
    return frozenset(_names(tree))


_REFUSED = (nodes.For, nodes.Macro, nodes.Call, nodes.Assign, nodes.Include, nodes.Import)


def _names(node: nodes.Node) -> set[str]:
    if isinstance(node, _REFUSED):
        word = type(node).__name__.lower()
        raise TemplateInvalid(f"line {node.lineno}: a message can't use '{word}'")
    if isinstance(node, nodes.Getattr | nodes.Name):
        dotted = _dotted(node)
        if dotted is not None:
            return {dotted}
    return {name for child in node.iter_child_nodes() for name in _names(child)}


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        above = _dotted(node.node)
        return None if above is None else f"{above}.{node.attr}"
    return None


def render(text: str, values: Mapping[str, object]) -> str:
    """`text` with its names replaced by `values` (dotted name to plain value).

    A missing value is written as nothing.
    """
    tree: dict[str, object] = {}
    for name, value in values.items():
        _put(tree, name.split("."), "" if value is None else value)
    return _environment.from_string(text).render(tree)


def _put(tree: dict[str, object], path: list[str], value: object) -> None:
    head, *rest = path
    if not rest:
        tree[head] = value
        return
    below = tree.setdefault(head, {})
    if isinstance(below, dict):
        _put(below, rest, value)
