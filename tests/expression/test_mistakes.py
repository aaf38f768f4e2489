"""What an author is told: what is wrong, where, and what to write instead."""

from __future__ import annotations

import pytest

from loyalcore.expression import CODES, check
from loyalcore.values import DATE, FLAG, INTEGER, MONEY, NUMBER, TEXT, TEXTS, Type

# text, code, the part of it that is meant, and some words of the message or hint
EXAMPLES = [
    # other languages
    ("amount = 5", "operator", "=", "write =="),
    ("amount => 5", "operator", "=>", "write >="),
    ("amount =< 5", "operator", "=<", "write <="),
    ("amount <> 5", "operator", "<>", "write !="),
    ("amount === 5", "operator", "===", "write =="),
    ("gift && orders > 1", "operator", "&&", "word and"),
    ("gift || orders > 1", "operator", "||", "word or"),
    ("!gift", "operator", "!", "word not"),
    ("gift ? 1 : 2", "operator", "?", "a if condition else b"),
    ("orders ** 2", "operator", "**", "multiply"),
    ("amount ≥ 5", "operator", "≥", "write >="),
    ("channel == “web”", "operator", "“", "straight quote"),
    ("amount > €5", "operator", "€", "plain number"),
    ("gift # always", "operator", "#", "outside"),
    ("orders is 1", "operator", "is", "write =="),
    ("orders * 10 % > 1", "operator", "%", "0.1 for 10 %"),
    ("gift AND gift", "missing-operator", "gift AND", "and in small letters"),
    ("amount == null", "null", "null", "missing(amount)"),
    ("customer.name != None", "null", "None", "missing(name)"),
    ("amount is not null", "operator", "is", "missing(amount)"),
    ("lambda", "reserved-word", "lambda", ""),
    ("customer.class == 'a'", "reserved-word", "class", "another name"),
    ("f'{note}'", "refused", "f'{note}'", "concat"),
    ("note.lower()", "refused", "note.lower()", "lower(text)"),
    ("round(score, digits=2)", "operator", "=", ""),
    ("[x for x in tags]", "refused", "[x for x in tags]", "any(...)"),
    ("(1, 2)", "refused", "(1, 2)", "without a comma"),
    ("tags[0]", "refused", "tags[0]", "table[key].column"),
    ("(orders + 1).x", "refused", "(orders + 1).x", "only names have dots"),
    ("+gift", "refused", "+gift", "leave out"),
    ("min(*tags)", "refused", "*tags", ""),
    ("...", "refused", "...", ""),
    # characters, numbers, texts and brackets
    ("orders ¤ 1", "character", "¤", ""),
    ("orders > 1,000", "number", "000", "without a comma"),
    ("orders > 007", "number", "007", "leave out"),
    ("orders > 1e3", "number", "1", "1000.50"),
    ("amount > 100kr", "number", "100", "decimal point only"),
    ("score > .5", "number", "5", "0.5"),
    ("score > 1.2.3", "number", "1.2", "decimal point too many"),
    ("orders > " + "9" * 31, "number", "9" * 31, "30 digits"),
    ("amount > 100 NOK", "missing-operator", "100 NOK", "join them"),
    ("channel in ['web' 'store']", "missing-operator", "'web' 'store'", "comma"),
    ("note == 'it's'", "open-text", "'", "add another '"),
    ("(gift", "bracket", "(", "never closed"),
    ("gift]", "bracket", "]", "closes nothing"),
    ("(gift]", "bracket", "]", "closes nothing"),
    ("gift and", "syntax", "d", "missing at the end"),
    ("orders > > 1", "syntax", "> 1", "one too many"),
    ("1 if gift", "syntax", "1 if gift", "no 'else'"),
    ("  ", "empty", "  ", ""),
    # names
    ("amuont > 5", "unknown-name", "amuont", "did you mean 'amount'?"),
    ("customer.brithday", "unknown-name", "customer.brithday", "'customer.birthday'"),
    ("customer", "name-group", "customer", "customer.birthday, customer.name"),
    ("lower", "unknown-name", "lower", "write lower(text)"),
    ("items.amount > 5", "unknown-name", "items.amount", "sum(line.amount for line in items)"),
    ("amount.value", "unknown-name", "amount.value", "no part 'value'"),
    ("xyzzy", "unknown-name", "xyzzy", "there is no 'xyzzy'"),
    ("any(line.amuont > 1 for line in items)", "unknown-name", "line.amuont", "'amount'"),
    ("any(tag.x == 'a' for tag in tags)", "unknown-name", "tag.x", "no parts"),
    ("any(line == 'a' for line in items)", "whole-line", "line", "line.amount"),
    ("any(amount > 1 for amount in items)", "name-taken", "amount", "such as line"),
    ("lenght(note)", "unknown-function", "lenght", "did you mean 'length'?"),
    ("len(note)", "unknown-function", "len", "length(text)"),
    # functions and comprehensions
    ("lower(orders)", "arguments", "lower(orders)", "given integer"),
    ("lower(note, note)", "arguments", "lower(note, note)", "2 values"),
    ("sum(items)", "arguments", "sum(items)", "sum(line.amount"),
    ("any(orders for x in items)", "not-a-condition", "orders", "any("),
    ("sum(line.sku for line in items)", "arguments", "line.sku", "sum("),
    ("count(line.sku for line in items)", "arguments", "line.sku", "count("),
    ("any(true for x in amount)", "type", "amount", "lists are items, tags"),
    ("any(true for line in items if line.amount)", "not-a-condition", "line.amount", ""),
    ("any(true for a, b in items)", "refused", "a, b", "one name"),
    ("any(true for a in items for b in items)", "refused", None, "2 levels"),
    (
        "any(any(any(true for c in tags) for b in tags) for a in tags)",
        "refused",
        "any(true for c in tags)",
        "2 levels",
    ),
    ("matches(note, note)", "pattern", "note", "written out"),
    ("matches(note, '(a')", "pattern", "'(a'", "can't be used"),
    (r"matches(note, '(a)\1')", "pattern", r"'(a)\1'", "can't be used"),
    ("matches(note, '" + "a" * 201 + "')", "pattern", None, "200 characters"),
    # tables
    ("prodcts[note].price", "unknown-table", "prodcts", "'products'"),
    ("products[note].prize", "unknown-column", "products[note].prize", "'price'"),
    ("products['LP-2'].price", "unknown-row", "'LP-2'", "'LP-1'"),
    ("products[orders].price", "type", "orders", "is text, not integer"),
    ("products.price", "table-use", "products.price", "products[key].column"),
    # types
    ("note == 5", "type", "note == 5", "without quotes"),
    ("amount > orders", "type", "amount > orders", "only an amount"),
    ("amount + score", "type", "amount + score", "only an amount"),
    ("amount * amount", "type", "amount * amount", ""),
    ("note + 'x'", "type", "note + 'x'", "concat"),
    ("time > customer.birthday", "type", "time > customer.birthday", "date(x)"),
    ("time - joined > 30", "type", "time - joined > 30", "days(30)"),
    ("customer.birthday + hours(1)", "type", "hours(1)", "whole days"),
    ("tags == 'vip'", "type", "tags == 'vip'", "'vip' in tags"),
    ("tags == tags", "type", "tags == tags", "in, any"),
    ("gift == 'true'", "type", "gift == 'true'", "without quotes"),
    ("gift == consent.email", "type", "gift == consent.email", "a and b"),
    ("gift > false", "order", "gift > false", ""),
    ("note > 'a'", "order", "note > 'a'", ""),
    ("purchase < 'a'", "order", "purchase < 'a'", ""),
    ("lower(gift)", "arguments", "lower(gift)", "given flag"),
    ("-note", "type", "-note", "negative"),
    ("'web' in channel", "type", "'web' in channel", "contains"),
    ("'a' in items", "type", "'a' in items", "any("),
    ("orders in [1, 'a']", "type", "'a'", "type integer"),
    ("orders in [visits]", "type", "visits", "literal"),
    ("orders in []", "type", "[]", "empty"),
    ("gift in [true]", "type", "gift", ""),
    ("1 in [1] in [2]", "refused", "[1]", "use and"),
    ("5 if gift else 'a'", "type", "5 if gift else 'a'", "same type"),
    ("orders", "not-a-condition", "orders", "orders > 0"),
    ("gift and note", "not-a-condition", "note", "channel == 'web'"),
    ("not items", "not-a-condition", "items", "count(...)"),
    ("channel == 'web' or 'store'", "not-a-condition", "'store'", "x in ['a', 'b']"),
    # literals
    ("channel == 'wbe'", "unknown-option", "'wbe'", "did you mean 'web'?"),
    ("channel in ['web', 'shop']", "unknown-option", "'shop'", "phone, store, web"),
    ("weekday(time) == 'tuseday'", "unknown-option", "'tuseday'", "'tuesday'"),
    ("amount > 0.001", "money-literal", "0.001", "2 decimals"),
    ("amount > " + "9" * 30, "money-literal", "9" * 30, "too large"),
    ("customer.birthday > '1990-02-30'", "date-literal", "'1990-02-30'", "2026-01-31"),
    ("time > 'noon'", "date-literal", "'noon'", "2026-01-31T09:30"),
    ("customer.birthday > 1990-01-31", "date-literal", "1990-01-31", "in quotes"),
    ("days_between('x', time)", "date-literal", "'x'", ""),
    ("orders / 0", "division-by-zero", "0", ""),
    ("orders % (1 - 1)", "division-by-zero", "1 - 1", ""),
    # bounds
    ("gift and " * 250 + "gift", "too-long", None, "2000"),
    ("-" * 60 + "orders", "too-deep", None, "50 deep"),
    ("(" * 60 + "gift" + ")" * 60, "too-deep", "(", "50"),
    ("1<" * 600 + "1", "too-big", None, "500"),
]


@pytest.mark.parametrize(("text", "code", "part", "said"), EXAMPLES)
def test_mistake(told, text, code, part, said):
    wants = (FLAG,) if code == "not-a-condition" else ()
    mistake = told(text, *wants)[0]
    assert mistake.code == code
    assert part is None or text[slice(*mistake.span)] == part
    assert said in f"{mistake.message}; {mistake.hint}"


def test_every_code_has_an_example():
    assert {code for _, code, _, _ in EXAMPLES} == set(CODES)


def test_all_mistakes_are_told_in_reading_order(told):
    text = "amuont > 5 and channel == 'wbe' or any(line.x for line in items) and note"
    codes = [(mistake.code, text[slice(*mistake.span)]) for mistake in told(text, FLAG)]
    assert codes == [
        ("unknown-name", "amuont"),
        ("unknown-option", "'wbe'"),
        ("unknown-name", "line.x"),
        ("not-a-condition", "note"),
    ]


def test_no_more_mistakes_than_anyone_reads(told):
    assert len(told(" and ".join(f"x{number}" for number in range(90)))) == 20


def test_places_count_characters_of_the_text_as_written(told):
    text = "\n  kjøp > 5 and note == 'æøå 💿'\n  and kjøpt < 1"
    (mistake,) = told(text)
    assert text[slice(*mistake.span)] == "kjøpt"
    assert mistake.hint == "did you mean 'kjøp'?"


@pytest.mark.parametrize(
    ("text", "wants", "kind"),
    [
        ("orders > 1", (FLAG,), "flag"),
        ("orders", (NUMBER,), "integer"),
        ("amount / 10", (NUMBER, MONEY), "money"),
        ("20", (NUMBER, MONEY), "integer"),
        ("20", (MONEY,), "money"),
        ("'2026-01-31'", (DATE,), "date"),
        ("'gold'", (Type("text", options=("gold", "silver")),), "text"),
    ],
)
def test_an_expression_has_a_type_that_is_wanted(scope, text, wants, kind):
    node, mistakes = check(text, scope, *wants)
    assert not mistakes
    assert node is not None
    assert node.type.kind == kind


@pytest.mark.parametrize(
    ("text", "want", "code"),
    [
        ("note", NUMBER, "type"),
        ("amount", INTEGER, "type"),
        ("score", INTEGER, "type"),
        ("orders", TEXT, "type"),
        ("note", TEXTS, "type"),
        ("20.005", MONEY, "money-literal"),
        ("'goldd'", Type("text", options=("gold", "silver")), "unknown-option"),
    ],
)
def test_an_expression_of_another_type_is_refused(told, text, want, code):
    assert told(text, want)[0].code == code
