"""Tables: typed reference data from rows or a CSV file, and what is wrong with either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest

from loyalcore.program.compiler import Compiled

Compile = Callable[..., Compiled]
Problems = Callable[..., list[str]]

HEAD = "program: club\ncurrency: EUR\nevents: {purchase: {sku: id}}\ntables:\n"

CSV = f"""{HEAD}\
  products:
    key: sku
    columns: {{sku: id, name: text, price: money, weight: number, sold: flag, since: date, \
topics: [text]}}
    csv: products.csv
"""
HEADER = "sku,name,price,weight,sold,since,topics"


def rule(condition: str) -> str:
    return (
        f"rules: {{r: {{on: purchase, when: {condition!r}, then: [{{issue: {{voucher: x}}}}]}}}}\n"
    )


def test_cells_are_read_as_their_columns_are_declared(compiled: Compile) -> None:
    rows = (
        f'{HEADER},note\r\nA1,"Tea, green",12.50,0.25,true,2026-01-31,tea|green,x\r\n7,,,,,,,\r\n'
    )
    program, _ = compiled(CSV, {"products.csv": rows})
    assert program.tables["products"].rows == {
        "A1": {
            "sku": "A1",
            "name": "Tea, green",
            "price": 1_250,
            "weight": Fraction(1, 4),
            "sold": True,
            "since": date(2026, 1, 31),
            "topics": ("tea", "green"),
        },
        "7": dict.fromkeys(HEADER.split(",")) | {"sku": "7"},  # an empty cell is missing
    }


def test_rows_may_stand_in_the_ruleset(compiled: Compile) -> None:
    text = f"""{HEAD}
  levels:
    key: level
    columns: {{level: integer, name: text, from: money}}
    rows:
      - {{level: 1, name: bronze, from: 0}}
      - {{level: 2, name: silver, from: 99.90}}
"""
    program, _ = compiled(text.replace("from:", "least:"))
    assert program.tables["levels"].rows == {
        1: {"level": 1, "name": "bronze", "least": 0},
        2: {"level": 2, "name": "silver", "least": 9_990},
    }


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("A1,Tea,12.505,1,,,", "products.csv:2: price: EUR has 2 decimals, here are more"),
        ("A1,Tea,dear,1,,,", "products.csv:2: price: expected a number such as 12.50"),
        ("A1,Tea,1,heavy,,,", "products.csv:2: weight: expected a number such as 12.50"),
        ("A1,Tea,1,1,yes,,", "products.csv:2: sold: expected true or false"),
        ("A1,Tea,1,1,,31.1.26,", "products.csv:2: since: expected a date such as 2026-01-31"),
        (",Tea,1,1,,,", "products.csv:2: the key 'sku' is missing"),
        ("A1,,,,,,\nA2,,,,,,\nA1,,,,,,", "products.csv:4: another row has the same sku"),
        ("A1,Tea", "products.csv:2: more or fewer cells than the header"),
        ("A1,,,,,,\n\nA2,,,,,,,", "products.csv:4: more or fewer cells than the header"),
        ('A1,"Tea,1,1,,,', "products.csv:2: unexpected end of data"),
    ],
)
def test_a_row_that_does_not_fit_is_told_by_file_and_line(
    problems: Problems, rows: str, says: str
) -> None:
    told = problems(CSV, {"products.csv": f"{HEADER}\n{rows}\n"})
    assert told == [f"club.yaml:8:10: error: {says} [bad-table]"]


def test_all_cells_that_are_wrong_are_told(problems: Problems) -> None:
    rows = f"{HEADER}\nA1,Tea,dear,heavy,,,\nA2,Tea,1,1,no,,\n"
    assert problems(CSV, {"products.csv": rows}) == [
        f"club.yaml:8:10: error: products.csv:{says} [bad-table]"
        for says in (
            "2: price: expected a number such as 12.50",
            "2: weight: expected a number such as 12.50",
            "3: sold: expected true or false",
        )
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("sku,name\nA1,Tea\n", "products.csv has no column price, weight, sold, since, topics"),
        ("", "products.csv has no column sku, name, price, weight, sold, since, topics"),
        (f"{HEADER},name\n", "products.csv has two columns name"),
    ],
)
def test_a_header_that_does_not_fit_is_told_once(
    problems: Problems, content: str, says: str
) -> None:
    lookup = rule("products['A1'].price > 1 and products[sku].name == 'Tea'")
    assert problems(CSV + lookup, {"products.csv": content}) == [
        f"club.yaml:8:10: error: {says} [bad-table]"
    ]


def test_a_file_that_is_not_there_is_told_once(problems: Problems) -> None:
    assert problems(CSV + rule("products['A1'].price > 1")) == [
        "club.yaml:8:10: error: there is no file 'products.csv' [file-missing]"
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            "{key: skn, columns: {sku: id}, rows: [{sku: A}]}",
            (
                "12: error: the key 'skn' is not among the columns (did you mean 'sku'?)"
                " [unknown-name]"
            ),
        ),
        (
            "{key: sku, columns: {sku: number}, rows: [{sku: 1}]}",
            "12: error: a key can't be number [bad-table]",
        ),
        (
            "{key: sku, columns: {sku: [{a: text}]}, rows: [{sku: 1}]}",
            "32: error: a cell holds one value, or a list of texts [bad-table]",
        ),
        (
            "{key: sku, columns: {sku: id, a: {b: text}}, rows: [{sku: 1}]}",
            "39: error: a cell holds one value, or a list of texts [bad-table]",
        ),
        (
            "{key: sku, columns: {sku: {type: id, required: true}}, rows: [{sku: 1}]}",
            "32: error: only a field of an event can be required [bad-field]",
        ),
        (
            "{key: sku, columns: {sku: id, price: money}, rows: [{sku: A, price: 1.001}]}",
            "74: error: price: EUR has 2 decimals, here are more [bad-table]",
        ),
        (
            "{key: sku, columns: {sku: id, price: money}, rows: [{sku: A, prise: 1}]}",
            "67: error: there is no column 'prise' (did you mean 'price'?) [unknown-key]",
        ),
        (
            "{key: sku, columns: {sku: id}, rows: [{sku: A}, {sku: A}]}",
            "54: error: another row has the same sku [bad-table]",
        ),
        (
            "{key: sku, columns: {sku: id, a: text}, rows: [{a: b}]}",
            "53: error: the key 'sku' is missing [bad-table]",
        ),
    ],
)
def test_a_mistake_in_a_table_has_its_place(problems: Problems, table: str, problem: str) -> None:
    assert problems(f"{HEAD}  t: {table}\n") == [f"club.yaml:5:{problem}"]


def test_a_row_that_is_looked_up_by_name_must_be_there(problems: Problems) -> None:
    rows = f"{HEADER}\nA1,Tea,1,1,,,\n"
    assert problems(CSV + rule("products['A2'].price > 1"), {"products.csv": rows}) == [
        "club.yaml:9:43: error: 'products' has no row 'A2' [unknown-row]"
    ]
