"""Text to a typed tree: what an author wrote, allowed or refused, each part with its type.

White-listing is the whole security of the language: a construct that has no case here is
refused. Every part that can be understood is checked, so that one look finds all mistakes.
"""

from __future__ import annotations

import ast
from decimal import Decimal

from loyalcore.expression.calls import check_call
from loyalcore.expression.literals import fit, numeric, pair
from loyalcore.expression.mistakes import Mistake
from loyalcore.expression.names import check_lookup, check_name
from loyalcore.expression.nodes import And, If, In, Literal, Node, Not, Or, Span
from loyalcore.expression.operations import SIGNED, calculate, compare, negate
from loyalcore.expression.reading import Reading, dotted, span
from loyalcore.expression.scope import Scope
from loyalcore.expression.syntax import parse
from loyalcore.values import FLAG, TEXT, Type, exact

MAX_MISTAKES = 20  # told of one expression: after those, more only bury the first

_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_CALCULATE: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip


def check(text: str, scope: Scope, *wants: Type) -> tuple[Node | None, tuple[Mistake, ...]]:
    """The typed tree of `text`, or all the mistakes that keep it from having one.

    Its type is one of `wants` where some are given: the first that it fits. Never raises,
    and takes bounded time, whatever the text.
    """
    tree, mistakes = parse(text)
    if tree is None:
        return None, mistakes[:MAX_MISTAKES]
    reading = Reading(text, scope)
    node = _check(reading, tree)
    if node is not None and wants:
        node = _wanted(reading, node, wants)
    if not reading.mistakes:
        return node, ()
    ordered = sorted(dict.fromkeys(reading.mistakes), key=lambda mistake: mistake.span)
    return None, tuple(ordered[:MAX_MISTAKES])


def _wanted(reading: Reading, node: Node, wants: tuple[Type, ...]) -> Node | None:
    if wants == (FLAG,):
        return _as_condition(reading, node)
    for want in wants:
        fitted = fit(node, want, reading.scope.locale)
        if fitted is not None:
            return _told(reading, fitted)
    expected = " or ".join(str(want) for want in wants)
    message = f"this is {node.type}, where {expected} should be"
    reading.mistake("type", message, Span(0, len(reading.text)))
    return None


def _check(reading: Reading, tree: ast.expr) -> Node | None:
    """The node of one part. None where it, or a part of it, has a mistake, then told."""
    match tree:
        case ast.Constant():
            return _constant(reading, tree)
        case ast.Name():
            return check_name(reading, tree, [reading.source(tree)])
        case ast.Attribute(value=ast.Subscript() as inner):
            return check_lookup(reading, tree, inner, _check)
        case ast.Attribute():
            words = dotted(tree, reading.text)
            if words is not None:
                return check_name(reading, tree, words)
        case ast.BoolOp():
            return _and_or(reading, tree)
        case ast.UnaryOp(op=ast.Not()):
            item = _condition(reading, tree.operand)
            return None if item is None else Not(type=FLAG, item=item, span=span(tree))
        case ast.UnaryOp():
            return _signed(reading, tree)
        case ast.BinOp() if type(tree.op) in _CALCULATE:
            left, right = _check(reading, tree.left), _check(reading, tree.right)
            if left is None or right is None:
                return None
            op = _CALCULATE[type(tree.op)]
            return _told(reading, calculate(left, op, right, reading.scope.locale, span(tree)))
        case ast.Compare():
            return _comparison(reading, tree)
        case ast.IfExp():
            return _choice(reading, tree)
        case ast.Call():
            return check_call(reading, tree, _check)
    _refuse(reading, tree)
    return None


def _told(reading: Reading, made: Node | Mistake) -> Node | None:
    if isinstance(made, Mistake):
        reading.mistakes.append(made)
        return None
    return made


def _constant(reading: Reading, tree: ast.Constant) -> Node | None:
    """A literal, read from what the author wrote: 0.1 is a tenth, and '\\d' has a backslash."""
    source = reading.source(tree)
    if isinstance(tree.value, bool):
        return Literal(type=FLAG, value=tree.value, span=span(tree))
    if isinstance(tree.value, str):
        return Literal(type=TEXT, value=source[1:-1], span=span(tree))
    if isinstance(tree.value, int | float):
        return numeric(exact(Decimal(source)), span(tree))
    _refuse(reading, tree)
    return None


def _signed(reading: Reading, tree: ast.UnaryOp) -> Node | None:
    item = _check(reading, tree.operand)
    if item is None or isinstance(tree.op, ast.USub):
        return item and _told(reading, negate(item, span(tree)))
    if isinstance(tree.op, ast.UAdd) and item.type.kind in SIGNED:
        return item
    _refuse(reading, tree)
    return None


# --- conditions ---------------------------------------------------------------------------


def _condition(reading: Reading, tree: ast.expr) -> Node | None:
    node = _check(reading, tree)
    return None if node is None else _as_condition(reading, node)


def _as_condition(reading: Reading, node: Node) -> Node | None:
    """`node` itself where it is true or false, as a condition must be."""
    if node.type.kind == "flag":
        return node
    hint = "compare it with something, as in orders > 0"
    if isinstance(node, Literal):
        hint = "write x == 'a' or x == 'b', or x in ['a', 'b']"
    elif node.type.kind in ("text", "id"):
        hint = "compare it with something, as in channel == 'web'"
    elif node.type.kind in ("lines", "texts"):
        hint = "ask with any(...), all(...) or count(...) > 0"
    message = f"this is {node.type}, where a condition should be"
    reading.mistake("not-a-condition", message, node.span, hint)
    return None


def _and_or(reading: Reading, tree: ast.BoolOp) -> Node | None:
    items = [_condition(reading, value) for value in tree.values]
    known = tuple(item for item in items if item is not None)
    if len(known) < len(items):
        return None
    if isinstance(tree.op, ast.And):
        return And(type=FLAG, items=known, span=span(tree))
    return Or(type=FLAG, items=known, span=span(tree))


def _comparison(reading: Reading, tree: ast.Compare) -> Node | None:
    """`a < b`, `a in b`, and chains: `a < b < c` asks for both."""
    items: list[Node | None] = []
    before, left = tree.left, _check(reading, tree.left)
    for op, after in zip(tree.ops, tree.comparators, strict=True):
        place = Span(span(before).start, span(after).end)
        if isinstance(op, ast.In | ast.NotIn) and isinstance(after, ast.List | ast.Tuple):
            right = None
            found = _among(reading, left, after, place)
            if after is not tree.comparators[-1]:
                reading.mistake("refused", "nothing can follow a list here", after, "use and")
        else:
            right = _check(reading, after)
            if left is None or right is None:
                found = None
            elif isinstance(op, ast.In | ast.NotIn):
                found = _inside(reading, left, right, place)
            else:
                name = _COMPARE[type(op)]
                found = _told(reading, compare(left, name, right, reading.scope.locale, place))
        if found is not None and isinstance(op, ast.NotIn):
            found = Not(type=FLAG, item=found, span=place)
        items.append(found)
        before, left = after, right
    known = tuple(item for item in items if item is not None)
    if len(known) < len(items):
        return None
    return known[0] if len(known) == 1 else And(type=FLAG, items=known, span=span(tree))


def _among(
    reading: Reading, left: Node | None, tree: ast.List | ast.Tuple, place: Span
) -> Node | None:
    """`x in ['a', 'b']`."""
    options = [_check(reading, element) for element in tree.elts]
    if not options:
        reading.mistake("type", "the list is empty", tree, "name what it should be among")
        return None
    if left is None or any(option is None for option in options):
        return None
    if left.type.kind in ("flag", "lines", "texts"):
        hint = "any(x in ['a', 'b'] for x in tags)" if left.type.kind == "texts" else ""
        reading.mistake("type", f"{left.type} can't be in a list of values", left.span, hint)
        return None
    fitted: list[Literal] = []
    for option in options:
        assert option is not None
        both = pair(left, option, reading.scope.locale)
        if isinstance(both, Mistake):
            reading.mistakes.append(both)
        elif not isinstance(option, Literal):
            hint = "write the values out, or use == and or"
            reading.mistake("type", "a list holds literal values only", option.span, hint)
        elif both is None or not isinstance(both[1], Literal):
            message = f"{left.type} is never {option.type}"
            reading.mistake("type", message, option.span, f"write values of type {left.type}")
        else:
            fitted.append(both[1])
    if len(fitted) < len(options):
        return None
    return In(type=FLAG, left=left, options=tuple(dict.fromkeys(fitted)), span=place)


def _inside(reading: Reading, left: Node, right: Node, place: Span) -> Node | None:
    """`'vip' in tags`."""
    if right.type.kind == "texts" and left.type.kind in ("text", "id"):
        member = Type("text", right.type.options)
        fitted = _told(reading, fit(left, member, reading.scope.locale) or left)
        return fitted and In(type=FLAG, left=fitted, texts=right, span=place)
    hint = "in is asked of a list: x in ['a', 'b'], or 'a' in tags"
    if right.type.kind == "text":
        hint = "write contains(text, part), or a list: x in ['a', 'b']"
    elif right.type.kind == "lines":
        hint = "write any(line.sku == 'a' for line in items)"
    reading.mistake("type", f"{left.type} can't be in {right.type}", place, hint)
    return None


def _choice(reading: Reading, tree: ast.IfExp) -> Node | None:
    """`a if condition else b`: both of one type."""
    test = _condition(reading, tree.test)
    then, otherwise = _check(reading, tree.body), _check(reading, tree.orelse)
    if test is None or then is None or otherwise is None:
        return None
    both = pair(then, otherwise, reading.scope.locale)
    if isinstance(both, Mistake):
        return _told(reading, both)
    if both is None:
        message = f"one value is {then.type}, the other {otherwise.type}"
        reading.mistake("type", message, tree, "both values of a choice have the same type")
        return None
    return If(type=_common(*both), test=test, then=both[0], otherwise=both[1], span=span(tree))


def _common(one: Node, other: Node) -> Type:
    """The type of a value that is either."""
    if one.type == other.type:
        return one.type
    kinds = {one.type.kind, other.type.kind}
    if kinds == {"integer", "number"}:
        return Type("number")
    if len(kinds) > 1 or one.type.fields != other.type.fields:
        return TEXT
    return Type(one.type.kind, fields=one.type.fields)


# --- what is refused ----------------------------------------------------------------------


def _refuse(reading: Reading, tree: ast.expr) -> None:
    match tree:
        case ast.Tuple() | ast.List():
            message, hint = "a list can only follow 'in'", "write x in ['a', 'b']"
            if isinstance(tree, ast.Tuple) and all(
                isinstance(element, ast.Constant | ast.Compare) for element in tree.elts
            ):
                hint = "write numbers without a comma: 1000 or 1.5"
        case ast.GeneratorExp() | ast.ListComp():
            message = "line items can't be read like this"
            hint = "write any(...), all(...), sum(...), count(...), min(...) or max(...) around it"
        case ast.Subscript():
            message, hint = "[...] can't be used here", "a table is read as table[key].column"
        case ast.Attribute():
            message, hint = "a value has no parts", "only names have dots: customer.birthday"
        case ast.UnaryOp():
            message, hint = "this value has no sign", "leave out the +"
        case _:
            message, hint = "this can't be used in an expression", ""
    reading.mistake("refused", message, tree, hint)
