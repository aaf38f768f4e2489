"""Binding the values of many rows: of some kinds it takes longer than all else about a row.

Of each None, and of bytes, sqlite3 asks anew whether anything adapts it. Of texts, whole numbers
and bytearrays it doesn't.
"""

from __future__ import annotations

MAYBE = "nullif(?, '')"
"""A number that may be missing: then an empty text is bound for it."""
