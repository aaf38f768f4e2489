"""The few shapes of Python code that compiled expressions are made of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

_COMPARE: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip


def load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def let(name: str, value: ast.expr) -> ast.expr:
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def is_(value: ast.expr, constant: bool | None) -> ast.expr:
    if isinstance(value, ast.Constant):  # Python warns of a literal beside `is`
        return ast.Constant(value.value is constant)
    return ast.Compare(value, [ast.Is()], [ast.Constant(constant)])


def is_not(value: ast.expr, constant: bool | None) -> ast.expr:
    if isinstance(value, ast.Constant):
        return ast.Constant(value.value is not constant)
    return ast.Compare(value, [ast.IsNot()], [ast.Constant(constant)])


def compared(left: ast.expr, op: str, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [_COMPARE[op]()], [right])


def called(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(load(name), [argument], [])


def both(guards: list[ast.expr], value: ast.expr) -> ast.expr:
    return ast.BoolOp(ast.And(), [*guards, value]) if guards else value


def any_of(values: list[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(ast.Or(), values)


def otherwise_none(guards: list[ast.expr], value: ast.expr) -> ast.expr:
    if not guards:
        return value
    test = guards[0] if len(guards) == 1 else ast.BoolOp(ast.And(), guards)
    return ast.IfExp(test, value, ast.Constant(None))


class Strict(NamedTuple):
    """A value that is there once every guard is true. Guards run first, in order."""

    guards: list[ast.expr]
    value: ast.expr


class Frame:
    """One function being written: its parameters, its locals and its constants."""

    def __init__(self, parameters: Sequence[str]) -> None:
        self._parameters = parameters
        self._constants: dict[str, object] = {}
        self._locals = 0

    def local(self) -> str:
        """The name of a new local."""
        self._locals += 1
        return f"t{self._locals}"

    def named(self, value: ast.expr) -> Strict:
        """`value` kept in a local, guarded against being missing."""
        name = self.local()
        return Strict([is_not(let(name, value), None)], load(name))

    def constant(self, value: object) -> ast.expr:
        """A literal, or a global of the function for what Python has no literal of."""
        if value is None or isinstance(value, str | int | bool):
            return ast.Constant(value)
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return load(name)

    def call(self, function: Callable[..., Any], *arguments: ast.expr) -> ast.expr:
        return ast.Call(self.constant(function), list(arguments), [])

    def function(self, body: ast.expr) -> Callable[..., Any]:
        """The function that returns `body`. It sees its constants and nothing else."""
        arguments = ast.arguments(
            posonlyargs=[ast.arg(name) for name in self._parameters],
            args=[],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        made = ast.Expression(ast.Lambda(arguments, body))
        code = compile(ast.fix_missing_locations(made), "<expression>", "eval")
        builtins = {"any": any, "all": all, "len": len}
        return cast(Callable[..., Any], eval(code, {"__builtins__": builtins, **self._constants}))
