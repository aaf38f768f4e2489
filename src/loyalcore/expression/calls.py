"""Calls: functions of values, and comprehensions over line items or lists of text."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from loyalcore.errors import did_you_mean
from loyalcore.expression.literals import fit
from loyalcore.expression.mistakes import Mistake, listed
from loyalcore.expression.names import Check
from loyalcore.expression.nodes import And, Call, Literal, Node, Over
from loyalcore.expression.operations import ORDERED, SIGNED
from loyalcore.expression.reading import Reading, dotted, span
from loyalcore.expression.scope import Form, Function
from loyalcore.values import FLAG, INTEGER, TEXT, Locale, Type, ValueInvalid

OVER = {
    "any": "any(condition for line in items) - whether it holds for one of them",
    "all": "all(condition for line in items) - whether it holds for every one of them",
    "count": "count(items), count(line for line in items if condition) - how many there are",
    "sum": "sum(line.amount for line in items if condition) - what they come to",
    "min": "min(line.amount for line in items if condition) - the smallest",
    "max": "max(line.amount for line in items if condition) - the largest",
}
"""What is asked of line items one by one. `min` and `max` are functions of values too."""

MAX_NESTING = 2

_ELSEWHERE = {
    "len": "write count(items), or length(text)",
    "avg": "write sum(...) / count(...)",
    "average": "write sum(...) / count(...)",
    "mean": "write sum(...) / count(...)",
    "coalesce": "write default(x, y)",
    "isnull": "write missing(x)",
    "exists": "write not missing(x)",
    "now": "write time, the time of the event",
    "today": "write date(time), the day of the event",
}  # fmt: skip


def check_call(reading: Reading, tree: ast.Call, check: Check) -> Node | None:
    """`name(...)`: a comprehension, `count(items)`, or a function."""
    words = dotted(tree.func, reading.text)
    if words is None or len(words) > 1:
        _refuse_method(reading, tree)
        return None
    name = words[0]
    if tree.keywords:
        message = "values are given by position, not by name"
        reading.mistake("refused", message, tree.keywords[0].value, "leave out the name and =")
        return None
    first = tree.args[0] if tree.args else None
    if name in OVER and isinstance(first, ast.GeneratorExp) and len(tree.args) == 1:
        return _over(reading, tree, name, first, check)
    if name == "count" and first is not None and len(tree.args) == 1:
        return _count(reading, tree, first, check)
    function = reading.scope.functions.get(name)
    if function is None:
        if name in OVER:
            reading.mistake(
                "arguments", f"{name} goes over line items", tree, f"write {OVER[name]}"
            )
        else:
            known = [*reading.scope.functions, *OVER]
            hint = _ELSEWHERE.get(name) or did_you_mean(name, known)
            reading.mistake("unknown-function", f"there is no function {name!r}", tree.func, hint)
        return None
    given = [check(reading, argument) for argument in tree.args]
    if any(node is None for node in given):
        return None
    called = call_function(function, [node for node in given if node], reading, tree)
    if isinstance(called, Mistake):
        reading.mistakes.append(called)
        return None
    return called


def _refuse_method(reading: Reading, tree: ast.Call) -> None:
    hint = ""
    if isinstance(tree.func, ast.Attribute):
        function = reading.scope.functions.get(tree.func.attr)
        hint = f"write {function.signature}" if function else "functions are written name(value)"
    reading.mistake("refused", "only functions can be called", tree, hint)


def call_function(
    function: Function, given: list[Node], reading: Reading, tree: ast.Call
) -> Node | Mistake:
    """The call by the first form that fits, or else that fits with ids taken as texts; what it
    comes to where it is known already."""
    forms = [form for form in function.forms if form.accepts(len(given))]
    hint = f"write {function.signature}: {function.doc}"
    if not forms:
        message = f"{function.name} can't be given {len(given)} values"
        return Mistake("arguments", message, span(tree), hint)
    malformed = None
    for form, worded in [*((form, False) for form in forms), *((form, True) for form in forms)]:
        fitted = [
            _argument(node, form.parameter(at), reading.scope.locale, worded=worded)
            for at, node in enumerate(given)
        ]
        nodes = [node for node in fitted if isinstance(node, Node)]
        if len(nodes) == len(given):
            return _called(function, form, nodes, reading, tree)
        if malformed is None and all(node is not None for node in fitted):
            malformed = next(node for node in fitted if isinstance(node, Mistake))
    if malformed is not None:
        return malformed
    types = ", ".join(str(node.type) for node in given)
    return Mistake("arguments", f"{function.name} can't be given {types}", span(tree), hint)


def _argument(node: Node, want: Type, locale: Locale, *, worded: bool) -> Node | Mistake | None:
    """`node` as a value of type `want`; where `worded`, an id is a text too."""
    if worded and node.type.kind == "id" and want == TEXT:
        return node
    return fit(node, want, locale)


def _called(
    function: Function, form: Form, nodes: list[Node], reading: Reading, tree: ast.Call
) -> Node | Mistake:
    call = _bound(form.call, reading.scope.locale) if form.local else form.call
    if form.prepare is not None:
        last = nodes.pop()
        if not isinstance(last, Literal):
            hint = f"write {function.signature}"
            return Mistake("pattern", "the last value must be written out", last.span, hint)
        try:
            call = form.prepare(last.value)
        except ValueInvalid as error:
            return Mistake("pattern", str(error), last.span)
    if form.result.kind in ("date", "time", "duration", "integer", "number"):
        values = [node.value for node in nodes if isinstance(node, Literal)]
        if len(values) == len(nodes) and (value := call(*values)) is not None:
            return Literal(type=form.result, value=value, span=span(tree))
    return Call(
        type=form.result,
        function=function.name,
        call=call,
        arguments=tuple(nodes),
        takes_missing=function.takes_missing,
        span=span(tree),
    )


@lru_cache(maxsize=1024)
def _bound(call: Callable[..., Any], locale: Locale) -> Callable[..., Any]:
    """`call` in a locale: the same object each time, so that equal calls are equal nodes."""
    return partial(call, locale)


def _count(reading: Reading, tree: ast.Call, first: ast.expr, check: Check) -> Node | None:
    source = _source(reading, first, check)
    if source is None:
        return None
    return Over(
        type=INTEGER, kind="count", variable="", source=source, body=None, condition=None,
        span=span(tree),
    )  # fmt: skip


def _over(
    reading: Reading, tree: ast.Call, kind: str, made: ast.GeneratorExp, check: Check
) -> Node | None:
    """`kind(body for variable in source if condition)`."""
    loop = made.generators[0]
    if len(made.generators) > 1 or len(reading.variables) >= MAX_NESTING:
        message = f"line items can be read {MAX_NESTING} levels deep, each in its own any(...)"
        reading.mistake("refused", message, tree, "put the inner part into its own any(...)")
        return None
    if not isinstance(loop.target, ast.Name):
        reading.mistake("refused", "one name stands for each line item", loop.target)
        return None
    variable = reading.source(loop.target)
    source = _source(reading, loop.iter, check)
    if variable in reading.scope.names or variable in reading.variables:
        message = f"the name {variable!r} is in use already"
        reading.mistake("name-taken", message, loop.target, "choose another, such as line")
        return None
    if source is None:
        return None
    member = source.type if source.type.kind == "lines" else Type("text", source.type.options)
    with reading.variable(variable, member):
        filters = [_condition(reading, filter_, check) for filter_ in loop.ifs]
        whole = kind == "count" and _is_name(reading, made.elt, variable)
        body = None if whole else check(reading, made.elt)
    if any(part is None for part in filters) or (body is None and not whole):
        return None
    type_ = FLAG if kind in ("any", "all") else INTEGER if body is None else body.type
    if not _right_body(reading, kind, variable, body):
        return None
    items = tuple(part for part in filters if part is not None)
    condition = items[0] if len(items) == 1 else And(type=FLAG, items=items) if items else None
    return Over(
        type=type_, kind=kind, variable=variable, source=source, body=body, condition=condition,
        span=span(tree),
    )  # fmt: skip


def _right_body(reading: Reading, kind: str, variable: str, body: Node | None) -> bool:
    """Whether `kind` can be asked of values of the type of `body`."""
    if kind == "count" or body is None:
        if body is not None:
            message, hint = "only whole line items are counted", f"write {OVER['count']}"
            reading.mistake("arguments", message, body.span, hint)
        return body is None
    allowed = {"any": ("flag",), "all": ("flag",), "sum": SIGNED}.get(kind, ORDERED)
    if body.type.kind in allowed:
        return True
    code = "not-a-condition" if "flag" in allowed else "arguments"
    reading.mistake(code, f"{kind} can't be asked of {body.type}", body.span, f"write {OVER[kind]}")
    return False


def _source(reading: Reading, tree: ast.expr, check: Check) -> Node | None:
    """The list that is gone over."""
    source = check(reading, tree)
    if source is None or source.type.kind in ("lines", "texts"):
        return source
    lists = [
        name for name, type_ in reading.scope.names.items() if type_.kind in ("lines", "texts")
    ]
    hint = f"lists are {listed(lists)}" if lists else "this event has no lists"
    reading.mistake("type", f"this is {source.type}, not a list", source.span, hint)
    return None


def _condition(reading: Reading, tree: ast.expr, check: Check) -> Node | None:
    node = check(reading, tree)
    if node is None or node.type.kind == "flag":
        return node
    message = f"this is {node.type}, where a condition should be"
    reading.mistake("not-a-condition", message, node.span, "compare it with something")
    return None


def _is_name(reading: Reading, tree: ast.expr, name: str) -> bool:
    return isinstance(tree, ast.Name) and reading.source(tree) == name
