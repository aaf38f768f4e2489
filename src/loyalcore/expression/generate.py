"""Python code for a checked tree, as `ast` nodes: never text, so that nothing an author
writes can become code.

Three-valued logic (S6) costs nothing at run time where it need not: what is wanted of a
condition decides what is generated.

* `when(node, True)` is true where the condition is definitely true,
* `when(node, False)` is true where it is definitely false (so `not` only swaps the two),
* `value(node)` is the value, None where it is missing.

Every operator asks for its operands' values as `Strict`: guards, which are all true where
nothing is missing, and a value that may be computed only then. `amount >= 100` becomes
``(t1 := facts['amount']) is not None and t1 >= 100``. Each node is generated once, so the
code grows no faster than the expression.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from loyalcore.expression import arithmetic
from loyalcore.expression.nodes import (
    And,
    Arithmetic,
    Call,
    Compare,
    If,
    In,
    Literal,
    Lookup,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Over,
)
from loyalcore.expression.shapes import (
    Frame,
    Strict,
    any_of,
    both,
    called,
    compared,
    is_,
    is_not,
    let,
    load,
    otherwise_none,
)

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ARITHMETIC: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "//": ast.FloorDiv, "%": ast.Mod,
}  # fmt: skip
_SHIFTS: dict[tuple[str, str, str], Callable[..., Any]] = {
    ("time", "+", "duration"): arithmetic.shift_time,
    ("time", "-", "duration"): arithmetic.shift_time_back,
    ("date", "+", "duration"): arithmetic.shift_date,
    ("date", "-", "duration"): arithmetic.shift_date_back,
    ("date", "-", "date"): arithmetic.between_dates,
}
_MEMBERS: dict[str, Callable[..., Any]] = {
    "sum": arithmetic.total, "min": arithmetic.least, "max": arithmetic.greatest,
}  # fmt: skip
_FEW = 4  # options that are compared one by one faster than hashed


class Code:
    """How each kind of node is said in Python, within one function."""

    def __init__(self, variables: Sequence[str] = ()) -> None:
        self._variables = {name: f"v{at}" for at, name in enumerate(variables)}
        self.frame = Frame(["facts", *self._variables.values()])

    # --- conditions -----------------------------------------------------------------

    def when(self, node: Node, wanted: bool) -> ast.expr:
        """True where `node` is definitely `wanted`, False everywhere else."""
        match node:
            case Literal():
                return ast.Constant(node.value is wanted)
            case Not():
                return self.when(node.item, not wanted)
            case And() | Or():
                every = isinstance(node, And) is wanted
                items = [self.when(item, wanted) for item in node.items]
                return ast.BoolOp(ast.And() if every else ast.Or(), items)
            case Compare():
                return self._compare(node, wanted)
            case In():
                return both(*self._in(node, wanted))
            case If():
                test = self.frame.local()
                return ast.IfExp(
                    let(test, self.value(node.test)),
                    self.when(node.then, wanted),
                    both([is_(load(test), False)], self.when(node.otherwise, wanted)),
                )
            case Call() if node.call is arithmetic.is_missing:
                ask = is_ if wanted else is_not
                return ask(self.value(node.arguments[0]), None)
            case Over(kind="any" | "all"):
                return both(*self._quantified(node, wanted))
        return is_(self.value(node), wanted)

    def _compare(self, node: Compare, wanted: bool) -> ast.expr:
        op = node.op if wanted else _OPPOSITE[node.op]
        if op == "==" and isinstance(node.left, Name) and isinstance(node.right, Literal):
            # A missing value equals no literal: the guard would be a second question.
            return compared(self.value(node.left), op, self.frame.constant(node.right.value))
        left, right = self.strict(node.left), self.strict(node.right)
        return both(left.guards + right.guards, compared(left.value, op, right.value))

    def _in(self, node: In, wanted: bool) -> Strict:
        left = self.strict(node.left)
        guards = left.guards
        if node.texts is not None:
            texts = self.strict(node.texts)
            guards, options = guards + texts.guards, texts.value
        else:
            values = tuple(option.value for option in node.options)
            options = self.frame.constant(values if len(values) <= _FEW else frozenset(values))
        found = ast.In() if wanted else ast.NotIn()
        return Strict(guards, ast.Compare(left.value, [found], [options]))

    def _quantified(self, node: Over, wanted: bool) -> Strict:
        assert node.body is not None
        body = node.body
        guards, members = self._members(node, lambda: self.when(body, wanted))
        every = (node.kind == "all") is wanted
        return Strict(guards, called("all" if every else "any", members))

    # --- values ---------------------------------------------------------------------

    def value(self, node: Node) -> ast.expr:
        """The value of `node`, None where it is missing."""
        match node:
            case Literal():
                return self.frame.constant(node.value)
            case Name(variable=""):
                return ast.Subscript(load("facts"), ast.Constant(node.name), ast.Load())
            case Name(name=""):
                return load(self._variables[node.variable])
            case Name():
                line = load(self._variables[node.variable])
                return ast.Subscript(line, ast.Constant(node.name), ast.Load())
            case Call(takes_missing=True):
                return self.frame.call(node.call, *map(self.value, node.arguments))
            case Call():
                given = [self.strict(argument) for argument in node.arguments]
                guards = [guard for one in given for guard in one.guards]
                call = self.frame.call(node.call, *(one.value for one in given))
                return otherwise_none(guards, call)
            case Lookup():
                key = self.strict(node.key)
                cells = ast.Attribute(self.frame.constant(node.cells), "get", ast.Load())
                return otherwise_none(key.guards, ast.Call(cells, [key.value], []))
            case If():
                test = self.frame.local()
                otherwise = ast.IfExp(
                    is_(load(test), False), self.value(node.otherwise), ast.Constant(None)
                )
                return ast.IfExp(let(test, self.value(node.test)), self.value(node.then), otherwise)
            case And() | Or():
                return self._kleene(node.items, decisive=isinstance(node, Or))
            case Over(kind="any" | "all"):
                return self._kleene_over(node)
            case Over():
                return self._summed_up(node)
        return otherwise_none(*self.strict(node))

    def strict(self, node: Node) -> Strict:
        """The value of `node` behind the guards that make sure of it."""
        match node:
            case Literal():
                return Strict([], self.frame.constant(node.value))
            case Compare():
                left, right = self.strict(node.left), self.strict(node.right)
                return Strict(
                    left.guards + right.guards, compared(left.value, node.op, right.value)
                )
            case In():
                return self._in(node, True)
            case Not():
                item = self.strict(node.item)
                return Strict(item.guards, ast.UnaryOp(ast.Not(), item.value))
            case Negative():
                item = self.strict(node.item)
                return Strict(item.guards, ast.UnaryOp(ast.USub(), item.value))
            case Arithmetic():
                return self._arithmetic(node)
        return self.frame.named(self.value(node))

    def _arithmetic(self, node: Arithmetic) -> Strict:
        left, right = self.strict(node.left), self.strict(node.right)
        guards = left.guards + right.guards
        shift = _SHIFTS.get((node.left.type.kind, node.op, node.right.type.kind))
        if shift is not None:
            moved = self.frame.named(self.frame.call(shift, left.value, right.value))
            return Strict(guards + moved.guards, moved.value)
        scale = _scale(node)
        if scale is not None:
            # Whole numbers as long as it goes: amount * 0.1 rarely needs a Fraction.
            one = right if isinstance(node.left, Literal) else left
            product = ast.BinOp(one.value, ast.Mult(), ast.Constant(scale.numerator))
            divisor = ast.Constant(scale.denominator)
            return Strict(guards, self.frame.call(arithmetic.divide, product, divisor))
        if node.op in ("/", "//", "%") and not isinstance(node.right, Literal):
            name = self.frame.local()
            guards = [*guards, compared(let(name, right.value), "!=", ast.Constant(0))]
            right = Strict([], load(name))
        if node.op == "/":
            return Strict(guards, self.frame.call(arithmetic.divide, left.value, right.value))
        return Strict(guards, ast.BinOp(left.value, _ARITHMETIC[node.op](), right.value))

    def _kleene(self, items: Sequence[Node], decisive: bool) -> ast.expr:
        """And (decided by one false item) and Or (by one true item) as a value."""
        temporaries = [self.frame.local() for _ in items]
        decided = any_of(
            [
                is_(let(name, self.value(item)), decisive)
                for name, item in zip(temporaries, items, strict=True)
            ]
        )
        unknown = any_of([is_(load(name), None) for name in temporaries])
        return ast.IfExp(
            decided,
            ast.Constant(decisive),
            ast.IfExp(unknown, ast.Constant(None), ast.Constant(not decisive)),
        )

    def _kleene_over(self, node: Over) -> ast.expr:
        """`any` and `all` as a value: the set of what the body says of each member."""
        assert node.body is not None
        body = node.body
        guards, members = self._members(node, lambda: self.value(body))
        decisive = node.kind == "any"
        kleene = arithmetic.any_known if decisive else arithmetic.all_known
        return otherwise_none(guards, self.frame.call(kleene, members))

    def _summed_up(self, node: Over) -> ast.expr:
        body = node.body
        if body is None and node.condition is None:
            source = self.frame.named(self.value(node.source))
            return otherwise_none(source.guards, called("len", source.value))
        guards, members = self._members(
            node, lambda: ast.Constant(1) if body is None else self.value(body)
        )
        if body is None:
            return otherwise_none(guards, called("len", members))
        return otherwise_none(guards, self.frame.call(_MEMBERS[node.kind], members))

    def _members(self, node: Over, body: Callable[[], ast.expr]) -> tuple[list[ast.expr], ast.expr]:
        """The list of `body` for each item that the condition lets through.

        A list and not a generator: line items are few, and a list is twice as fast."""
        source = self.frame.named(self.value(node.source))
        hidden = self._variables.get(node.variable)
        self._variables[node.variable] = variable = self.frame.local()
        conditions = [] if node.condition is None else [self.when(node.condition, True)]
        members = ast.ListComp(
            body(),
            [ast.comprehension(ast.Name(variable, ast.Store()), source.value, conditions, 0)],
        )
        del self._variables[node.variable]
        if hidden is not None:
            self._variables[node.variable] = hidden
        return source.guards, members


def _scale(node: Arithmetic) -> Fraction | None:
    """What `node` multiplies by, where that is a literal with decimals."""
    if node.op == "*":
        for side in (node.left, node.right):
            if isinstance(side, Literal) and isinstance(side.value, Fraction):
                return side.value
    if node.op == "/" and isinstance(node.right, Literal):
        divisor = node.right.value
        return 1 / divisor if isinstance(divisor, Fraction) else None
    return None
