"""Regular expressions that can't run away: RE2 takes time linear in the text.

Python's own `re` may backtrack for hours on a pattern like ``(a*)*b``, and rulesets come
from people. RE2 has no backreferences and no lookaround, which is the price.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import re2  # type: ignore[import-untyped]

from loyalcore.values import ValueInvalid

MAX_PATTERN = 200
MAX_MEMORY = 1 << 20  # bytes of one compiled pattern


@dataclass(frozen=True)
class Pattern:
    """A pattern that is asked of whole texts. Equal patterns are equal values."""

    text: str
    _compiled: Any = field(compare=False, repr=False)

    def __call__(self, text: str) -> bool:
        try:
            return self._compiled.fullmatch(text) is not None
        except UnicodeEncodeError:  # half of a surrogate pair, which no pattern can name
            readable = text.encode("utf-8", "replace").decode("utf-8")
            return self._compiled.fullmatch(readable) is not None


def read_pattern(text: str) -> Pattern:
    """`text` as a pattern. Raises ValueInvalid where it can't be one."""
    if len(text) > MAX_PATTERN:
        raise ValueInvalid(f"a pattern has at most {MAX_PATTERN} characters")
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        return Pattern(text, re2.compile(text, options))
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueInvalid(f"this pattern can't be used: {said}") from None
    except UnicodeEncodeError:
        raise ValueInvalid("this pattern has characters that no text has") from None
