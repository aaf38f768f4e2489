"""What a name in an expression stands for, and the look-up of a table."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import chain

from loyalcore.errors import did_you_mean
from loyalcore.expression.literals import fit
from loyalcore.expression.mistakes import Mistake, listed
from loyalcore.expression.nodes import Literal, Lookup, Name, Node
from loyalcore.expression.reading import Reading, dotted, span
from loyalcore.expression.scope import TableType
from loyalcore.values import FLAG, Type

Check = Callable[[Reading, ast.expr], Node | None]

_FLAGS = {"true": True, "false": False}


def check_name(reading: Reading, tree: ast.expr, words: list[str]) -> Node | None:
    """The fact, line item field or flag that a dotted name means."""
    name, root = ".".join(words), words[0]
    if root in reading.variables:
        return _of_variable(reading, tree, root, ".".join(words[1:]))
    if name in reading.scope.names:
        return Name(type=reading.scope.names[name], name=name, span=span(tree))
    if name in _FLAGS:
        return Literal(type=FLAG, value=_FLAGS[name], span=span(tree))
    code, message, hint = _unknown(reading, name, root)
    reading.mistake(code, message, tree, hint)
    return None


def _of_variable(reading: Reading, tree: ast.expr, variable: str, field: str) -> Node | None:
    """A field of the line item, or the text itself, that a comprehension is at."""
    member = reading.variables[variable]
    if not field and member.kind != "lines":
        return Name(type=member, name="", variable=variable, span=span(tree))
    if field in member.fields:
        return Name(type=member.fields[field], name=field, variable=variable, span=span(tree))
    if not field:
        hint = f"write one of its fields: {listed(f'{variable}.{name}' for name in member.fields)}"
        reading.mistake("whole-line", f"{variable!r} is a whole line item", tree, hint)
    elif member.kind != "lines":
        reading.mistake("unknown-name", f"{variable!r} is {member} and has no parts", tree)
    else:
        hint = did_you_mean(field, member.fields) or f"it has {listed(member.fields)}"
        reading.mistake("unknown-name", f"a line item has no {field!r}", tree, hint)
    return None


def _unknown(reading: Reading, name: str, root: str) -> tuple[str, str, str]:
    """Code, message and hint for a name that stands for no value."""
    scope = reading.scope
    members = [known for known in scope.names if known.startswith(name + ".")]
    if members:
        return "name-group", f"{name!r} is a group", f"write one of {listed(members)}"
    if root in scope.tables:
        columns = listed(scope.tables[root].columns)
        return "table-use", f"{root!r} is a table", f"write {root}[key].column, column: {columns}"
    if name in scope.functions:
        signature = scope.functions[name].signature
        return "unknown-name", f"{name!r} is a function", f"write {signature}"
    whole = name.rpartition(".")[0]
    if whole in scope.names:
        type_ = scope.names[whole]
        field = name.rpartition(".")[2]
        hint = ""
        if type_.kind == "lines":
            hint = f"write sum(line.{field} for line in {whole}), or any(...), all(...)"
        return "unknown-name", f"{whole!r} is {type_} and has no part {field!r}", hint
    if f"customer.{name}" in scope.names:  # hidden by a field of the same name
        return "unknown-name", f"there is no {name!r} here", f"write customer.{name}"
    of_lines = (
        f"{variable}.{field}"
        for variable, type_ in reading.variables.items()
        for field in type_.fields
    )
    known = chain(of_lines, reading.variables, scope.names, scope.tables, scope.functions)
    return "unknown-name", f"there is no {name!r}", did_you_mean(name, known)


def check_lookup(
    reading: Reading, tree: ast.Attribute, inner: ast.Subscript, check: Check
) -> Node | None:
    """`table[key].column`."""
    name = ".".join(dotted(inner.value, reading.text) or [])
    key = check(reading, inner.slice)
    table = reading.scope.tables.get(name)
    if table is None:
        known = reading.scope.tables
        hint = did_you_mean(name, known) or (f"tables are {listed(known)}" if known else "")
        message = f"there is no table {reading.source(inner.value)!r}"
        reading.mistake("unknown-table", message, inner.value, hint)
        return None
    column = reading.text[(tree.end_col_offset or 0) - len(tree.attr) : tree.end_col_offset]
    if column not in table.columns:
        hint = did_you_mean(column, table.columns) or f"it has {listed(table.columns)}"
        reading.mistake("unknown-column", f"{name!r} has no column {column!r}", tree, hint)
        return None
    return None if key is None else _cell(reading, tree, table, column, key)


def _cell(
    reading: Reading, tree: ast.expr, table: TableType, column: str, key: Node
) -> Node | None:
    fitted = fit(key, _any_of(table.key), reading.scope.locale)
    if fitted is None and {key.type.kind, table.key.kind} == {"text", "id"}:
        fitted = key
    if fitted is None:
        message = f"the key of {table.name!r} is {table.key}, not {key.type}"
        fitted = Mistake("type", message, key.span)
    if isinstance(fitted, Literal) and fitted.value not in table.rows:
        message = f"{table.name!r} has no row {reading.text[slice(*key.span)]}"
        hint = did_you_mean(str(fitted.value), (row for row in table.rows if isinstance(row, str)))
        fitted = Mistake("unknown-row", message, key.span, hint)
    if isinstance(fitted, Mistake):
        reading.mistakes.append(fitted)
        return None
    return Lookup(
        type=table.columns[column],
        table=table.name,
        column=column,
        key=fitted,
        cells=table.cells(column),
        span=span(tree),
    )


def _any_of(type_: Type) -> Type:
    """The type without its options: a key that is none of them is told as a missing row."""
    return Type(type_.kind)
