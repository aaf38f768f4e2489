"""Reference data: rows written inline or in CSV, read into typed look-up tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from loyalcore.errors import did_you_mean
from loyalcore.expression import TableType
from loyalcore.program.names import NOT_REQUIRED
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset, TableSpec
from loyalcore.ruleset.source import Document
from loyalcore.values import TEXT, Locale, Type, Value, ValueInvalid, read_value

_KEYS = ("text", "id", "integer", "date")


def read_tables(ruleset: Ruleset, locale: Locale, report: Report) -> dict[str, TableType]:
    """Every table of `ruleset`, its rows read and typed. Reports what doesn't fit."""
    return {name: _read_table(name, spec, locale, report) for name, spec in ruleset.tables.items()}


def table_text(document: Document, name: str) -> str:
    """The CSV text of the table `name`, as it was when the ruleset was read."""
    return document.source.files.get(document.csv.get(name, ""), "")


def _read_table(name: str, spec: TableSpec, locale: Locale, report: Report) -> TableType:
    place: Place = ("tables", name)
    columns = {column: field.value_type for column, field in spec.columns.items()}
    if not _holdable(spec, place, report):
        report.missing([name])
        return TableType(name, TEXT, dict.fromkeys(columns, TEXT), {})
    key_type = columns.get(spec.key)
    if key_type is None:
        report.problem(
            "unknown-name",
            f"the key '{spec.key}' is not among the columns",
            (*place, "key"),
            hint=did_you_mean(spec.key, columns),
        )
        report.missing([name])
        return TableType(name, TEXT, columns, {})
    if key_type.kind not in _KEYS:
        report.problem("bad-table", f"a key can't be {key_type}", (*place, "key"))
        report.missing([name])
        return TableType(name, key_type, columns, {})
    rows: dict[Value, Mapping[str, Value | None]] = {}
    for at, words, raw in _raw_rows(spec, place, report):
        row = _read_row(columns, raw, locale, at, words, report)
        key = row.get(spec.key)
        if key is None:
            report.problem("bad-table", f"{words}the key '{spec.key}' is missing", at)
        elif key in rows:
            report.problem("bad-table", f"{words}another row has the same {spec.key}", at)
        else:
            rows[key] = row
    return TableType(name, key_type, columns, rows)


def _holdable(spec: TableSpec, place: Place, report: Report) -> bool:
    """Whether each column is of a type that a cell can hold."""
    holdable = True
    for column, field in spec.columns.items():
        at = (*place, "columns", column)
        if field.type in ("group", "lines"):
            report.problem("bad-table", "a cell holds one value, or a list of texts", at)
            holdable = False
        if field.required:
            report.problem("bad-field", NOT_REQUIRED, at)
    return holdable


def _raw_rows(
    spec: TableSpec, place: Place, report: Report
) -> Iterator[tuple[Place, str, Mapping[str, object]]]:
    """Each row with its place, and the words that lead there where the place can't."""
    if spec.csv is None:
        for number, row in enumerate(spec.rows):
            yield (*place, "rows", number), "", row
        return
    name = str(place[-1])
    if name not in report.document.csv:  # that the file can't be read is told already
        return
    text = table_text(report.document, name)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    at = (*place, "csv")
    try:
        header = list(reader.fieldnames or ())
        absent = [column for column in spec.columns if column not in header]
        if absent:
            report.problem("bad-table", f"{spec.csv} has no column {', '.join(absent)}", at)
            report.missing([name])
            return
        twice = [column for column in spec.columns if header.count(column) > 1]
        if twice:
            report.problem("bad-table", f"{spec.csv} has two columns {', '.join(twice)}", at)
            report.missing([name])
            return
        for row in reader:
            words = f"{spec.csv}:{reader.line_num}: "
            if None in row or None in row.values():
                report.problem("bad-table", f"{words}more or fewer cells than the header", at)
                continue
            yield at, words, {column: row[column] or None for column in spec.columns}
    except csv.Error as error:
        line = reader.reader.line_num  # DictReader's own is of the last good row
        report.problem("bad-table", f"{spec.csv}:{line}: {error}", at)


def _read_row(
    columns: Mapping[str, Type],
    raw: Mapping[str, object],
    locale: Locale,
    at: Place,
    words: str,
    report: Report,
) -> dict[str, Value | None]:
    for column in raw:
        if column not in columns:
            hint = did_you_mean(column, columns)
            report.problem(
                "unknown-key",
                f"{words}there is no column '{column}'",
                (*at, column),
                hint=hint,
                key=True,
            )
    row: dict[str, Value | None] = {}
    for column, type_ in columns.items():
        try:
            row[column] = read_value(type_, raw.get(column), locale)
        except ValueInvalid as error:
            report.problem("bad-table", f"{words}{column}: {error}", (*at, column))
            row[column] = None
    return row
