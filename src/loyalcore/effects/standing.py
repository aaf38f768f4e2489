"""The effect on tiers: upgrade."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.effects.changes import Change, SetTier
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Planner, Run
from loyalcore.errors import did_you_mean
from loyalcore.ruleset.tiers import TierSpec
from loyalcore.ruleset.words import DurationText, Section, Word


class LiftSpec(Section):
    """A level, and how long it is kept."""

    level: Word = Field(description="the level")
    keep: DurationText | None = Field(
        None, description="how long it is kept; without it, as long as the ladder says"
    )

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        return {"level": raw} if isinstance(raw, str) else raw


class UpgradeSpec(RootModel[dict[Word, LiftSpec]]):
    """A level of a tier ladder, for who is below it: `upgrade: {club: gold}`, or
    `upgrade: {club: {level: gold, keep: 90 days}}`. The fast track, and the way to levels by
    invitation."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _some(self) -> UpgradeSpec:
        if not self.root:
            raise PydanticCustomError("bad-effect", "upgrade names a level: {club: gold}")
        return self


def _plan_upgrade(spec: UpgradeSpec, planner: Planner) -> Run | None:
    changes: list[Change] = []
    for ladder, wanted in spec.root.items():
        declared = planner.ladder(ladder, ladder)
        if declared is not None and _sound(ladder, wanted, declared, planner):
            changes.append(SetTier(ladder, wanted.level, keep=wanted.keep or ""))
    if len(changes) < len(spec.root):
        return None
    return lambda facts: changes


def _sound(ladder: str, wanted: LiftSpec, declared: TierSpec, planner: Planner) -> bool:
    level = declared.levels.get(wanted.level)
    if level is None:
        hint = did_you_mean(wanted.level, declared.levels) or f"it has {', '.join(declared.levels)}"
        message = f"{ladder} has no level '{wanted.level}'"
        planner.problem("unknown-name", message, ladder, hint=hint)
        return False
    stay = level if level.stay is None else level.stay
    if declared.keep is None and wanted.keep is None and not stay.empty:
        planner.problem(
            "bad-effect",
            f"{ladder} has no keep: who has not earned {wanted.level} would lose it at once",
            ladder,
            hint=f"write {{level: {wanted.level}, keep: 90 days}}",
        )
        return False
    return True


EFFECTS: tuple[AnyEffectKind, ...] = (EffectKind("upgrade", UpgradeSpec, _plan_upgrade),)
