"""Which of a message's languages a customer reads, and how values are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from babel import Locale as Words
from babel import UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from loyalcore.program.care.messages import Shown
from loyalcore.values import Locale, Type


def chosen(texts: Mapping[str, str], wanted: str, default: str) -> str:
    """The language to write in: of those that `texts` has the one that is `wanted`, else one
    that its reader also reads (nb for nb_NO, en_GB for en_US), else the `default`, else the
    first. A text in one language only is in the `default`."""
    if "" in texts:
        return default
    written = {_plain(name): name for name in texts}
    for name in map(_plain, (wanted, default)):
        language = name.partition("_")[0]
        alike = (one for one in written if one.partition("_")[0] == language)
        for candidate in (name, language, *alike):
            if candidate in written:
                return written[candidate]
    return next(iter(texts))


def _plain(name: str) -> str:
    """As Babel has it: en_GB."""
    return name.replace("-", "_")


def locale_for(language: str, wanted: str) -> Words:
    """How values are written in a text of this language: as where the customer lives, if that
    is one of its countries. English where nobody knows the language."""
    language, wanted = _plain(language), _plain(wanted)
    alike = wanted.partition("_")[0] == language.partition("_")[0]
    for name in (wanted if alike else language, language):
        try:
            return Words.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Words.parse("en")


def in_words(
    values: Mapping[str, object], types: Mapping[str, Type], words: Words, locale: Locale
) -> dict[str, object]:
    """Plain values as people read them: amounts with their currency, dates and times (in the
    program's zone) and numbers that are not whole. All else is as it is."""
    return {
        name: _worded(value, types[name].kind, words, locale)
        if isinstance(value, str) and not isinstance(value, Shown) and name in types
        else value
        for name, value in values.items()
    }


def _worded(plain: str, kind: str, words: Words, locale: Locale) -> str:
    match kind:
        case "money" if "/" not in plain:
            shown = format_currency(Decimal(plain), locale.currency, locale=words)
        case "date":
            shown = format_date(date.fromisoformat(plain), "long", words)
        case "time":
            moment = datetime.fromisoformat(plain).astimezone(locale.zone)
            shown = f"{format_date(moment, 'long', words)} {moment:%H:%M}"
        case "number" if "/" not in plain:
            shown = format_decimal(Decimal(plain), locale=words, decimal_quantization=False)
        case _:
            return plain
    return Shown(plain, shown)
