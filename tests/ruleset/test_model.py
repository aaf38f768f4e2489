"""The shape of a ruleset: what may be written short, and what has no form at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from loyalcore.ruleset.model import (
    MetricSpec,
    Ruleset,
    RuleSpec,
    TableSpec,
)
from loyalcore.ruleset.points import EventSpec, WalletSpec
from loyalcore.ruleset.words import FieldSpec
from loyalcore.values import Type


def field(written: object) -> Type:
    return FieldSpec.model_validate(written).value_type


def mistake(model: Any, written: object) -> tuple[str, str]:
    """The code and the message of the one thing wrong with `written`."""
    with pytest.raises(ValidationError) as invalid:
        model.model_validate(written)
    (error,) = invalid.value.errors()
    return error["type"], error["msg"]


# --- fields -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "type_"),
    [
        ("money", Type("money")),
        (["text"], Type("texts")),
        ({"type": "money"}, Type("money")),
        ({"type": "text", "one_of": ["shop", "web"]}, Type("text", options=("shop", "web"))),
        (
            [{"sku": "id", "amount": "money"}],
            Type("lines", fields={"sku": Type("id"), "amount": Type("money")}),
        ),
        # A line item may well have a field that is called type.
        ([{"type": "text"}], Type("lines", fields={"type": Type("text")})),
        (
            {"email": "flag", "sms": "flag"},
            Type("group", fields={"email": Type("flag"), "sms": Type("flag")}),
        ),
        ({"type": {"type": "text"}}, Type("group", fields={"type": Type("text")})),
    ],
)
def test_a_field_has_a_short_form(written: object, type_: Type) -> None:
    assert field(written) == type_
    assert field(written).fields == type_.fields


def test_a_field_may_be_required() -> None:
    assert FieldSpec.model_validate({"type": "money", "required": True}).required
    assert not FieldSpec.model_validate("money").required


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("mony", "unknown-type", "there is no type 'mony'"),
        # These have their own forms, and no name.
        ("texts", "unknown-type", "there is no type 'texts'"),
        ("lines", "unknown-type", "there is no type 'lines'"),
        ({"type": "group"}, "unknown-type", "there is no type 'group'"),
        (
            {"type": "text", "fields": {"sku": "id"}},
            "bad-field",
            "fields of a field are written without the word: {sku: text}",
        ),
        ({"type": "text", "requird": True}, "extra_forbidden", "Extra inputs are not permitted"),
        (
            {"type": "money", "one_of": ["5"]},
            "bad-field",
            "only a text has a list of words (one_of)",
        ),
        (["money"], "bad-field", "a field is the name of a type, [text], or a list of one set"),
        ([{"a": "text"}, {"b": "text"}], "bad-field", "a field is the name of a type, [text]"),
        ([], "bad-field", "a field is the name of a type, [text]"),
        (None, "bad-field", "a field is the name of a type, [text]"),
        (12, "bad-field", "a field is the name of a type, [text]"),
        ({"type": "text", "required": "yes"}, "bool_type", "Input should be a valid boolean"),
    ],
)
def test_what_is_no_field_is_refused(written: object, code: str, says: str) -> None:
    found, message = mistake(FieldSpec, written)
    assert (found, message[: len(says)]) == (code, says)


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["Amount", "2nd", "_x", "a-b", "a.b", "ærlig", "a" * 65, ""])
def test_what_expressions_name_has_small_letters_digits_and_underscores(word: str) -> None:
    says = "a name that expressions use has small letters, digits and _, and starts with a letter"
    assert mistake(Ruleset, ruleset(metrics={word: {"count": "visit"}})) == ("bad-name", says)


@pytest.mark.parametrize("word", ["in", "and", "not", "for", "if", "true", "false", "null"])
def test_a_word_of_the_language_is_no_name(word: str) -> None:
    says = "this word has a meaning in expressions"
    assert mistake(Ruleset, ruleset(wallets={word: {}})) == ("reserved-name", says)


@pytest.mark.parametrize("label", ["-a", "2nd", "a b", "a/b", "é", "a" * 129])
def test_rules_events_and_messages_have_names_with_dashes_and_dots_too(label: str) -> None:
    good = ruleset(events={"shop.visit-2": {}}, rules={"Big-spender.2": {"on": "x", "then": [{}]}})
    assert [*Ruleset.model_validate(good).rules] == ["Big-spender.2"]
    code, _ = mistake(Ruleset, ruleset(messages={label: {"text": "Hello"}}))
    assert code == "bad-name"


def ruleset(**sections: object) -> dict[str, object]:
    return {"program": "club", "events": {"visit": {}}, **sections}


# --- formulas, labels, and other short forms --------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a > 1", "a > 1"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_a_formula_may_be_a_bare_number_or_flag(written: object, text: str) -> None:
    assert RuleSpec.model_validate({"on": "x", "then": [{}], "when": written}).when == text


def test_one_is_as_good_as_a_list_of_one() -> None:
    rule = RuleSpec.model_validate({"on": "visit", "then": [{"send": "hi"}], "limit": "once"})
    assert (rule.on, rule.limit) == (("visit",), ("once",))
    rule = RuleSpec.model_validate({"on": ["a", "b"], "then": [{}], "limit": ["1 per day", "once"]})
    assert (rule.on, rule.limit) == (("a", "b"), ("1 per day", "once"))


def test_an_empty_entry_is_one_without_anything_of_its_own() -> None:
    read = Ruleset.model_validate(
        {"program": "club", "events": {"visit": None}, "wallets": {"beans": None}}
    )
    assert read.events == {"visit": EventSpec()}
    assert read.wallets == {"beans": WalletSpec()}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"then": [{}]}, "missing"),
        ({"on": [], "then": [{}]}, "too_short"),
        ({"on": ["x", "y", "x"], "then": [{}]}, "bad-value"),  # else it would fire twice
        ({"on": "x"}, "missing"),
        ({"on": "x", "then": []}, "too_short"),
        ({"on": "x", "then": {"send": "hi"}}, "tuple_type"),
        ({"on": "x", "then": [{}, "send"]}, "dict_type"),
        ({"on": "x", "then": [{}], "priority": "high"}, "int_type"),
        ({"on": "x", "then": [{}], "priority": True}, "int_type"),
        ({"on": "x", "then": [{}], "limit": 5}, "string_type"),
        ({"on": "x", "then": [{}], "until": 2026}, "string_type"),
        ({"on": "x", "then": [{}], "from_": "2026-01-01"}, "extra_forbidden"),
    ],
)
def test_a_rule_that_has_no_form_is_refused(written: object, code: str) -> None:
    assert mistake(RuleSpec, written)[0] == code


# --- metrics, wallets, tables -----------------------------------------------------------------


def test_a_metric_says_what_it_is_and_what_it_is_taken_from() -> None:
    metric = MetricSpec.model_validate({"sum": "purchase.amount", "over": "365 days"})
    assert (metric.kind, metric.source) == ("sum", "purchase.amount")


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ({}, "bad-metric", "a metric is exactly one of count, sum, average"),
        ({"count": "a", "sum": "a.b"}, "bad-metric", "a metric is exactly one of count, sum"),
        ({"count": "a", "ending": "1 day ago"}, "bad-metric", "ending needs over"),
        (
            {"count": "a", "over": "1 day", "ending": "1 day"},
            "bad-metric",
            "ending is written as 90 days ago",
        ),
        (
            {"count": "a", "over": "1 day", "ending": "some days ago"},
            "bad-value",
            "expected a length of time such as 90 days",
        ),
        ({"count": "a", "over": "a while"}, "bad-value", "expected a window such as 365 days"),
    ],
)
def test_a_metric_that_has_no_form_is_refused(
    written: dict[str, object], code: str, says: str
) -> None:
    found, message = mistake(MetricSpec, written)
    assert (found, message[: len(says)]) == (code, says)


@pytest.mark.parametrize("rounding", ["down", "up", "half up", "half even"])
def test_a_wallet_says_how_it_rounds(rounding: str) -> None:
    assert WalletSpec.model_validate({"rounding": rounding}).rounding == rounding


def test_a_wallet_rounds_in_no_other_way() -> None:
    assert mistake(WalletSpec, {"rounding": "half down"})[0] == "literal_error"


@pytest.mark.parametrize("origin", [{}, {"rows": []}, {"csv": "a.csv", "rows": [{"a": "x"}]}])
def test_a_table_has_either_rows_or_a_file(origin: dict[str, object]) -> None:
    written = {"key": "a", "columns": {"a": "text"}, **origin}
    assert mistake(TableSpec, written) == ("bad-table", "a table has either rows or csv")


def test_nothing_changes_once_it_is_read() -> None:
    read = Ruleset.model_validate(ruleset())
    for name in Ruleset.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(read, name, None)
