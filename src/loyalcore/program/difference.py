"""What is another in one ruleset than in another, in plain words.

    old, new -> sections -> entries by name -> what of them, as written: old -> new

What has a new name by the migration section is held against what it was. What is said for
people only (`about`) makes no difference.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from loyalcore.program.figures.tables import table_text
from loyalcore.ruleset.load import Draft
from loyalcore.ruleset.migration import MigrationSpec

Kind = Literal["added", "removed", "renamed", "changed"]


class Difference(NamedTuple):
    """One thing that is another. `section` is as in a ruleset, `name` that of the entry (""
    where it is the section), `key` what of it, as levels.silver.at_least ("" where it is all of
    it). `old` and `new` are as written, None where there is nothing."""

    section: str
    name: str
    kind: Kind
    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        noun = _NOUNS.get(self.section, self.section)
        thing = f"{noun} {self.name}" if self.name else self.section
        match self.kind:
            case "added":
                return f"{thing} is new{_said(self.new)}"
            case "removed":
                return f"{thing} is gone"
            case "renamed":
                level = f", level {self.key}," if self.key else ""
                return f"{thing}{level} is called {self.new} now"
        what = _phrase(self.section, self.key)
        of = f"{thing}: {what}" if what else thing
        if self.old is None:
            return f"{of} is new{_said(self.new)}"
        if self.new is None:
            return f"{of} is gone{_said(self.old)}"
        return f"{of}: {written(self.old)} -> {written(self.new)}"


_NOUNS: Mapping[str, str] = {
    "customer": "attribute",
    "events": "event",
    "triggers": "trigger",
    "metrics": "metric",
    "wallets": "wallet",
    "tables": "table",
    "segments": "segment",
    "scores": "score",
    "tiers": "tier ladder",
    "stages": "stage",
    "people": "person",
    "tasks": "task",
    "approvals": "approval",
    "experiments": "experiment",
    "groups": "group",
    "rewards": "reward",
    "offers": "offer",
    "rules": "rule",
    "journeys": "journey",
    "win_back": "win-back",
    "dissolution": "dissolution",
    "recovery": "recovery",
    "messages": "message",
    "pause": "pause of messages that are",
    "costs": "cost to",
}
_WORDS: Mapping[str, str] = {
    "when": "condition",
    "then": "what it does",
    "on": "at which event",
    "who": "for whom",
    "for": "how long",
    "levels": "level",
    "reach": "what completes it",
    "steps": "step",
    "do": "what it does",
    "cool_off": "cool-off",
    "holdout": "who is held out",
    "reasons": "reason",
    "improve": "what is tried first",
    "phases": "phase",
    "settle": "what becomes of",
    "debts": "what is owed in",
    "eyes": "how many must approve",
}
_ORDER = "order"
# What stands there is told as it is written:
_WHOLE = ("then", "do", "else", "lapsed", "revoked", "expired", "promise", "escalate")
_EACH_WHOLE = ("settle", "debts", "reasons")  # and there, what stands under each name
_STEPS = "steps"

Entry = Any  # an entry of a section in plain form


def difference(old: Draft, new: Draft) -> tuple[Difference, ...]:
    """Everything that differs, in the order of the sections, then of the names in `new`."""
    return tuple(_differences(_plain(old), _plain(new), new.ruleset.migration))


def _plain(draft: Draft) -> dict[str, Any]:
    """The sections, with what is not said left out, and the rows of tables by key."""
    ruleset = draft.ruleset
    plain = {
        section: _simple(value)
        for section, value in ruleset.model_dump(
            mode="json", by_alias=True, exclude_defaults=True
        ).items()
        if section not in ("include", "about")
    }
    plain |= {"currency": ruleset.currency, "timezone": ruleset.timezone}
    for name, spec in ruleset.tables.items():
        rows = csv.DictReader(io.StringIO(table_text(draft.document, name))) if spec.csv else ()
        table = plain["tables"][name]
        table.pop("csv", None)
        table["rows"] = {str(row.get(spec.key)): dict(row) for row in (*spec.rows, *rows)}
    return plain


def _simple(value: Any) -> Any:
    """A value as it would be written in short: what is for people left out."""
    if isinstance(value, Mapping):
        if value.keys() == {"type"}:
            return value["type"]
        return {
            name: _simple(one)
            for name, one in value.items()
            if name != "about" or not isinstance(one, str)
        }
    if isinstance(value, list):
        return _simple(value[0]) if len(value) == 1 else [_simple(one) for one in value]
    return value


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], migration: MigrationSpec
) -> Iterator[Difference]:
    for section in dict.fromkeys((*new, *old)):
        was, now = old.get(section), new.get(section)
        if isinstance(was or now, Mapping):
            renames = _renames(section, migration)
            if section == "tiers" and was and now:
                was, changes = _levels(was, now, migration)
                yield from changes
            yield from _of_section(section, was or {}, now or {}, renames)
        elif was != now:
            yield Difference(section, "", "changed", "", was, now)


def _renames(section: str, migration: MigrationSpec) -> Mapping[str, str | None]:
    parts: dict[str, Mapping[str, str | None]] = {
        "customer": {**migration.attributes},
        "wallets": {**migration.wallets},
        "offers": migration.offers,
        "tiers": migration.tiers,
        "stages": migration.stages,
        "journeys": migration.journeys,
        "win_back": migration.win_back,
        "recovery": {**migration.recovery},
        "dissolution": {**migration.dissolution},
        "tasks": migration.tasks,
        "approvals": migration.approvals,
        "scores": {**migration.scores},
    }
    return parts.get(section, {})


def _levels(
    old: Mapping[str, Entry], new: Mapping[str, Entry], migration: MigrationSpec
) -> tuple[dict[str, Entry], list[Difference]]:
    """The old ladders with the new names of their levels, and which those are."""
    ladders, changes = {}, []
    for was, ladder in old.items():
        name = migration.tiers.get(was) or was
        renames = migration.levels.get(name, {})
        levels = {}
        for level, entry in ladder["levels"].items():
            to = renames.get(level)
            if to and to in new.get(name, {}).get("levels", {}):
                changes.append(Difference("tiers", name, "renamed", level, level, to))
            levels[to or level] = entry
        ladders[was] = {**ladder, "levels": levels}
    return ladders, changes


def _of_section(
    section: str,
    old: Mapping[str, Entry],
    new: Mapping[str, Entry],
    renames: Mapping[str, str | None],
) -> Iterator[Difference]:
    called = {to: was for was, to in renames.items() if to in new and was in old}
    pairs = {name: called.get(name, name) for name in new}
    for name, entry in new.items():
        was = pairs[name]
        if was not in old:
            yield Difference(section, name, "added", "", None, entry)
            continue
        if was != name:
            yield Difference(section, was, "renamed", "", was, name)
        yield from _of_entry(section, name, old[was], entry)
    for name, entry in old.items():
        if name not in pairs.values():
            yield Difference(section, name, "removed", "", entry, None)
    if section in ("rules", "stages"):
        yield from _order(section, "", old, [was for was in pairs.values() if was in old])


def _of_entry(section: str, name: str, old: Entry, new: Entry) -> Iterator[Difference]:
    if section == "tables":
        yield from _rows(name, old["rows"], new["rows"])
        old, new = ({key: entry[key] for key in entry if key != "rows"} for entry in (old, new))
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if old != new:
            yield Difference(section, name, "changed", "", old, new)
        return
    if _STEPS in new and _STEPS in old:
        yield from _steps(section, name, old[_STEPS], new[_STEPS])
        old, new = ({key: entry[key] for key in entry if key != _STEPS} for entry in (old, new))
    whole = section == "contact" and name in ("consent", "caps")
    before, after = (dict(entry if whole else _leaves(entry)) for entry in (old, new))
    for key in dict.fromkeys((*after, *before)):
        if before.get(key) != after.get(key):
            yield Difference(section, name, "changed", key, before.get(key), after.get(key))
    if section == "tiers":
        levels = new["levels"]
        common = [level for level in levels if level in old["levels"]]
        yield from _order(section, name, old["levels"], common)


def _order(
    section: str, name: str, old: Mapping[str, Entry], new: list[str]
) -> Iterator[Difference]:
    """Whether those that are in both stand in another order, where that means something."""
    before = [one for one in old if one in new]
    if before != new:
        yield Difference(section, name, "changed", _ORDER, before, new)


def _steps(section: str, name: str, old: Entry, new: Entry) -> Iterator[Difference]:
    """The steps of a journey one by one, by what stands before and after them."""
    was, now = ([*map(_step, it if isinstance(it, list) else [it])] for it in (old, new))
    for _, first, end, begin, last in SequenceMatcher(None, was, now, False).get_opcodes():
        for place in range(max(end - first, last - begin)):
            before = was[first + place] if first + place < end else None
            after = now[begin + place] if begin + place < last else None
            number = 1 + place + (first if after is None else begin)
            if before != after:
                yield Difference(section, name, "changed", f"{_STEPS}.{number}", before, after)


def _step(step: Mapping[str, Entry]) -> str:
    """A step as its author wrote it."""
    below = {key: value for key, value in step.items() if key != "at"}
    return f"{step['at']}: {_flow(below['do'] if below.keys() == {'do'} else below)}"


def _leaves(
    entry: Mapping[str, Entry], above: str = "", whole: Container[str] = _WHOLE
) -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        if isinstance(value, Mapping) and value and key not in whole:
            yield from _leaves(value, f"{above}{key}.", value if key in _EACH_WHOLE else _WHOLE)
        else:
            yield f"{above}{key}", value


def _rows(table: str, old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Iterator[Difference]:
    """Rows by key; those of large tables one by one, for machines to filter."""
    for key, row in new.items():
        if old.get(key) != row:
            yield Difference("tables", table, "changed", f"row {key}", old.get(key), row)
    for key, row in old.items():
        if key not in new:
            yield Difference("tables", table, "changed", f"row {key}", row, None)


def _phrase(section: str, key: str) -> str:
    """A key in words: `levels.silver.at_least` is "level silver at least"."""
    if section == "tables":
        return key
    if section in ("migration", "contact"):
        return key.replace(".", " ")
    first, dot, rest = key.partition(".")
    words = _WORDS.get(first, first)
    return f"{words}{dot and ' '}{rest.replace('.', ' ')}".replace("_", " ") if dot else words


def _said(value: Any) -> str:
    text = written(value)
    return text and f": {text}"


LONG = 160  # characters of one value


def written(value: Any) -> str:
    """A plain value about as an author writes it, on one line."""
    text = " ".join(_flow(value).split())
    text = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _flow(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return f"{{{', '.join(f'{name}: {_flow(one)}' for name, one in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_flow, value))}]"
    return str(value)
