"""Why a rule did not fire: its condition with the value of each part."""

from __future__ import annotations

import pytest

from loyalcore.expression import Drawing, draw

FACTS = {
    "amount": 12_345,
    "channel": "store",
    "gift": None,
    "customer.name": "Kåre",
    "items": (
        {"sku": "LP-1", "category": "vinyl", "amount": 20_000, "labels": ("new",), "parts": None},
    ),
    "tags": ("vip",),
}


@pytest.fixture
def drawn(scope, node):
    def drawing(text: str) -> Drawing:
        facts = dict.fromkeys(scope.names) | FACTS
        return draw(node(text), facts, text, scope.locale)

    return drawing


def test_parts_are_what_the_author_wrote_with_their_values(drawn):
    assert drawn("amount >= 100 and (channel == 'web' or gift)") == Drawing(
        "amount >= 100 and (channel == 'web' or gift)",
        None,
        None,
        (
            Drawing("amount >= 100", True, True, (Drawing("amount", "123.45", None),)),
            Drawing(
                "channel == 'web' or gift",
                None,
                None,
                (
                    Drawing("channel == 'web'", False, False, (Drawing("channel", "store", None),)),
                    Drawing("gift", None, None),
                ),
            ),
        ),
    )


def test_values_are_plain(drawn):
    assert drawn("amount / 100").value == "1.2345"
    assert drawn("customer.name == 'Kåre'").text == "customer.name == 'Kåre'"
    assert drawn("days(1.5)").value == "1.5 days"
    assert drawn("tags").value == ["vip"]


def test_line_items_are_asked_one_by_one(drawn):
    whole = drawn("any(line.amount > 500 for line in items if line.category == 'vinyl')")
    source, line = whole.parts
    assert whole.truth is False
    assert source.text == "items"
    assert line.text == "line 1"
    assert line.value == {
        "sku": "LP-1", "category": "vinyl", "amount": "200.00", "labels": ["new"], "parts": None
    }  # fmt: skip
    assert [(part.text, part.truth) for part in line.parts] == [
        ("line.category == 'vinyl'", True),
        ("line.amount > 500", False),
    ]


def test_nested_lists_are_drawn_inside_each_other(drawn):
    whole = drawn("any(any(label == 'old' for label in line.labels) for line in items)")
    (inner,) = whole.parts[1].parts
    assert [part.text for part in inner.parts] == ["line.labels", "label 1"]
    assert inner.parts[1].value == "new"
    assert inner.parts[1].parts[0].truth is False


def test_a_missing_list_has_nothing_to_draw(scope, node):
    text = "count(items) > 1"
    drawing = draw(node(text), dict.fromkeys(scope.names), text, scope.locale)
    assert drawing.parts[0].parts == (Drawing("items", None, None),)
