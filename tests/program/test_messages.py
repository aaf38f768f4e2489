"""Messages: what a template may hold, which facts it names, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from loyalcore.program.care.messages import FILTERS, Shown, TemplateInvalid, render, template_names

Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello!", set()),
        ("Hello {{ name }}, {{ customer.consent.email }}", {"name", "customer.consent.email"}),
        ("{{ name | default('you') | upper }}", {"name"}),
        ("{% if consent.email %}{{ name }}{% elif vip %}!{% else %}{{ shop }}{% endif %}",
         {"consent.email", "name", "vip", "shop"}),
        ("{% if not vip and shop != 'web' or name == other %}x{% endif %}",
         {"vip", "shop", "name", "other"}),
        ("{{ name if vip else 'you' }} {# a comment naming {{ nothing }} #}", {"name", "vip"}),
        ("{% raw %}{{ name }}{% endraw %}", set()),
        ("{{ topics | join(', ') }}", {"topics"}),
    ],
)  # fmt: skip
def test_a_template_names_facts(text: str, names: set[str]) -> None:
    assert template_names(text) == names


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{% for item in items %}{{ item }}{% endfor %}", "line 1: a message can't use 'for'"),
        ("{{ name() }}", "line 1: a message can't use 'call'"),
        ("{{ name.upper() }}", "line 1: a message can't use 'call'"),
        ("\n{% set x = 1 %}", "line 2: a message can't use 'assign'"),
        ("{% set x %}a{% endset %}", "line 1: a message can't use 'assignblock'"),
        ("{% macro x() %}{% endmacro %}", "line 1: a message can't use 'macro'"),
        ("{% include 'x' %}", "line 1: a message can't use 'include'"),
        ("{% import 'x' as y %}", "line 1: a message can't use 'import'"),
        ("{% from 'x' import y %}", "line 1: a message can't use 'fromimport'"),
        ("{% extends 'x' %}", "line 1: a message can't use 'extends'"),
        ("{% with x = 1 %}{% endwith %}", "line 1: a message can't use 'with'"),
        ("{% block x %}{% endblock %}", "line 1: a message can't use 'block'"),
        ("{{ name['first'] }}", "line 1: a message can't use 'getitem'"),
        ("{{ 'x' * 1000000000 }}", "line 1: a message can't use 'mul'"),
        ("{{ amount / 2 }}", "line 1: a message can't use 'div'"),
        ("{{ [name] }}", "line 1: a message can't use 'list'"),
        ("{{ name is defined }}", "line 1: a message can't use 'test'"),
        ("{% if amount > 100 %}x{% endif %}", "line 1: a message compares by == and != only"),
        ("{{ name | uper }}", "line 1: there is no filter 'uper': did you mean 'upper'?"),
        ("{{ name | center(1000000000) }}", "line 1: there is no filter 'center': filters are"),
        ("{{ name", "line 1: unexpected end of template, expected 'end of print statement'."),
        ("{% if name %}", "line 1: Unexpected end of template."),
        ("{{ " + "(" * 5_000 + "name" + ")" * 5_000 + " }}", "nested too deeply"),
    ],
)
def test_a_template_that_does_more_is_refused(text: str, says: str) -> None:
    with pytest.raises(TemplateInvalid) as refused:
        template_names(text)
    assert str(refused.value)[: len(says)] == says


@pytest.mark.parametrize(
    ("text", "values", "written"),
    [
        ("Hello {{ name }}!", {"name": "Ola"}, "Hello Ola!"),
        ("You have {{ balance.beans }}.", {"balance.beans": 12}, "You have 12."),
        ("Hello {{ name }}!", {"name": None}, "Hello !"),  # missing: nothing
        ("Hello {{ customer.name.first }}!", {"customer.name.first": None}, "Hello !"),
        ("Hello {{ name | default('you') }}!", {"name": None}, "Hello you!"),
        ("{% if consent.email %}yes{% else %}no{% endif %}", {"consent.email": None}, "no"),
        ("{% if shop == 'web' %}web{% endif %}", {"shop": "web"}, "web"),
        ("{{ amount }}", {"amount": "12.50"}, "12.50"),
        ("{{ topics | join(', ') }}", {"topics": ["tea", "milk"]}, "tea, milk"),
        # What a customer wrote is text, never a template.
        ("{{ name }}", {"name": "{{ secret }}{% x %}"}, "{{ secret }}{% x %}"),
    ],
)
def test_a_template_becomes_a_text(text: str, values: Mapping[str, object], written: str) -> None:
    assert render(text, values) == written


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_can_be_used(name: str) -> None:
    call = {"replace": "replace('a', 'b')", "default": "default('x')"}.get(name, name)
    text = f"{{{{ name | {call} }}}}"
    assert template_names(text) == {"name"}
    assert render(text, {"name": "anna"})


# --- in a ruleset -----------------------------------------------------------------------------

CLUB = """\
program: club
customer: {name: text}
events: {purchase: {amount: money, price: money, shop: text}, visit: {}}
wallets: {beans: }
rules:
  bought: {on: purchase, then: [{send: thanks}]}
"""


def test_a_message_may_name_what_its_rule_may(problems: Problems) -> None:
    text = "{{ name }} {{ shop }} {{ amount }} {{ balance.beans }} {{ weekday }} {{ customer.id }}"
    assert problems(f"{CLUB}messages: {{thanks: {{subject: '{text}', text: '{text}'}}}}\n") == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (
            "{text: 'Dear {{ nam }}'}",
            (
                "7:27: error: there is no 'nam' (sent by rule 'bought') (did you mean 'name'?)"
                " [unknown-name]"
            ),
        ),
        (
            "{subject: '{{ balance }}', text: Hello}",
            (
                "7:30: error: 'balance' is a group (sent by rule 'bought') (write one of"
                " balance.beans) [name-group]"
            ),
        ),
        (
            "{text: '{% for x in y %}{% endfor %}'}",
            (
                "7:27: error: line 1: a message can't use 'for' (name values as"
                " {{ balance.beans }}) [bad-template]"
            ),
        ),
        (
            "{text: Hello, channel: a b}",
            (
                "7:43: error: a name has letters, digits, - _ and ., and starts with a letter"
                " [bad-name]"
            ),
        ),
    ],
)
def test_a_mistake_in_a_message_has_its_place(
    problems: Problems, message: str, problem: str
) -> None:
    assert problems(f"{CLUB}messages: {{thanks: {message}}}\n") == [f"club.yaml:{problem}"]


def test_every_language_of_a_message_is_checked(problems: Problems) -> None:
    message = "{text: {nb: 'Hei {{ name }}', en-GB: 'Hi {{ nam }}'}, html: {nb: '{{ x', en-GB: ''}}"
    assert problems(f"{CLUB}messages: {{thanks: {message}}}\n") == [
        (
            "club.yaml:7:57: error: there is no 'nam' (sent by rule 'bought') (did you mean"
            " 'name'?) [unknown-name]"
        ),
        (
            "club.yaml:7:85: error: line 1: unexpected end of template, expected 'end of print"
            " statement'. (name values as {{ balance.beans }}) [bad-template]"
        ),
    ]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (
            "{text: {norsk: Hei}}",
            "7:28: error: 'norsk': a language is written as nb, en or en-GB [bad-name]",
        ),
        (
            "{text: {nb: Hei}, subject: {en: Hi}}",
            "7:20: error: subject is in en, and text in nb [bad-message]",
        ),
        (
            "{text: Hei, html: {en: Hi}}",
            "7:20: error: html is in en, and text in one language [bad-message]",
        ),
        ("{text: {nb: 5}}", "7:32: error: expected text [bad-value]"),
        (
            "{text: {}}",
            "7:27: error: expected text, or texts by language as in nb: Hei [bad-value]",
        ),
    ],
)
def test_languages_that_make_no_sense(problems: Problems, message: str, problem: str) -> None:
    said = problems(f"{CLUB}messages: {{thanks: {message}}}\n")
    assert f"club.yaml:{problem}" in said
    assert len(said) == 1


def test_a_name_is_an_amount_or_it_is_not(problems: Problems) -> None:
    text = CLUB.replace("visit: {}", "visit: {price: text}")
    text += "  came: {on: visit, then: [{send: thanks}]}\n"
    assert problems(f"{text}messages: {{thanks: {{text: '{{{{ price }}}}'}}}}\n") == [
        (
            "club.yaml:8:27: error: 'price' is text where rule 'came' sends it, and money elsewhere"
            " (give each a message of its own) [bad-message]"
        )
    ]


@pytest.mark.parametrize(
    ("languages", "problem"),
    [
        ("{of: tongue}", "8:17: error: there is no attribute 'tongue' [unknown-name]"),
        ("{of: name}", ""),
        ("{of: age}", "8:17: error: 'age' is integer; a language is a text [bad-message]"),
        (
            "{default: norwegian}",
            "8:22: error: a language is written as nb, en or en-GB [bad-name]",
        ),
    ],
)
def test_the_language_of_a_customer_is_a_text(
    problems: Problems, languages: str, problem: str
) -> None:
    text = CLUB.replace("{name: text}", "{name: text, age: integer}")
    said = problems(f"{text}messages: {{thanks: {{text: Hi}}}}\nlanguages: {languages}\n")
    assert said == ([f"club.yaml:{problem}"] if problem else [])


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("name", ""),
        ("nam", "7:35: error: there is no attribute 'nam' (did you mean 'name'?) [unknown-name]"),
        ("age", "7:35: error: 'age' is integer; an address is a text [bad-message]"),
    ],
)
def test_an_address_is_an_attribute(problems: Problems, to: str, problem: str) -> None:
    text = CLUB.replace("{name: text}", "{name: text, age: integer}")
    said = problems(f"{text}messages: {{thanks: {{text: Hi, to: {to}}}}}\n")
    assert [one.partition(":")[2] for one in said] == ([problem] if problem else [])


def test_in_html_values_are_escaped() -> None:
    assert render("<b>{{ name }}</b>", {"name": "<i>"}, html=True) == "<b>&lt;i&gt;</b>"
    assert render("<b>{{ name }}</b>", {"name": "<i>"}) == "<b><i></b>"


def test_a_shown_value_is_compared_as_it_is() -> None:
    text = "{% if amount == '12.50' %}{{ amount }}{% endif %}"
    assert render(text, {"amount": Shown("12.50", "12,50 kr")}) == "12,50 kr"


def test_a_message_is_checked_for_each_rule_that_sends_it(problems: Problems) -> None:
    text = f"""{CLUB}\
  came: {{on: visit, then: [{{send: thanks}}]}}
messages: {{thanks: {{text: 'For {{{{ price }}}} in {{{{ shop }}}}'}}}}
"""
    assert problems(text) == [
        "club.yaml:8:27: error: there is no 'price' (sent by rule 'came') [unknown-name]",
        "club.yaml:8:27: error: there is no 'shop' (sent by rule 'came') [unknown-name]",
    ]


def test_a_section_that_sends_a_message_is_named(problems: Problems) -> None:
    text = f"""{CLUB}\
messages: {{thanks: {{text: 'For {{{{ price }}}}'}}}}
journeys: {{series: {{enter: visit, steps: [now: {{send: thanks}}]}}}}
"""
    assert problems(text) == [
        "club.yaml:7:27: error: there is no 'price' (sent by journeys.series) [unknown-name]"
    ]


def test_a_message_that_nothing_sends_is_a_warning_but_must_be_readable(problems: Problems) -> None:
    text = CLUB + "messages: {thanks: {text: Hi}, other: {text: TEXT}}\n"
    assert problems(text) == ["club.yaml:7:32: warning: no rule sends the message 'other' [unused]"]
    assert problems(text.replace("TEXT", "'{{ '")) == [
        (
            "club.yaml:7:46: error: line 1: unexpected 'end of template' (name values as"
            " {{ balance.beans }}) [bad-template]"
        )
    ]
