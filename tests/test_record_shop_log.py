"""The purchases that the record shop runs on are those of the log, each of them, unchanged."""

from __future__ import annotations

import csv
import runpy
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

FETCH = Path(__file__).parents[1] / "rulesets" / "record-shop" / "fetch.py"


@pytest.fixture(scope="module")
def purchases(cdnow: Path) -> list[dict[str, str]]:
    with (cdnow / "cdnow.csv").open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_log_is_a_purchase_with_an_id_of_its_own(
    purchases: list[dict[str, str]],
) -> None:
    assert len(purchases) == 69_659
    assert len({purchase["customer"] for purchase in purchases}) == 23_570
    assert [purchase["id"] for purchase in purchases[:2]] == ["cdnow-00001", "cdnow-00002"]
    assert len({purchase["id"] for purchase in purchases}) == 69_659


def test_rows_keep_their_order_and_values(cdnow: Path, purchases: list[dict[str, str]]) -> None:
    log = (cdnow / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()[1:]
    columns = ("customer", "date", "quantity", "amount")
    written = [[purchase[column] for column in columns] for purchase in purchases]

    assert [[row[0], row[1].replace("-", ""), *row[2:]] for row in written] == [
        line.split() for line in log
    ]


def test_repeated_and_free_purchases_are_kept(purchases: list[dict[str, str]]) -> None:
    same = Counter(tuple(list(purchase.values())[1:]) for purchase in purchases)

    assert sum(times - 1 for times in same.values()) == 255
    assert sum(Decimal(purchase["amount"]) == 0 for purchase in purchases) == 80


def test_a_changed_log_is_refused() -> None:
    verified = runpy.run_path(str(FETCH))["verified"]

    with pytest.raises(SystemExit, match=r"has SHA-256 [0-9a-f]{64}, expected eff6889ed364"):
        verified(b"customer_id date number_of_cds dollar_value\n")


def test_a_log_with_other_columns_is_refused() -> None:
    purchases = runpy.run_path(str(FETCH))["purchases"]

    with pytest.raises(SystemExit, match="the log begins with"):
        list(purchases("customer date cds dollars\n00001 19970101 1 11.77\n"))
