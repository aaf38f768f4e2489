"""The faster reading of events gives what the library's own gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import Event

from loyalcore.ruleset.yaml_events import events

SHOWN = ("value", "style", "anchor", "implicit", "flow_style")

pieces = st.sampled_from(
    [
        *"ab:-?,[]{}#&*!|>'\"@\n ",
        "\n  ",
        "- ",
        ": ",
        "? ",
        "---\n",
        "...",
        "\r\n",
        "\r",
        "\t",
        "a: b\n",
        "\n- ",
        "\\",
        "\\n",
        "æ",
        "😀",
        "'x'",
        '"y"',
        ">\n  ",
        "|-\n ",
        "# c\n",
    ]
)


def said(event: Event) -> tuple[object, ...]:
    marks = [(m.index, m.line, m.column) for m in (event.start_mark, event.end_mark)]
    return (type(event), *marks, *(getattr(event, name, None) for name in SHOWN))


def outcome(read: Iterator[Event]) -> list[object]:
    seen: list[object] = []
    try:
        seen.extend(said(event) for event in read)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        seen.append((error.context, error.problem, mark and mark.index))
    return seen


@given(st.lists(pieces, max_size=40).map("".join))
def test_the_same_events_and_errors_as_the_library(text: str) -> None:
    assert outcome(events(text)) == outcome(YAML(typ="safe", pure=True).parse(text))


@pytest.mark.parametrize("text", ["%YAML 1.1\n---\na: no\n", "%TAG ! x:\n---\na\n", "%x\n"])
def test_directives_are_errors(text: str) -> None:
    with pytest.raises(MarkedYAMLError, match="directives"):
        list(events(text))


@pytest.mark.parametrize("escape", ["\\U00110000", "\\UFFFFFFFF"])
def test_an_escape_of_no_character_is_an_error_with_a_place(escape: str) -> None:
    with pytest.raises(MarkedYAMLError, match="no character") as error:
        list(events(f'a: "x{escape}"\n'))
    assert error.value.problem_mark.index == 7
