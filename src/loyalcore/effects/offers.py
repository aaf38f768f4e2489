"""The effects on offers: open, revoke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import ConfigDict, RootModel, model_validator
from pydantic_core import PydanticCustomError

from loyalcore.effects.changes import Change, Open, Revoke
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Facts, Planner, Run
from loyalcore.errors import did_you_mean
from loyalcore.ruleset.words import Formula, Label, Word


class OpenSpec(RootModel[dict[Label, dict[Word, Formula]]]):
    """An offer opened for the customer: `open: three-visits`, or with the values of its
    fields, `open: {three-visits: {target: 500}}`."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _widen(cls, raw: object) -> object:
        if isinstance(raw, str):
            return {raw: {}}
        if isinstance(raw, dict):
            return {name: {} if fields is None else fields for name, fields in raw.items()}
        raise PydanticCustomError(
            "bad-effect", "open names an offer: three-visits, or {three-visits: {target: 500}}"
        )


class _Opening(NamedTuple):
    offer: str
    fields: tuple[tuple[str, Callable[[Facts], object]], ...]


def _plan_open(spec: OpenSpec, planner: Planner) -> Run | None:
    openings: list[_Opening] = []
    sound = True
    for offer, written in spec.root.items():
        fields = planner.offer(offer, offer)
        if fields is None:
            return None
        writers = []
        for name, text in written.items():
            if name not in fields:
                hint = did_you_mean(name, fields)
                planner.problem(
                    "unknown-name", f"{offer} has no field '{name}'", offer, name, hint=hint
                )
                sound = False
                continue
            writer = planner.writer(text, fields[name], offer, name)
            sound = sound and writer is not None
            if writer is not None:
                writers.append((name, writer))
        openings.append(_Opening(offer, tuple(writers)))
    if not sound:
        return None

    def run(facts: Facts) -> Iterator[Change]:
        for offer, fields in openings:
            values = {name: write(facts) for name, write in fields}
            yield Open(offer, {name: v for name, v in values.items() if v is not None})

    return run


class RevokeSpec(RootModel[Label]):
    """All openings of an offer taken back: `revoke: three-visits`."""

    model_config = ConfigDict(frozen=True)


def _plan_revoke(spec: RevokeSpec, planner: Planner) -> Run | None:
    if planner.offer(spec.root, revoked=True) is None:
        return None
    revoked = (Revoke(spec.root),)
    return lambda facts: revoked


EFFECTS: tuple[AnyEffectKind, ...] = (
    EffectKind("open", OpenSpec, _plan_open),
    EffectKind("revoke", RevokeSpec, _plan_revoke),
)
