"""What an expression may speak of: names, tables, functions, and the program's locale.

A ruleset makes one scope per event type; `check` reads an expression within it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalcore.values import Locale, Type, Value

ANY = Type("any")
"""As a parameter: a value of whatever type."""


@dataclass(frozen=True)
class Form:
    """One way to call a function.

    `call` gets values of the types in `parameters` as values.py holds them, and gives one of
    type `result`, or None for missing. It is pure, never raises, and ends in bounded time.
    With `repeats`, the last parameter may be given any number of times more. With `local`,
    `call` is given the program's Locale before the values.

    `prepare`, where set, takes the last argument while the expression is checked: that one
    must be a literal. It returns the function of the others, or raises ValueInvalid.
    """

    parameters: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    repeats: bool = False
    local: bool = False
    prepare: Callable[[Any], Callable[..., Any]] | None = None

    def accepts(self, count: int) -> bool:
        """Whether `count` arguments can be given."""
        return count == len(self.parameters) or (self.repeats and count > len(self.parameters))

    def parameter(self, at: int) -> Type:
        return self.parameters[min(at, len(self.parameters) - 1)]


@dataclass(frozen=True)
class Function:
    """A function of the expression language: plugins may bring more of them.

    `signature` and `doc` are shown to authors. The first form that fits the arguments is
    taken. Unless `takes_missing`, a missing argument makes the result missing.
    """

    name: str
    signature: str
    doc: str
    forms: tuple[Form, ...]
    takes_missing: bool = False


@dataclass(frozen=True)
class TableType:
    """Declared reference data: `name[key].column`. A row without a column is missing there."""

    name: str
    key: Type
    columns: Mapping[str, Type]
    rows: Mapping[Any, Mapping[str, Value | None]]
    _cells: dict[str, dict[Any, Value | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def cells(self, column: str) -> Mapping[Any, Value | None]:
        """Key to value of one column, made once however many expressions read it."""
        if column not in self._cells:
            self._cells[column] = {key: row.get(column) for key, row in self.rows.items()}
        return self._cells[column]


@dataclass(frozen=True)
class Scope:
    """Everything an expression can name."""

    names: Mapping[str, Type]
    tables: Mapping[str, TableType]
    functions: Mapping[str, Function]
    locale: Locale
