"""The effects on points: earn, spend, transfer, adjust, reinstate, freeze, unfreeze."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import ConfigDict, Field, RootModel

from loyalcore.effects.changes import (
    Accrue,
    Adjust,
    Change,
    Freeze,
    Reinstate,
    Skipped,
    Spend,
    Transfer,
)
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Facts, Planner, Run
from loyalcore.ruleset.words import Formula, Section
from loyalcore.values import ID

Points = Callable[[Facts], int | None]


class PointsByWallet(RootModel[dict[str, Formula]]):
    """Points by wallet, each by a formula."""

    model_config = ConfigDict(frozen=True)


class Earn(PointsByWallet):
    """Points by wallet, each by a formula: `earn: {beans: amount / 10}`."""


class SpendSpec(PointsByWallet):
    """Points to be taken, by wallet, all of them or none: `spend: {beans: 100}`."""


class AdjustSpec(PointsByWallet):
    """Points put right, by wallet: given, or taken where below 0: `adjust: {beans: -20}`."""


class ReinstateSpec(PointsByWallet):
    """Expired points given back, by wallet, those that expired last first, with a new expiry:
    `reinstate: {beans: 100}`."""


class TransferSpec(Section):
    """Points to another customer: `transfer: {wallet: beans, points: 50, to: friend}`."""

    wallet: str = Field(description="a wallet whose points may go to others")
    points: Formula = Field(description="how many")
    to: Formula = Field(description="the customer who receives them")


class FreezeSpec(RootModel[str]):
    """A wallet that nothing is spent from until it is unfrozen: `freeze: beans`."""

    model_config = ConfigDict(frozen=True)


class UnfreezeSpec(RootModel[str]):
    """A frozen wallet that may be spent from again: `unfreeze: beans`."""

    model_config = ConfigDict(frozen=True)


def _formulas(spec: PointsByWallet, planner: Planner) -> Mapping[str, Points] | None:
    """The formulas of a mapping of points by wallet; None where one has a mistake."""
    formulas = {wallet: planner.points(wallet, text, wallet) for wallet, text in spec.root.items()}
    ready = {wallet: points for wallet, points in formulas.items() if points is not None}
    return ready if len(ready) == len(formulas) else None


def _each(
    spec: PointsByWallet,
    planner: Planner,
    change: Callable[[str, int], Change],
    word: str,
    done: str = "",
) -> Run | None:
    """A run that changes wallets one by one, each on its own; not by 0 points. Where `done`
    names it, only more than 0 can be."""
    formulas = _formulas(spec, planner)
    if formulas is None:
        return None
    ready = tuple(formulas.items())

    def run(facts: Facts) -> list[Change]:
        changes: list[Change] = []
        for wallet, formula in ready:
            points = formula(facts)
            if points is None:
                changes.append(Skipped(word, _missing(wallet)))
            elif points < 0 and done:
                changes.append(Skipped(word, _less(wallet, points, done)))
            elif points:
                changes.append(change(wallet, points))
        return changes

    return run


def _missing(wallet: str) -> str:
    return f"{wallet}: a value that the formula needs is missing"


def _less(wallet: str, points: int, done: str) -> str:
    return f"{wallet}: the formula gave {points}; only more than 0 is {done}"


def _plan_earn(spec: Earn, planner: Planner) -> Run | None:
    return _each(spec, planner, Accrue, "earn", "earned")


def _plan_spend(spec: SpendSpec, planner: Planner) -> Run | None:
    spendable = [_spendable(wallet, planner, "spent") for wallet in spec.root]
    formulas = _formulas(spec, planner)
    if formulas is None or not all(spendable):
        return None
    ready = tuple(formulas.items())

    def run(facts: Facts) -> tuple[Change, ...]:
        price = {}
        for wallet, formula in ready:
            points = formula(facts)
            if points is None:
                return (Skipped("spend", _missing(wallet)),)
            if points < 0:
                return (Skipped("spend", _less(wallet, points, "spent")),)
            if points:
                price[wallet] = points
        return (Spend(price),) if price else ()

    return run


def _spendable(wallet: str, planner: Planner, done: str, *at: str) -> bool:
    """Whether points of a wallet are for spending; if not, that is reported."""
    declared = planner.wallet(wallet, *(at or (wallet,)))
    if declared is None or declared.kind == "redeemable":
        return declared is not None
    planner.problem(
        "bad-effect",
        f"{wallet} is a qualifying wallet: its points are counted, not {done}",
        *(at or (wallet,)),
    )
    return False


def _plan_transfer(spec: TransferSpec, planner: Planner) -> Run | None:
    wallet = spec.wallet
    declared = planner.wallet(wallet, "wallet")
    points = to = None
    if declared is not None:
        if not declared.transferable:
            planner.problem(
                "bad-effect",
                f"points of {wallet} may not go to other customers",
                "wallet",
                hint="write `transferable: true` in the wallet",
            )
        points = planner.points(wallet, spec.points, "points")
    to = planner.writer(spec.to, ID, "to")
    if declared is None or not declared.transferable or points is None or to is None:
        return None
    formula, target = points, to

    def run(facts: Facts) -> tuple[Change, ...]:
        number, customer = formula(facts), target(facts)
        if number is None:
            return (Skipped("transfer", _missing(wallet)),)
        if customer is None:
            return (Skipped("transfer", f"{wallet}: the customer is missing"),)
        if number < 0:
            return (Skipped("transfer", _less(wallet, number, "transferred")),)
        return (Transfer(wallet, number, str(customer)),) if number else ()

    return run


def _plan_adjust(spec: AdjustSpec, planner: Planner) -> Run | None:
    return _each(spec, planner, Adjust, "adjust")


def _plan_reinstate(spec: ReinstateSpec, planner: Planner) -> Run | None:
    return _each(spec, planner, Reinstate, "reinstate", "reinstated")


def _plan_freeze(spec: FreezeSpec, planner: Planner) -> Run | None:
    return _frozen(spec.root, planner, on=True)


def _plan_unfreeze(spec: UnfreezeSpec, planner: Planner) -> Run | None:
    return _frozen(spec.root, planner, on=False)


def _frozen(wallet: str, planner: Planner, *, on: bool) -> Run | None:
    if planner.wallet(wallet) is None:
        return None
    changes = (Freeze(wallet, on),)
    return lambda facts: changes


EFFECTS: tuple[AnyEffectKind, ...] = (
    EffectKind("earn", Earn, _plan_earn),
    EffectKind("spend", SpendSpec, _plan_spend),
    EffectKind("transfer", TransferSpec, _plan_transfer),
    EffectKind("adjust", AdjustSpec, _plan_adjust),
    EffectKind("reinstate", ReinstateSpec, _plan_reinstate),
    EffectKind("freeze", FreezeSpec, _plan_freeze),
    EffectKind("unfreeze", UnfreezeSpec, _plan_unfreeze),
)
