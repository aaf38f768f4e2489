"""What a scalar means, and where each of its characters was written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.ruleset.scalar import NumberTooLong, index_in, read_plain
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tree import read_tree


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-3", -3),
        ("12.50", Decimal("12.50")),
        ("-0.5", Decimal("-0.5")),
        ("9" * 30, 10**30 - 1),
    ],
)
def test_few_texts_are_more_than_text(written: str, value: object) -> None:
    read = read_plain(written)
    assert read == value
    assert type(read) is type(value)


TEXTS = """
    no No NO yes Yes on ON off y n 007 0150 +47 +5 1_000 1,000 0x1F 0o17 1e3 1E400 .5 5. .inf
    -.inf .nan nan 09:30 12:30:45 190:20:30 2024-01-01 2024-01-01T10:00:00Z -- - 1.2.3 ١٢
"""


@pytest.mark.parametrize("written", TEXTS.split())
def test_what_could_be_read_in_two_ways_stays_text(written: str) -> None:
    assert read_plain(written) == written


def test_decimals_keep_every_digit() -> None:
    assert str(read_plain("0.1000000000000000055")) == "0.1000000000000000055"


def test_a_number_has_at_most_thirty_digits() -> None:
    with pytest.raises(NumberTooLong):
        read_plain("1" * 5_000)


def written_at(yaml: str, part: str) -> str:
    """What stands in `a: ...` from where index_in places the first character of `part` in the
    value, up to where it places the end of `part`."""
    tree = read_tree(Text.of("a.yaml", yaml))
    assert tree.problems == ()
    node = tree.root.children["a"]
    raw = yaml[node.start : node.end]
    assert isinstance(node.value, str)
    start = node.value.index(part)
    last = index_in(raw, node.value, start + len(part) - 1)
    first = index_in(raw, node.value, start)
    return raw[first : last + 1]


@pytest.mark.parametrize(
    ("yaml", "part"),
    [
        ("a: amount > 10\n", "10"),
        ("a: amount >\n   10 and\n\n   x\n", "10 and"),
        ("a: 'it''s here'\n", "here"),
        ('a: "tab\\t \\u00e6\\x41 word"\n', "word"),
        ('a: "one \\\n     two"\n', "two"),
        ('a: "one\n\n     two"\n', "two"),
        ("a: |\n  one\n    two\n", "two"),
        ("a: |2-\n    one\n  two\n", "two"),
        ("a: >+  # a comment\n\n  one\n  two\n\n    three\n  four\n\n", "three"),
        ("a: >\r\n  one\r\n  two\r\n", "two"),
        ("{a: one two}\n", "two"),
    ],
)
def test_the_place_of_a_word_is_seen_through_every_way_of_writing(yaml: str, part: str) -> None:
    assert written_at(yaml, part) == part


def test_an_escape_is_one_character_at_its_backslash() -> None:
    raw = r'"a\u00e6b"'
    assert [index_in(raw, "aæb", at) for at in range(4)] == [1, 2, 8, 9]


def test_an_offset_outside_of_the_value_is_taken_to_its_nearest_end() -> None:
    assert index_in("'abc'", "abc", -5) == 1
    assert index_in("'abc'", "abc", 99) == 4
    assert index_in("''", "", 0) == 0


def test_a_value_that_the_raw_text_does_not_mean_is_at_its_start() -> None:
    assert index_in("abc", "abd", 2) == 0
    assert index_in("a b", "a   b", 4) == 0
    assert index_in("x" * 200_000, "x" * 200_000, 9) == 0


words = st.lists(st.text("ab'\"\\:#>|æ😀", min_size=1, max_size=4), min_size=1, max_size=6)
gaps = st.sampled_from([" ", "\n", "\n\n", "\n    ", " \n  "])


def double_quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08x}" if c in '"\\😀' else c for c in text) + '"'


@given(words, st.lists(gaps, min_size=6, max_size=6), st.sampled_from(["|", ">", "'", '"']))
def test_every_visible_character_has_its_exact_place(
    words: list[str], gaps: list[str], style: str
) -> None:
    text = words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=False))
    if style in "|>":
        yaml = f"a: {style}\n" + "".join(f"  {line}\n" for line in text.split("\n"))
    elif style == "'":
        yaml = "a: '" + text.replace("'", "''") + "'\n"
    else:
        yaml = f"a: {double_quoted(text)}\n"
    tree = read_tree(Text.of("a.yaml", yaml))
    assert tree.problems == ()
    node = tree.root.children["a"]
    raw = yaml[node.start : node.end]
    value = node.value
    assert isinstance(value, str)
    places = [index_in(raw, value, at) for at in range(len(value) + 1)]
    assert places == sorted(places)
    for at, character in enumerate(value):
        if not character.isspace():
            assert raw[places[at]] in (character, "\\")
            assert places[at] < places[at + 1]
