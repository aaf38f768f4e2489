"""One YAML text in; its data, or each mistake with its line and column, out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loyalcore.errors import Location
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tree import MAX_DEPTH, Tree, read_tree


def tree(yaml: str) -> Tree:
    return read_tree(Text.of("club.yaml", yaml))


def mistakes(yaml: str) -> list[tuple[str, int, int]]:
    return [(p.code, p.location.line, p.location.column) for p in tree(yaml).problems]


def test_a_rule_becomes_plain_data() -> None:
    read = tree(
        """\
        rules:
          earn:
            on: purchase     # `on` is just a key
            when: amount > 10 and country == 'NO'
            then: [{earn: {beans: 1.5}}, {send: thanks}]
            priority: 10
            from: 2024-01-01
            limit:
            paused: false
        """
    )
    assert read.problems == ()
    assert read.whole
    assert read.root.value == {
        "rules": {
            "earn": {
                "on": "purchase",
                "when": "amount > 10 and country == 'NO'",
                "then": [{"earn": {"beans": Decimal("1.5")}}, {"send": "thanks"}],
                "priority": 10,
                "from": "2024-01-01",
                "limit": None,
                "paused": False,
            }
        }
    }


def test_norway_is_a_country_and_a_number_in_quotes_a_text() -> None:
    read = tree("countries: [NO, no, on, 'true', \"12\", 007]\n")
    assert read.root.value == {"countries": ["NO", "no", "on", "true", "12", "007"]}


def test_keys_are_the_text_that_is_written() -> None:
    read = tree("levels: {1: a, true: b, on: c, 1.50: d, null: e, 2024-01-01: f}\n")
    assert read.root.value == {
        "levels": {"1": "a", "true": "b", "on": "c", "1.50": "d", "null": "e", "2024-01-01": "f"}
    }


def test_an_explicit_document_is_still_one() -> None:
    assert tree("---\na: 1\n...\n").problems == ()


def test_lines_may_end_in_three_ways() -> None:
    read = tree("a: 1\r\nb: 2\rc: 3\nd: 4")
    assert read.root.value == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert read.text.location(read.root.keys["d"]) == Location("club.yaml", 4, 1)


@pytest.mark.parametrize(
    ("yaml", "code", "line", "column", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3, 1, "'a' is already given on line 1"),
        ("r: {a: 1, 'a': 2}\n", "duplicate-key", 1, 11, "'a' is already given on line 1"),
        ("a:\n  b: 1\n\tc: 2\n", "yaml-tab", 3, 1, "a tab"),
        ("a:\tb\n", "yaml-tab", 1, 3, "a tab"),
        ("when: a: b\n", "yaml-syntax", 1, 8, "another ': '"),
        ("a:\n  b: 1\n    c: 2\n", "yaml-syntax", 3, 6, "another ': '"),
        ("a: 1\ncurrency\nb: 2\n", "yaml-syntax", 2, 1, "neither 'name: value' nor"),
        ("a:\n  b: 1\n c: 2\n", "yaml-syntax", 3, 2, "block that starts at line 1, column 1"),
        ("a:\n  - b\n  c: 2\n", "yaml-syntax", 3, 3, "block that starts at line 2, column 3"),
        ("a: - b\n", "yaml-syntax", 1, 4, "list entry can't start here"),
        ("a: ? b\n", "yaml-syntax", 1, 4, "start with '? '"),
        ("a: [1, 2\nb: 3\n", "yaml-syntax", 2, 2, "list that starts at line 1, column 4"),
        ("a: {b: 1\nc: 3\n", "yaml-syntax", 2, 2, "braces that open at line 1, column 4"),
        ("a: {w: x in ['a'] and y}\n", "yaml-syntax", 1, 13, "expected ',' or '}'"),
        ("a: ]\n", "yaml-syntax", 1, 4, "can't start with this"),
        ("a: @home\n", "yaml-syntax", 1, 4, "can't start with this character"),
        ("a: 'web' == channel\n", "yaml-syntax", 1, 10, "more text behind the end"),
        ("a: 'it's'\n", "yaml-syntax", 1, 8, "more text behind the end"),
        ("a: > text\n  b\n", "yaml-syntax", 1, 6, "after '|' or '>'"),
        ("a: |\n    \n  b\n", "yaml-syntax", 3, 3, "doesn't fit the block"),
        ("a: |\n  \n    b\n", "yaml-syntax", 3, 5, "the first lines of this text are blank"),
        ("a: |0\n b\n", "yaml-syntax", 1, 5, "after '|' or '>'"),
        ("a:\n  b: 'x\n  c: 1\n", "yaml-quote", 2, 6, "never closed"),
        ('a:\n  b: "x\n  c: "y"\n', "yaml-quote", 2, 6, "ends only on line 3"),
        ('a: "\\d+"\n', "yaml-escape", 1, 6, "known escape"),
        ('a: "\\x4"\n', "yaml-escape", 1, 7, "hexadecimal"),
        ('a: "\\U00110000"\n', "yaml-escape", 1, 7, "no character"),
        ("%YAML 1.1\n---\na: no\n", "yaml-directive", 1, 1, "YAML directive"),
        ("a: &b 1\n", "yaml-anchor", 1, 4, "'&b' is a YAML anchor"),
        ("a: *b\n", "yaml-anchor", 1, 4, "'*b' is a YAML alias"),
        ("*b : 1\nc: 1\n", "yaml-anchor", 1, 1, "'*b' is a YAML alias"),
        ("a: {<<: 1}\n", "yaml-anchor", 1, 5, "merge key"),
        ("a: * 2\n", "yaml-anchor", 1, 4, "can't start with '*'"),
        ("a: & b\n", "yaml-anchor", 1, 4, "can't start with '&'"),
        ("a: !missing(x)\n", "yaml-tag", 1, 4, "YAML tag"),
        ("a: !!python/object:os.system x\n", "yaml-tag", 1, 4, "YAML tag"),
        ("a: !{x\n", "yaml-tag", 1, 4, "'!'"),
        ("a: 1\n---\nb: 2\n", "several-documents", 2, 1, "second YAML document"),
        ("a: 1\n... b\n", "several-documents", 2, 5, "nothing can follow"),
        ("? [a]\n: b\n", "key-not-text", 1, 3, "name must be a text"),
        ("a: {{ name }}\n", "key-not-text", 1, 5, "name must be a text"),
        (": b\n", "key-not-text", 1, 1, "':' without a name"),
        ("- a\n", "not-a-mapping", 1, 1, "starts with a name"),
        ("\n\nhello\n", "not-a-mapping", 3, 1, "starts with a name"),
        ("0\n", "not-a-mapping", 1, 1, "starts with a name"),
        ("", "file-empty", 1, 1, "nothing in this file"),
        ("# only a comment\n", "file-empty", 1, 1, "nothing in this file"),
        ("---\n", "file-empty", 1, 1, "nothing in this file"),
        ("a: 1\nb: x\x00y\n", "control-character", 2, 5, "U+0000"),
        ("a: x\u2028y\n", "control-character", 1, 5, "U+2028"),
        ("a: \ud800\n", "control-character", 1, 4, "U+D800"),
        ('a: "x\\0y"\n', "control-character", 1, 6, "U+0000"),
        ('a: "\\ud83d"\n', "control-character", 1, 5, "U+D83D"),
        ("a: " + "1" * 31, "number-too-long", 1, 4, "more than 30 digits"),
        ("a: " + "[" * 100, "too-deep", 1, MAX_DEPTH + 3, "more than 50"),
    ],
)
def test_each_mistake_has_its_code_and_place(
    yaml: str, code: str, line: int, column: int, says: str
) -> None:
    [problem] = tree(yaml).problems
    assert (problem.code, *problem.location[1:]) == (code, line, column)
    assert says in problem.message


def test_what_can_be_read_on_is_and_all_mistakes_are_told_at_once() -> None:
    yaml = """\
base: &base {a: 1}
rule: *base
rule: again
other: !tag x
more: {<<: *base, b: 2}
"""
    assert mistakes(yaml) == [
        ("yaml-anchor", 1, 7),
        ("yaml-anchor", 2, 7),
        ("duplicate-key", 3, 1),
        ("yaml-tag", 4, 8),
        ("yaml-anchor", 5, 8),
        ("yaml-anchor", 5, 12),
    ]
    read = tree(yaml)
    assert read.whole
    assert read.root.value == {"base": {"a": 1}, "rule": None, "other": "x", "more": {"b": 2}}


def test_what_stands_before_a_syntax_error_is_kept() -> None:
    read = tree("include: [more.yaml]\nrules:\n  a: {on: x}\n  b: 'open\n")
    assert not read.whole
    assert read.root.value == {"include": ["more.yaml"], "rules": {"a": {"on": "x"}}}


def test_of_a_repeated_key_the_first_counts() -> None:
    assert tree("a: 1\na: {b: 2}\na: [3]\n").root.value == {"a": 1}


def test_a_long_name_is_cut_in_the_message() -> None:
    key = "k" * 1_000
    [problem] = tree(f"{key}: 1\n{key}: 2\n").problems
    assert problem.message == f"'{'k' * 60}...' is already given on line 1"


@pytest.mark.parametrize(
    "yaml",
    [
        "[" * 1_000_000,
        "{" * 1_000_000,
        "a: " + "[{" * 500_000,
        "- " * 500_000,
        "? " * 500_000,
        "".join(" " * depth + "a:\n" for depth in range(1_000)),
        "&a " * 100_000,
        '"' * 100_001,
        "a: '" + "''" * 100_000,
    ],
    ids=lambda yaml: str(yaml[:6]),
)
def test_hostile_texts_are_refused_soon(yaml: str) -> None:
    assert tree(yaml).problems


def test_a_billion_laughs_are_refused_one_by_one() -> None:
    yaml = "a: &a [ha, ha]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n"
    assert {code for code, _, _ in mistakes(yaml)} == {"yaml-anchor"}
    assert tree(yaml).root.value == {"a": ["ha", "ha"], "b": [None] * 3, "c": [None] * 3}


def test_a_file_has_a_bounded_number_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalcore.ruleset.tree.MAX_VALUES", 10)
    assert mistakes("a:\n" + "- b\n" * 20) == [("too-many-values", 9, 3)]


def test_a_huge_text_is_read() -> None:
    value = tree("a: " + "x" * 300_000).root.value
    assert value == {"a": "x" * 300_000}


marks = st.sampled_from(
    [
        *"ab01:-?,[]{}#&*!|>'\"%@`\\ \t\n\r",
        "\n  ",
        "- ",
        ": ",
        "? ",
        "---\n",
        "...\n",
        "<<: ",
        "\\U",
        "ffffffff",
        "!!",
        "|2\n",
        ">-\n",
        "%YAML 1.",
        "\x00",
        "\ufeff",
        "æ",
        "\ud800",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(marks, max_size=60).map("".join)))
@example("%YAML 1." + "1" * 5_000)
@example('"\\UFFFFFFFF"')
@example("!<" + "%" * 50)
def test_any_text_gives_a_tree_and_places_inside_of_it(text: str) -> None:
    read = tree(text)
    assert isinstance(read.root.value, dict)
    assert read.whole or read.problems
    for problem in read.problems:
        assert 1 <= problem.location.line <= len(read.text.lines)
        assert 1 <= problem.location.column <= len(text) + 1
