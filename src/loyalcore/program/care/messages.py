"""Messages: which facts a template names. Rendering is delivery's work, not the step's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import ChainableUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from loyalcore.errors import did_you_mean


class Shown(str):
    """A value that compares as its plain form, and is written as `shown`."""

    shown: str

    def __new__(cls, plain: str, shown: str) -> Shown:
        made = super().__new__(cls, plain)
        made.shown = shown
        return made


# A missing value is undefined, so that `default` and `if` see that it is missing.
_environment = SandboxedEnvironment(
    undefined=ChainableUndefined,
    finalize=lambda value: value.shown if isinstance(value, Shown) else value,
)
_html = _environment.overlay(autoescape=True)  # what a customer wrote is no HTML

# White-listed, as expressions are: what has no place here is refused. Amounts are texts
# here, so templates compare by equality only.
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.Filter,
    nodes.If,
    nodes.CondExpr,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
)
_EQUALITY = {"eq", "ne"}
FILTERS = ("capitalize", "default", "escape", "join", "lower", "replace", "title", "trim", "upper")


class TemplateInvalid(ValueError):
    """A template that can't be read, or that does more than name values."""


def template_names(text: str) -> frozenset[str]:
    """The dotted names in `text`: {{ customer.id }} and {{ balance.beans }}.

    Raises TemplateInvalid. A template may name values, filter them by one of FILTERS, and
    test them with if; it may not loop, assign, calculate or call.
    """
    try:
        tree = _environment.parse(text)
        return frozenset(_names(tree))
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise TemplateInvalid("nested too deeply") from None


def _names(node: nodes.Node) -> Iterator[str]:
    _refuse(node)
    dotted = _dotted(node)
    if dotted is not None:
        yield dotted
        return
    for child in node.iter_child_nodes():
        yield from _names(child)


def _refuse(node: nodes.Node) -> None:
    """Raise TemplateInvalid for what a message can't hold."""
    at = f"line {node.lineno}: "
    if not isinstance(node, _ALLOWED):
        raise TemplateInvalid(f"{at}a message can't use '{type(node).__name__.lower()}'")
    if isinstance(node, nodes.Compare) and any(part.op not in _EQUALITY for part in node.ops):
        raise TemplateInvalid(f"{at}a message compares by == and != only")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        hint = did_you_mean(node.name, FILTERS) or f"filters are {', '.join(FILTERS)}"
        raise TemplateInvalid(f"{at}there is no filter '{node.name}': {hint}")


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        above = _dotted(node.node)
        return None if above is None else f"{above}.{node.attr}"
    return None


def render(text: str, values: Mapping[str, object], *, html: bool = False) -> str:
    """`text` with its names replaced by `values` (dotted name to plain value, or Shown).

    A missing value is written as nothing. In `html`, values are escaped.
    """
    tree: dict[str, object] = {}
    for name, value in values.items():
        if value is not None:
            _put(tree, name.split("."), value)
    return (_html if html else _environment).from_string(text).render(tree)


def _put(tree: dict[str, object], path: list[str], value: object) -> None:
    head, *rest = path
    if not rest:
        tree[head] = value
        return
    below = tree.setdefault(head, {})
    if isinstance(below, dict):
        _put(below, rest, value)
