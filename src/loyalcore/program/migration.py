"""The migration section checked: from what earlier programs called things to what they are
called here; and what says that customers must be handed over one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from loyalcore.errors import did_you_mean
from loyalcore.program.care.contact import known_channels, known_purposes
from loyalcore.program.figures.metric_plan import MetricPlan
from loyalcore.program.figures.tables import table_text
from loyalcore.program.names import CONTACT, PAUSED, Names
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.source import Document

Renames = Mapping[str, str]
"""Old names to new ones. "" lets go of it."""


@dataclass(frozen=True)
class Migration:
    """New names of what customers have, by the old. `levels` are by the new name of the ladder."""

    attributes: Renames = field(default_factory=dict)
    wallets: Renames = field(default_factory=dict)
    offers: Renames = field(default_factory=dict)
    tiers: Renames = field(default_factory=dict)
    levels: Mapping[str, Renames] = field(default_factory=dict)
    stages: Renames = field(default_factory=dict)
    journeys: Renames = field(default_factory=dict)
    win_back: Renames = field(default_factory=dict)
    recovery: Renames = field(default_factory=dict)
    dissolution: Renames = field(default_factory=dict)
    tasks: Renames = field(default_factory=dict)
    approvals: Renames = field(default_factory=dict)
    scores: Renames = field(default_factory=dict)
    purposes: Renames = field(default_factory=dict)
    channels: Renames = field(default_factory=dict)

    def ladder(self, name: str) -> str:
        """What a ladder is called here; "" where it was let go of."""
        return self.tiers.get(name, name)

    def place(self, place: str) -> str:
        """Where stands here what stood at a place such as win_back.lost, or within it; the same
        where it has no new name."""
        section, _, rest = place.partition(".")
        name, dot, within = rest.partition(".")
        to = self._placed.get(section, {}).get(name)
        return f"{section}.{to}{dot}{within}" if to else place

    @property
    def _placed(self) -> Mapping[str, Renames]:
        return {
            "journeys": self.journeys,
            "win_back": self.win_back,
            "recovery": self.recovery,
            "dissolution": self.dissolution,
        }


def plan_migration(ruleset: Ruleset, names: Names, report: Report) -> Migration:
    """The migration that is sound; what names nothing of this ruleset is reported."""
    spec = ruleset.migration
    planner = _Planner(report)
    return Migration(
        planner.lines("attributes", "attribute", spec.attributes, names.attributes, single=True),
        planner.lines("wallets", "wallet", spec.wallets, ruleset.wallets),
        planner.lines("offers", "offer", spec.offers, ruleset.offers),
        planner.lines("tiers", "tier ladder", spec.tiers, ruleset.tiers, single=True),
        {
            ladder: planner.lines(
                ("levels", ladder), f"level of {ladder}", lines, ruleset.tiers[ladder].levels
            )
            for ladder, lines in spec.levels.items()
            if planner.known("tier ladder", ladder, ruleset.tiers, ("levels", ladder), key=True)
        },
        planner.lines("stages", "stage", spec.stages, ruleset.stages),
        planner.lines("journeys", "journey", spec.journeys, ruleset.journeys, single=True),
        planner.lines("win_back", "win-back", spec.win_back, ruleset.win_back, single=True),
        planner.lines("recovery", "recovery", spec.recovery, ruleset.recovery, single=True),
        planner.lines(
            "dissolution", "dissolution", spec.dissolution, ruleset.dissolution, single=True
        ),
        planner.lines("tasks", "task", spec.tasks, ruleset.tasks),
        planner.lines("approvals", "approval", spec.approvals, ruleset.approvals),
        planner.lines("scores", "score", spec.scores, ruleset.scores, single=True),
        planner.lines("purposes", "purpose", spec.purposes, known_purposes(ruleset)),
        planner.lines("channels", "channel", spec.channels, known_channels(ruleset)),
    )


class _Planner:
    def __init__(self, report: Report) -> None:
        self._report = report

    def lines(
        self,
        section: str | Place,
        what: str,
        lines: Mapping[str, str | None],
        here: Iterable[str],
        *,
        single: bool = False,
    ) -> Renames:
        """The sound lines of a part of the section; `single` things can't be made one."""
        section = (section,) if isinstance(section, str) else section
        known = tuple(here)
        sound: dict[str, str] = {}
        for old, new in lines.items():
            place = (*section, old)
            if old in known:
                self._problem(
                    f"'{old}' is still a {what} here",
                    place,
                    "name what is gone, and before the colon; what keeps its name needs no line",
                )
            elif new is None:
                sound[old] = ""
            elif self.known(what, new, known, place):
                if single and new in sound.values():
                    self._problem(f"'{new}' can take over from one {what} only", place, "")
                else:
                    sound[old] = new
        return sound

    def known(
        self, what: str, name: str, known: Iterable[str], place: Place, *, key: bool = False
    ) -> bool:
        """Whether there is such a thing in this ruleset; else it is reported."""
        known = tuple(known)
        if name in known:
            return True
        hint = did_you_mean(name, known)
        self._report.problem(
            "unknown-name",
            f"there is no {what} '{name}'",
            ("migration", *place),
            hint=hint,
            key=key,
        )
        return False

    def _problem(self, message: str, place: Place, hint: str) -> None:
        self._report.problem("bad-migration", message, ("migration", *place), hint=hint, key=True)


_FOR_PEOPLE: Mapping[str, Any] = {
    "triggers": {"__all__": {"about"}},
    "tiers": {"__all__": {"about"}},
    "stages": {"__all__": {"about", "responsible"}},
    "journeys": {"__all__": {"about"}},
    "win_back": {"__all__": {"about"}},
    "dissolution": {"__all__": {"about"}},
    "recovery": {"__all__": {"about"}},
}


def life_terms(
    ruleset: Ruleset,
    document: Document,
    metrics: Mapping[str, MetricPlan],
    watched: Iterable[str],
) -> str:
    """Names all that timers, tiers and stage of a customer rest on: where two programs differ
    in it, every customer is to be looked at. `watched` are the names that are watched."""
    sections = (
        *("triggers", "tiers", "stages", "journeys", "win_back", "recovery", "dissolution"),
    )
    written = ruleset.model_dump(
        mode="json", by_alias=True, include={*sections}, exclude=_FOR_PEOPLE
    )
    if not any(written[section] for section in sections):
        return ""
    names = {*watched}
    segments = {n: text for n, text in ruleset.segments.items() if f"segment.{n}" in names}
    meaning: list[object] = [
        ruleset.currency,
        ruleset.timezone,
        *(list(written[section].items()) for section in sections),
        {name: plan.definition for name, plan in metrics.items() if name in names},
        segments,
    ]
    if scores := {n: spec.strategy or n for n, spec in ruleset.scores.items() if _reads(n, names)}:
        meaning.append(scores)
    if PAUSED in names:
        meaning.append(ruleset.pause.promotional)
    if any(name.startswith(f"{CONTACT}.") for name in names):
        meaning.append(ruleset.contact.model_dump(mode="json")["consent"])
    text = json.dumps(meaning)
    looked_up = {
        name: table_text(document, name) if spec.csv else spec.model_dump(mode="json")
        for name, spec in ruleset.tables.items()
        if f"{name}[" in text
    }
    text += json.dumps(looked_up)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _reads(score: str, names: Iterable[str]) -> bool:
    return any(name.startswith(f"score.{score}.") for name in names)
