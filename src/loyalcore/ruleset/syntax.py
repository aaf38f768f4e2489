"""YAML's syntax errors in the words of somebody who writes rulesets, not parsers."""

from __future__ import annotations

from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError

from loyalcore.errors import Problem
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.yaml_events import DIRECTIVE, NO_CHARACTER

QUOTES = "put the text in quotes"


class _Saying(NamedTuple):
    """How the errors whose text contains `about` are said. `at_start` places the problem where
    the broken thing starts, instead of where the parser gave up."""

    about: str
    code: str
    message: str
    hint: str = ""
    at_start: bool = False


_SAYINGS = (
    _Saying(
        DIRECTIVE,
        "yaml-directive",
        "a line that starts with '%' is a YAML directive, which rulesets don't have",
        "remove the line",
    ),
    _Saying(
        "while scanning a quoted scalar",
        "yaml-quote",
        "this quote is never closed",
        "end the text with the same quote",
        at_start=True,
    ),
    _Saying(
        "unknown escape character",
        "yaml-escape",
        "a backslash in double quotes must be followed by a known escape such as \\n",
        "use single quotes, where a backslash is only a backslash, or write it twice",
    ),
    _Saying(
        "expected escape sequence",
        "yaml-escape",
        "too few hexadecimal digits after this escape",
        "use single quotes, where a backslash is only a backslash, or write it twice",
    ),
    _Saying(
        NO_CHARACTER,
        "yaml-escape",
        "there is no character of this number",
        "write the character itself",
    ),
    _Saying(
        "while scanning an alias",
        "yaml-anchor",
        "a text can't start with '*'",
        QUOTES,
        at_start=True,
    ),
    _Saying(
        "while scanning an anchor",
        "yaml-anchor",
        "a text can't start with '&'",
        QUOTES,
        at_start=True,
    ),
    _Saying("tag", "yaml-tag", "a text can't start with '!'", QUOTES, at_start=True),
    _Saying(
        "mapping values are not allowed",
        "yaml-syntax",
        "there can't be another ': ' here",
        "put a text that contains ': ' in quotes; or is the line indented too far?",
    ),
    _Saying(
        "sequence entries are not allowed",
        "yaml-syntax",
        "a list entry can't start here",
        "start each '- ' on a line of its own",
    ),
    _Saying(
        "mapping keys are not allowed",
        "yaml-syntax",
        "a text can't start with '? '",
        QUOTES,
    ),
    _Saying(
        "could not find expected ':'",
        "yaml-syntax",
        "this line is neither 'name: value' nor a list entry",
        "write a ':' and a space after the name, or indent a continued text more than its name",
        at_start=True,
    ),
    _Saying(
        "while scanning a block scalar",
        "yaml-syntax",
        "after '|' or '>' nothing but '+', '-' or a digit can follow on the same line",
        "start the text on the next line, or put it in quotes",
    ),
    _Saying(
        "more indented follow up line",
        "yaml-syntax",
        "the first lines of this text are blank, but not indented as the text is",
        "leave blank lines empty",
    ),
    _Saying(
        "expected <block end>",
        "yaml-syntax",
        "this doesn't fit the block that starts at {start}",
        "entries of one block start in the same column, all 'name: value' or all '- '",
    ),
    _Saying(
        "expected the node content",
        "yaml-syntax",
        "a value can't start with this",
        QUOTES,
    ),
    _Saying(
        "while parsing a flow sequence",
        "yaml-syntax",
        "expected ',' or ']' in the list that starts at {start}",
        "close the list with ']'; put a text that contains one of , : [ ] { } in quotes",
    ),
    _Saying(
        "while parsing a flow mapping",
        "yaml-syntax",
        "expected ',' or '}}' in the braces that open at {start}",
        "close them with '}'; put a text that contains one of , : [ ] { } in quotes",
    ),
    _Saying(
        "unexpected ':'",
        "yaml-syntax",
        "a ':' can't stand in a text inside brackets",
        QUOTES,
    ),
    _Saying(
        "<document start>",
        "yaml-syntax",
        "this stands outside of what the file started with",
        "everything in a file is indented under the names at its left edge",
    ),
    _Saying(
        "after document end marker",
        "several-documents",
        "nothing can follow '...'",
        "remove the '...'",
    ),
)
_SWALLOWED = _Saying(
    "",
    "yaml-quote",
    "this quoted text ends only on line {line}, where more follows",
    "is its closing quote missing?",
    at_start=True,
)
_BEHIND = _Saying(
    "",
    "yaml-syntax",
    "there is more text behind the end of this value",
    "put all of it in quotes; inside single quotes, write a quote twice",
)
_TAB = _Saying("", "yaml-tab", "a tab, where YAML takes spaces only", "replace it by spaces")
_START = _Saying("", "yaml-syntax", "a text can't start with this character", QUOTES)
_OTHER = _Saying("", "yaml-syntax", "this isn't YAML: {error}")


def syntax_problem(error: MarkedYAMLError, text: Text, last: tuple[int, int]) -> Problem:
    """`error`, which reading `text` raised, as a Problem.

    `last` is the range of the last scalar read: where that is a quoted text over several lines
    and the error follows on its last line, a closing quote was forgotten further up.
    """
    said = f"{error.context or ''} {error.problem or ''}".strip()
    mark = error.problem_mark or error.context_mark
    index = mark.index if mark else last[1]
    start = error.context_mark.index if error.context_mark else index
    quoted = text.content[slice(*last)]
    if quoted[:1] in ("'", '"') and "\n" in quoted and "\n" not in text.content[last[1] : index]:
        saying, start = _SWALLOWED, last[0]
    elif text.content[index : index + 1] == "\t":
        saying = _TAB
    elif "cannot start any token" in said:
        saying = _START
    elif "expected <block end>" in said and _behind(text, index):
        saying = _BEHIND
    else:
        saying = next((saying for saying in _SAYINGS if saying.about in said), _OTHER)
    begun, found = text.location(start), text.location(index)
    message = saying.message.format(
        start=f"line {begun.line}, column {begun.column}", line=found.line, error=said
    )
    return Problem(saying.code, message, begun if saying.at_start else found, saying.hint)


def _behind(text: Text, index: int) -> bool:
    """Whether something stands on the same line before `index`."""
    start = text.lines[text.location(index).line - 1]
    return bool(text.content[start:index].strip())
