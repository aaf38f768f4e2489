"""The first look at a text: its words, and what other languages would write otherwise.

Scanning settles everything about characters, so that Python's parser only ever sees a
short line of plain ASCII with balanced brackets, in which nothing can warn, overflow or be
evaluated. Texts and words are masked by letters of the same number: a place in the masked
line is the same place in the author's text, which is where their content is read from.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import NamedTuple

from loyalcore.expression.mistakes import Mistake
from loyalcore.expression.nodes import Span
from loyalcore.values import MAX_DIGITS

MAX_LENGTH = 2_000
MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z?)?)
    | (?P<number>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<wrong>===|!==|=>|=<|<>|&&|\|\||\*\*|<<|>>|:=|->)
    | (?P<operator>==|!=|<=|>=|//|[-+*/%<>,.])
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

_AND, _OR, _QUOTE = "write the word and", "write the word or", "write a straight quote: '"
_AMOUNT = "write an amount as a plain number; it is in the program's currency"
_NO_POWER = "there are no powers; multiply, as in x * x"
_INSTEAD = {
    "=": "write == to ask whether two values are equal",
    "===": "write ==", "!==": "write !=", "=>": "write >=", "=<": "write <=", "<>": "write !=",
    "≥": "write >=", "≤": "write <=", "≠": "write !=",
    "&&": _AND, "&": _AND, "||": _OR, "|": _OR,
    "!": "write the word not, as in not x, or != for 'is different from'",
    "**": _NO_POWER, "^": _NO_POWER,
    "×": "write *", "÷": "write /", "−": "write -", "–": "write -",
    "“": _QUOTE, "”": _QUOTE, "„": _QUOTE, "‘": _QUOTE, "’": _QUOTE, "«": _QUOTE, "»": _QUOTE,
    "`": _QUOTE, "´": _QUOTE,
    "{": "a list is written ['a', 'b']", "}": "a list is written ['a', 'b']",
    "?": "a choice is written: a if condition else b",
    "#": "put the comment outside the expression",
    ";": "write one expression only; join conditions by and",
    "$": _AMOUNT, "€": _AMOUNT, "£": _AMOUNT, "¥": _AMOUNT,
}  # fmt: skip
_ALLOWED = {"and", "or", "not", "in", "if", "else", "for", "True", "False"}
_RESERVED = set(keyword.kwlist) - _ALLOWED
_NULL = {"None", "none", "null", "Null", "NULL", "nil"}
_BETWEEN = _ALLOWED - {"True", "False"}  # words that are no values themselves
_PAIRS = {")": "(", "]": "["}


class Token(NamedTuple):
    """`kind` is number, word, text, open, close or operator."""

    kind: str
    text: str
    span: Span

    @property
    def begins_value(self) -> bool:
        return self.kind in ("number", "text") or (
            self.kind == "word" and self.text not in _BETWEEN
        )

    @property
    def ends_value(self) -> bool:
        return self.begins_value or self.kind == "close"


def scan(text: str) -> tuple[str, tuple[Mistake, ...]]:
    """`text` masked for Python's parser, and what is wrong with its characters."""
    tokens: list[Token] = []
    mistakes: list[Mistake] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        token = Token(kind, match[0], Span(*match.span()))
        if kind in ("wrong", "other", "date"):
            mistakes.append(_strange(token))
            if token.text in ("'", '"'):
                break  # all that follows is inside the open text
        elif kind != "space":
            tokens.append(token)
    mistakes += _numbers(text, tokens)
    mistakes += _words(tokens)
    if not mistakes:
        mistakes += _neighbours(tokens)
        mistakes += _brackets(tokens)
    masked = [" "] * len(text)
    for token in tokens:
        masked[slice(*token.span)] = _mask(token)
    return "".join(masked), tuple(mistakes)


def _mask(token: Token) -> str:
    if token.kind == "text":
        return "'" + "x" * (len(token.text) - 2) + "'"
    return _NOT_ASCII.sub("_", token.text)


def _strange(token: Token) -> Mistake:
    shown = token.text if token.text.isprintable() else f"U+{ord(token.text[0]):04X}"
    if token.kind == "date":
        hint = f"write it in quotes: '{shown}'"
        return Mistake("date-literal", f"the date {shown} has no quotes", token.span, hint)
    if token.text in ("'", '"'):
        return Mistake("open-text", "a text is not closed", token.span, f"add another {shown}")
    code = "operator" if token.text in _INSTEAD else "character"
    hint = _INSTEAD.get(token.text, "")
    return Mistake(code, f"{shown!r} can't be used here", token.span, hint)


def _numbers(text: str, tokens: list[Token]) -> Iterator[Mistake]:
    for token in tokens:
        if token.kind != "number":
            continue
        start, end = token.span
        digits = token.text.replace("_", "")
        message = hint = ""
        if text[end : end + 1].isidentifier():
            message = f"{token.text}{text[end]} is not a number"
            hint = "write digits and a decimal point only, as in 1000.50"
        elif len(digits.replace(".", "")) > MAX_DIGITS:
            message = f"a number has at most {MAX_DIGITS} digits"
        elif digits[0] == "0" and digits[1:2].isdigit() and text[start - 1 : start] == ",":
            message, hint = f"{token.text} follows a comma", "write 1000, without a comma"
        elif digits[0] == "0" and digits[1:2].isdigit():
            message, hint = f"{token.text} begins with 0", "leave out the first 0"
        elif text[start - 1 : start] == "." or text[end : end + 1] == ".":
            message = "this number has a decimal point too many"
            hint = "write 0.5 rather than .5, and 5 rather than 5."
        if message:
            yield Mistake("number", message, token.span, hint)


def _words(tokens: list[Token]) -> Iterator[Mistake]:
    for at, token in enumerate(tokens):
        if token.kind != "word":
            continue
        word = token.text
        subject = tokens[at - 2].text if at >= 2 and tokens[at - 1].kind == "operator" else "x"
        if word in _NULL:
            if {"is", "not"} & {before.text for before in tokens[max(at - 1, 0) : at]}:
                continue  # told at the word is
            hint = f"write missing({subject}) or not missing({subject})"
            yield Mistake("null", f"nothing is ever equal to {word}", token.span, hint)
        elif word == "is":
            before = tokens[at - 1].text if at else "x"
            hint = f"write ==, or missing({before}) to ask whether it is missing"
            yield Mistake("operator", "'is' can't be used here", token.span, hint)
        elif word in _RESERVED:
            hint = "give the field another name" if word != "lambda" else ""
            yield Mistake("reserved-word", f"{word!r} can't be used here", token.span, hint)


def _neighbours(tokens: list[Token]) -> Iterator[Mistake]:
    """Two values without an operator between them, and percentages."""
    told = 0
    for before, after in zip(tokens, [*tokens[1:], None], strict=True):
        if after is not None and before.ends_value and after.begins_value:
            if before.span.start >= told:
                yield _nothing_between(before, after)
            told = after.span.end
        elif before.text == "%" and not (
            after is not None and (after.begins_value or after.text in ("(", "[", "-", "+"))
        ):
            hint = "write 0.1 for 10 %"
            yield Mistake("operator", "% does not mean per cent here", before.span, hint)


def _nothing_between(before: Token, after: Token) -> Mistake:
    place = Span(before.span.start, after.span.end)
    if after.kind == "text" and before.kind == "word" and before.span.end == after.span.start:
        message = f"a text can't begin with {before.text}"
        return Mistake("refused", message, place, "write it alone; concat(a, b) joins texts")
    hint = "join them by and, or, a comparison or a comma"
    for word in (before.text, after.text):
        if word.lower() in _BETWEEN:
            hint = f"write {word.lower()} in small letters"
    message = f"something is missing between {before.text} and {after.text}"
    return Mistake("missing-operator", message, place, hint)


def _brackets(tokens: list[Token]) -> Iterator[Mistake]:
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                yield Mistake("too-deep", f"more than {MAX_DEPTH} open brackets", token.span)
                return
        elif token.kind == "close" and not (opened and opened.pop().text == _PAIRS[token.text]):
            message = f"this {token.text} closes nothing"
            yield Mistake("bracket", message, token.span, "remove it, or open it before")
            return
    for token in opened:
        yield Mistake("bracket", f"this {token.text} is never closed", token.span)
