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
from loyalcore.ruleset.offers import OfferSpec, OpeningSpec, ReachSpec
from loyalcore.ruleset.points import (
    EventSpec,
    PendingSpec,
    RedemptionSpec,
    ReferenceSpec,
    ReversalSpec,
    RewardSpec,
    WalletSpec,
)
from loyalcore.ruleset.selection import ExperimentSpec, GroupSpec, ScheduleSpec
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
        {
            "program": "club",
            "events": {"visit": None},
            "wallets": {"beans": None},
            "groups": {"bonus": None},
        }
    )
    assert read.groups == {"bonus": GroupSpec()}
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


@pytest.mark.parametrize(
    ("written", "pending"),
    [
        ("14 days", PendingSpec(lasts="14 days")),
        ("until delivery", PendingSpec(until="delivery")),
        (
            {"until": "delivery", "lapse": "60 days"},
            PendingSpec(until="delivery", lapse="60 days"),
        ),
    ],
)
def test_points_are_pending_for_a_time_or_until_an_event(
    written: object, pending: PendingSpec
) -> None:
    assert WalletSpec.model_validate({"pending": written}).pending == pending


ONE_END = "points are pending for a time (14 days), or until an event"


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("a while", "bad-value", "expected a length of time such as 90 days"),
        ({}, "bad-value", ONE_END),
        ({"lasts": "14 days", "until": "delivery"}, "bad-value", ONE_END),
        ({"lasts": "14 days", "lapse": "60 days"}, "bad-value", ONE_END),
        ({"until": "the delivery"}, "bad-name", "a name has letters, digits, - _ and ."),
        (14, "model_type", "Input should be"),
    ],
)
def test_points_are_pending_in_no_other_way(written: object, code: str, says: str) -> None:
    found, message = mistake(PendingSpec, written)
    assert (found, message[: len(says)]) == (code, says)


@pytest.mark.parametrize("minimum", [0, 100, -500, "none"])
def test_a_balance_may_have_to_stay_above_something_or_not(minimum: object) -> None:
    assert WalletSpec.model_validate({"minimum": minimum}).minimum == minimum


@pytest.mark.parametrize("minimum", ["0", 1.5, True, None, "None"])
def test_a_minimum_is_a_whole_number_or_none(minimum: object) -> None:
    says = "expected a whole number, or none"
    assert mistake(WalletSpec, {"minimum": minimum}) == ("bad-value", says)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"kind": "spendable"}, "literal_error"),
        ({"maximum": 0}, "greater_than"),
        ({"maximum": "1000"}, "int_type"),
        ({"transferable": "yes"}, "bool_type"),
        ({"expires": 24}, "string_type"),
    ],
)
def test_a_wallet_that_has_no_form_is_refused(written: object, code: str) -> None:
    assert mistake(WalletSpec, written)[0] == code


def test_what_a_point_costs_may_be_a_bare_number() -> None:
    assert WalletSpec.model_validate({"price": Decimal("0.005")}).price == "0.005"


@pytest.mark.parametrize("origin", [{}, {"rows": []}, {"csv": "a.csv", "rows": [{"a": "x"}]}])
def test_a_table_has_either_rows_or_a_file(origin: dict[str, object]) -> None:
    written = {"key": "a", "columns": {"a": "text"}, **origin}
    assert mistake(TableSpec, written) == ("bad-table", "a table has either rows or csv")


# --- what events do by themselves -------------------------------------------------------------


def test_an_event_has_its_fields_beside_what_it_does() -> None:
    refund = EventSpec.model_validate(
        {"order": "id", "amount": "money", "reverses": "purchase", "presents": "code"}
    )
    assert [*refund.fields] == ["order", "amount"]
    assert refund.fields["amount"] == FieldSpec(type="money")
    assert (refund.reverses, refund.presents) == (ReversalSpec(event="purchase"), "code")
    assert (refund.activates, refund.redeems, refund.cancels) == (None, None, None)


def test_an_event_that_is_about_another_may_say_just_which() -> None:
    short = EventSpec.model_validate(
        {"activates": "order", "cancels": "redeem", "redeems": "reward"}
    )
    assert short.activates == ReferenceSpec(event="order")
    assert short.cancels == ReferenceSpec(event="redeem")
    assert short.redeems == RedemptionSpec(reward="reward")
    long = ReversalSpec.model_validate(
        {
            "event": "purchase",
            "by": "receipt",
            "matching": "number",
            "amount": "total",
            "take": "may go negative",
            "within": "60 days",
        }
    )
    assert (long.by, long.matching, long.amount) == ("receipt", "number", "total")
    assert ReversalSpec.model_validate("purchase").take == "within balance"


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ({"Amount": "money"}, "bad-name", "a name that expressions use has small letters"),
        ({"class": "text"}, "reserved-name", "this word has a meaning in expressions"),
        ({"amount": "mony"}, "unknown-type", "there is no type 'mony'"),
        ({"reverse": "purchase"}, "unknown-type", "there is no type 'purchase'"),
        ({"reverses": {}}, "missing", "Field required"),
        ({"reverses": ["purchase"]}, "model_type", "Input should be"),
        ({"reverses": "a purchase"}, "bad-name", "a name has letters, digits"),
        ({"reverses": {"event": "a", "take": "all"}}, "literal_error", "Input should be"),
        ({"reverses": {"event": "a", "within": "soon"}}, "bad-value", "expected a length of time"),
        ({"activates": {"event": "a", "take": "all"}}, "extra_forbidden", "Extra inputs"),
        ({"redeems": {"quantity": "n"}}, "missing", "Field required"),
        ({"presents": "The code"}, "bad-name", "a name that expressions use has small letters"),
    ],
)
def test_an_event_that_has_no_form_is_refused(written: object, code: str, says: str) -> None:
    found, message = mistake(EventSpec, written)
    assert (found, message[: len(says)]) == (code, says)


# --- rewards and offers -----------------------------------------------------------------------


def test_the_price_of_a_reward_is_a_number_or_a_formula() -> None:
    reward = RewardSpec.model_validate({"price": {"beans": 90, "stamps": "amount / 2"}})
    assert reward.price == {"beans": "90", "stamps": "amount / 2"}
    assert (reward.stock, reward.then) == (None, ())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({}, "missing"),
        ({"price": {}}, "too_short"),
        ({"price": 90}, "dict_type"),
        ({"price": {"Beans": 90}}, "bad-name"),
        ({"price": {"beans": 90}, "stock": 0}, "greater_than"),
        ({"price": {"beans": 90}, "stock": "many"}, "int_type"),
        ({"price": {"beans": 90}, "on": "redeem"}, "extra_forbidden"),
    ],
)
def test_a_reward_that_has_no_form_is_refused(written: object, code: str) -> None:
    assert mistake(RewardSpec, written)[0] == code


def test_an_offer_is_opened_by_an_event_and_its_fields_filled() -> None:
    opening = OpeningSpec.model_validate({"on": "joined", "with": {"target": 3, "shop": "shop"}})
    assert (opening.on, opening.with_) == (("joined",), {"target": "3", "shop": "shop"})


def test_an_offer_is_open_once_for_good_and_judged_anew_by_refunds() -> None:
    offer = OfferSpec.model_validate({"reach": {"one": "purchase"}})
    assert (offer.lasts, offer.ends, offer.at_once) == (None, None, 1)
    assert (offer.bounds, offer.refunds, offer.consumes, offer.code) == (
        "both",
        "rejudge",
        False,
        None,
    )


def test_a_code_of_digits_alone_needs_no_quotes() -> None:
    assert OfferSpec.model_validate({"reach": {"one": "purchase"}, "code": 2026}).code == "2026"


REACHED = "an offer is reached by a count or sum with at_least, or by one event"


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"count": "purchase"},
        {"sum": "purchase.amount"},
        {"at_least": 3},
        {"one": "purchase", "at_least": 3},
        {"count": "purchase", "sum": "purchase.amount", "at_least": 3},
        {"count": "purchase", "one": "purchase", "at_least": 3},
    ],
)
def test_an_offer_is_reached_in_one_way(written: dict[str, object]) -> None:
    assert mistake(ReachSpec, written) == ("bad-offer", REACHED)


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ({"lasts": "1 day", "ends": "day"}, "bad-offer", "an offer has either lasts or ends"),
        ({"lasts": "a while"}, "bad-value", "expected a length of time"),
        ({"at_once": 0}, "greater_than", "Input should be greater than 0"),
        ({"at_once": "2"}, "int_type", "Input should be a valid integer"),
        ({"bounds": "none"}, "literal_error", "Input should be 'both', 'start'"),
        ({"refunds": "forget"}, "literal_error", "Input should be 'keep', 'share' or 'rejudge'"),
        ({"consumes": "yes"}, "bool_type", "Input should be a valid boolean"),
        ({"open": "joined"}, "model_type", "Input should be"),
        ({"open": {"when": "true"}}, "missing", "Field required"),
        ({"fields": {"target": "int"}}, "unknown-type", "there is no type 'int'"),
        ({"then": {"earn": {}}}, "tuple_type", "Input should be a valid tuple"),
    ],
)
def test_an_offer_that_has_no_form_is_refused(
    written: dict[str, object], code: str, says: str
) -> None:
    found, message = mistake(OfferSpec, {"reach": {"one": "purchase"}, **written})
    assert (found, message[: len(says)]) == (code, says)


# --- what holds rules back --------------------------------------------------------------------


@pytest.mark.parametrize("model", [RuleSpec, RewardSpec, OfferSpec])
def test_rules_rewards_and_offers_are_held_back_alike(model: Any) -> None:
    needed: dict[Any, dict[str, object]] = {
        RuleSpec: {"on": "visit", "then": [{}]},
        RewardSpec: {"price": {"beans": 1}},
        OfferSpec: {"reach": {"one": "visit"}},
    }
    read = model.model_validate(
        {
            **needed[model],
            "who": True,
            "limit": "once",
            "cap": {"beans": 100},
            "budget": {"money": Decimal("99.50"), "count": "5 per day"},
            "edge": "refuse",
            "schedule": {"weekdays": "monday", "hours": ["08:00-11:30", "22:00-02:00"]},
            "cost": 2,
        }
    )
    assert (read.who, read.cost, read.limit) == ("true", "2", ("once",))
    assert read.cap == {"beans": "100"}
    assert read.budget == {"money": "99.50", "count": "5 per day"}
    assert read.schedule == ScheduleSpec(weekdays=("monday",), hours=("08:00-11:30", "22:00-02:00"))


def test_a_group_may_be_part_of_another() -> None:
    read = GroupSpec.model_validate({"stack": "best", "in": "all-bonuses"})
    assert (read.stack, read.in_) == ("best", "all-bonuses")
    assert GroupSpec.model_validate({}).stack == "all"


@pytest.mark.parametrize(
    ("model", "written", "code"),
    [
        (GroupSpec, {"stack": "worst"}, "literal_error"),
        (GroupSpec, {"in_": "other"}, "extra_forbidden"),
        (GroupSpec, {"priority": 5}, "extra_forbidden"),  # its rules have their own
        (GroupSpec, {"cap": {"beans": True}}, "string_type"),
        (GroupSpec, {"budget": ["5 per day"]}, "dict_type"),
        (GroupSpec, {"edge": "cut"}, "literal_error"),
        (ScheduleSpec, {"days": "monday"}, "extra_forbidden"),
        (ScheduleSpec, {"hours": 8}, "string_type"),
        (ExperimentSpec, {"variants": ["short", "long"]}, "dict_type"),
        (ExperimentSpec, {"variants": {"Short": 1}}, "bad-name"),
        (ExperimentSpec, {"holdout": [10]}, "string_type"),
    ],
)
def test_what_holds_nothing_back_is_refused(model: Any, written: object, code: str) -> None:
    assert mistake(model, written)[0] == code


def test_shares_are_written_with_or_without_per_cent() -> None:
    read = ExperimentSpec.model_validate({"variants": {"a": 50, "b": "50"}, "holdout": "10 %"})
    assert (read.variants, read.holdout) == ({"a": "50", "b": "50"}, "10 %")


def test_the_control_group_is_no_variant() -> None:
    says = "holdout is the control group, not a variant"
    assert mistake(ExperimentSpec, {"variants": {"holdout": 10}}) == ("bad-name", says)


def test_nothing_changes_once_it_is_read() -> None:
    read = Ruleset.model_validate(ruleset())
    for name in Ruleset.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(read, name, None)
