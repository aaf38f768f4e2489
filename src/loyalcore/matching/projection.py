"""Facts as a handful of small whole numbers: all that durable_rules ever gets to see.

durable_rules compares numbers with texts, clamps large integers, refuses exponents and
some texts, and knows no dates. It needs none of that: a rule can tell two values of a fact
apart only by the constants that the rules compare the fact with. So a value is replaced
by a *code*, its place among those constants:

* a fact that is ordered (`amount >= 50`) by its rank: 2 * i + 1 where it equals the i-th
  constant of all, in order, and the even number between where it falls between two;
* a fact that is only tested for being equal by the class of its constant: constants that
  every condition treats alike share a class, and 0 is any value that none names;
* whatever else a condition asks (arithmetic, line items, functions, field against field,
  `missing(x)`) is a flag, computed by the compiled expression: 1 where it is true.

A missing value, or a flag that isn't true, has no code: durable_rules finds no such key
in the fact, and no comparison with it holds (S6). What a leaf wants of a fact is then a
set of codes, kept as the bits of an int (code 3 is bit 3).
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from loyalcore.expression import Facts, compile_true
from loyalcore.matching.normal import Form, Question, as_node


class Comparison(NamedTuple):
    """One comparison that durable_rules makes: of a slot's code with a number."""

    slot: int
    op: str  # one of == != <= >=
    code: int


@dataclass(frozen=True)
class Ranks:
    """The codes of an ordered fact: its rank among `constants`, which are in order."""

    name: str
    constants: tuple[Any, ...]

    @property
    def size(self) -> int:
        return 2 * len(self.constants) + 1

    def wanted(self, asked: Question) -> int:
        """The codes of the values for which the answer to `asked` is yes."""
        at = [2 * bisect_left(self.constants, value) + 1 for value in asked.values]
        match asked.op:
            case "<":
                return below(at[0])
            case "<=":
                return below(at[0] + 1)
            case ">":
                return below(self.size) & ~below(at[0] + 1)
            case ">=":
                return below(self.size) & ~below(at[0])
        return _bits(at)

    def piece(self, emit: _Function, pieces: Sequence[str]) -> ast.expr:
        """Rank by binary search, exact for whatever Python can order.

        Below the i-th constant `bisect_left` and `bisect_right` both give i; at it they
        give i and i + 1, so that their sum is the code. One of them is enough where the
        rules treat each constant like the values above it (`>=`, `<`) or below it.
        """
        value, constants = emit.local(), emit.constant(self.constants)
        between, at = pieces[::2], pieces[1::2]
        left = emit.call(bisect_left, constants, emit.load(value))
        right = emit.call(bisect_right, constants, emit.load(value))
        ranked: ast.expr
        if len(between) == 2 and at == between[1:]:  # one constant is compared with at once
            above = ast.Compare(emit.load(value), [ast.GtE()], [emit.constant(self.constants[0])])
            ranked = ast.IfExp(above, ast.Constant(between[1]), ast.Constant(between[0]))
        elif at == between[1:]:
            ranked = ast.Subscript(emit.constant(tuple(between)), right, ast.Load())
        elif at == between[:-1]:
            ranked = ast.Subscript(emit.constant(tuple(between)), left, ast.Load())
        else:
            rank = ast.BinOp(left, ast.Add(), right)
            ranked = ast.Subscript(emit.constant(tuple(pieces)), rank, ast.Load())
        fact = ast.NamedExpr(ast.Name(value, ast.Store()), emit.fact(self.name))
        missing = ast.Compare(fact, [ast.Is()], [ast.Constant(None)])
        return ast.IfExp(missing, ast.Constant(""), ranked)


@dataclass(frozen=True)
class Classes:
    """The codes of a fact that is only tested for being equal."""

    name: str
    codes: Mapping[Any, int]
    size: int

    def wanted(self, asked: Question) -> int:
        """The codes of the values for which the answer to `asked` is yes."""
        return _bits(self.codes[value] for value in asked.values)

    def piece(self, emit: _Function, pieces: Sequence[str]) -> ast.expr:
        named = {None: ""} | {value: pieces[code] for value, code in self.codes.items()}
        return emit.call(named.get, emit.fact(self.name), ast.Constant(pieces[0]))


@dataclass(frozen=True)
class Flag:
    """The codes of a computed answer: 1 where `form` is true, else none."""

    form: Form
    size = 2
    yes = 0b10

    def piece(self, emit: _Function, pieces: Sequence[str]) -> ast.expr:
        true = emit.call(compile_true(as_node(self.form)), emit.load("facts"))
        return ast.IfExp(true, ast.Constant(pieces[1]), ast.Constant(""))


Axis = Ranks | Classes
Slot = Axis | Flag


def axes(questions: Iterable[Question]) -> dict[str, Axis]:
    """The axis of every fact that is asked about, by the fact's name."""
    asked: dict[str, dict[Question, None]] = {}
    for question in questions:
        asked.setdefault(question.name, {})[question] = None
    return {name: _axis(name, list(about)) for name, about in asked.items()}


def _axis(name: str, asked: Sequence[Question]) -> Axis:
    constants: set[Any] = {value for question in asked for value in question.values}
    if any(question.op != "==" for question in asked):
        return Ranks(name, tuple(sorted(constants)))
    alike: dict[Any, list[int]] = {}
    for number, question in enumerate(asked):
        for value in dict.fromkeys(question.values):
            alike.setdefault(value, []).append(number)
    # Classes in the order of the questions that name them: those of one question are then
    # neighbours more often than not, and neighbours are one range to compare with.
    classes = sorted({tuple(numbers) for numbers in alike.values()})
    number_of = {numbers: at + 1 for at, numbers in enumerate(classes)}
    codes = {value: number_of[tuple(numbers)] for value, numbers in alike.items()}
    return Classes(name, codes, len(classes) + 1)


# --- sets of codes as bits --------------------------------------------------------------


def below(code: int) -> int:
    """The set of all codes below `code`."""
    return (1 << code) - 1


def runs(codes: int) -> list[tuple[int, int]]:
    """The set as ranges, first and last code of each, in order."""
    found = []
    at = 0
    while codes:
        skipped = (codes & -codes).bit_length() - 1
        codes >>= skipped
        length = (codes ^ (codes + 1)).bit_length() - 1
        found.append((at + skipped, at + skipped + length - 1))
        codes >>= length
        at += skipped + length
    return found


def _bits(codes: Iterable[int]) -> int:
    bits = 0
    for code in codes:
        bits |= 1 << code
    return bits


FEW = 3  # exceptions that are cheaper said one by one than as the ranges between them


def alternatives(slot: int, codes: int, size: int) -> list[tuple[Comparison, ...]]:
    """The set of `codes` as comparisons: the code is in it if one of the alternatives holds."""
    ranges = runs(codes)
    if len(ranges) > 1:
        others = runs(below(size) & ~codes)
        if len(others) <= FEW and all(first == last for first, last in others):
            return [tuple(Comparison(slot, "!=", code) for code, _ in others)]
    return [_between(slot, first, last, size) for first, last in ranges]


def _between(slot: int, first: int, last: int, size: int) -> tuple[Comparison, ...]:
    if first == last:
        return (Comparison(slot, "==", first),)
    tests = []
    if last < size - 1:
        tests.append(Comparison(slot, "<=", last))
    if first > 0 or not tests:  # `>= 0` asks for any value at all
        tests.append(Comparison(slot, ">=", first))
    return tuple(tests)


# --- the function that projects ---------------------------------------------------------


def key_of(slot: int) -> str:
    """The slot's name in durable_rules: none that it reserves, whatever authors choose.

    durable_rules knows names by a hash of 32 bits alone; of these the first two with the
    same are f6059 and f264602."""
    return f"f{slot}"


def piece(slot: int, code: int) -> str:
    """What the JSON text of a projected fact says of one slot."""
    return f',"{key_of(slot)}":{code}'


def projector(
    slots: Sequence[Slot], codes: Sequence[Sequence[int | None]]
) -> Callable[[Facts], tuple[str, ...]]:
    """A function from facts to the piece of JSON for each slot, empty where it has no code.
    `codes` are those that the rules tell apart.

    One generated function (of `ast` nodes, never text) takes half the time of a loop over
    the slots: there is no call left but to the searches in C.
    """
    emit = _Function()
    pieces = []
    for at, (slot, told) in enumerate(zip(slots, codes, strict=True)):
        pieces.append(slot.piece(emit, ["" if code is None else piece(at, code) for code in told]))
    return emit.function(pieces)


def told_apart(size: int, tests: Iterable[Comparison]) -> tuple[int | None, ...]:
    """For each code the least code that meets the same tests, None where it meets none.

    Codes that no test tells apart are written as one, and those that meet no test not at
    all: durable_rules spends its time on what a fact holds.
    """
    codes: dict[str, set[int]] = {"==": set(), "!=": set(), "<=": set(), ">=": set()}
    for test in tests:
        codes[test.op].add(test.code)
    equal, unequal, most, least = codes["=="], codes["!="], sorted(codes["<="]), sorted(codes[">="])
    first: dict[tuple[int, int, int | None], int] = {}
    told: list[int | None] = []
    for code in range(size):
        above, upon = len(most) - bisect_left(most, code), bisect_right(least, code)
        named = code in equal or code in unequal
        meets = code in equal or above or upon or len(unequal) > (code in unequal)
        alike = (above, upon, code if named else None)
        told.append(first.setdefault(alike, code) if meets else None)
    return tuple(told)


class _Function:
    """The generated function: its constants and locals."""

    def __init__(self) -> None:
        self._constants: dict[str, object] = {"__builtins__": {}}
        self._locals = 0

    def function(self, pieces: list[ast.expr]) -> Callable[[Facts], tuple[str, ...]]:
        arguments = ast.arguments(
            posonlyargs=[ast.arg("facts")], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]
        )
        made = ast.Expression(ast.Lambda(arguments, ast.Tuple(pieces, ast.Load())))
        code = compile(ast.fix_missing_locations(made), "<projection>", "eval")
        return cast(Callable[[Facts], tuple[str, ...]], eval(code, self._constants))

    def constant(self, value: object) -> ast.expr:
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return self.load(name)

    def call(self, function: Callable[..., object], *arguments: ast.expr) -> ast.expr:
        return ast.Call(self.constant(function), list(arguments), [])

    def fact(self, name: str) -> ast.expr:
        return ast.Subscript(self.load("facts"), ast.Constant(name), ast.Load())

    def local(self) -> str:
        self._locals += 1
        return f"v{self._locals}"

    @staticmethod
    def load(name: str) -> ast.expr:
        return ast.Name(name, ast.Load())
