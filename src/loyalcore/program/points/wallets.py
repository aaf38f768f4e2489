"""Wallets: from what the author declares to the terms that the ledger keeps."""

from __future__ import annotations

from loyalcore.calendars import read_duration
from loyalcore.errors import did_you_mean
from loyalcore.expression import Scope
from loyalcore.ledger.expiry import ACTIVITY, Expiry, read_expiry
from loyalcore.ledger.terms import Pending, Terms
from loyalcore.program.points.costs import read_price
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import WalletSpec
from loyalcore.values import Number, ValueInvalid


def read_wallets(ruleset: Ruleset, scope: Scope, report: Report) -> dict[str, Terms]:
    """The terms of every wallet. Reports those that make no sense."""
    return {
        name: _terms(name, spec, ruleset, scope, report) for name, spec in ruleset.wallets.items()
    }


def _terms(name: str, spec: WalletSpec, ruleset: Ruleset, scope: Scope, report: Report) -> Terms:
    place: Place = ("wallets", name)
    minimum = None if spec.minimum == "none" else spec.minimum
    if spec.maximum is not None and minimum is not None and minimum >= spec.maximum:
        report.problem("bad-wallet", "the minimum is not below the maximum", (*place, "minimum"))
    qualifying = spec.kind == "qualifying"
    if qualifying and spec.transferable:
        report.problem(
            "bad-wallet",
            "qualifying points are counted, not handed on",
            (*place, "transferable"),
        )
    return Terms(
        name=name,
        qualifying=qualifying,
        pending=_pending(spec, ruleset, place, report),
        expiry=_expiry(spec, ruleset, place, report),
        minimum=minimum,
        maximum=spec.maximum,
        transferable=spec.transferable,
        price=_price(spec, scope, place, report),
    )


def _pending(spec: WalletSpec, ruleset: Ruleset, place: Place, report: Report) -> Pending | None:
    pending = spec.pending
    if pending is None:
        return None
    if pending.lasts is not None:
        return Pending(until=read_duration(pending.lasts))
    event = ruleset.events.get(pending.until or "")
    if event is None:
        hint = did_you_mean(pending.until or "", ruleset.events)
        report.problem(
            "unknown-name", f"there is no event '{pending.until}'", (*place, "pending"), hint=hint
        )
    elif event.activates is None:
        report.problem(
            "bad-wallet",
            f"{pending.until} does not say what it activates",
            (*place, "pending"),
            hint=f"write `activates: EVENT` among the fields of {pending.until}",
        )
    return Pending(lapse=None if pending.lapse is None else read_duration(pending.lapse))


def _expiry(spec: WalletSpec, ruleset: Ruleset, place: Place, report: Report) -> Expiry | None:
    if spec.expires is None:
        return None
    try:
        expiry = read_expiry(spec.expires)
    except ValueInvalid as error:
        report.problem("bad-wallet", str(error), (*place, "expires"))
        return None
    for event in expiry.events:
        if event != ACTIVITY and event not in ruleset.events:
            hint = did_you_mean(event, ruleset.events)
            report.problem(
                "unknown-name", f"there is no event '{event}'", (*place, "expires"), hint=hint
            )
    return expiry


def _price(spec: WalletSpec, scope: Scope, place: Place, report: Report) -> Number | None:
    """Minor units of money for a point, exact."""
    if spec.price is None:
        return None
    at = (*place, "price")
    return read_price(spec.price, at, scope, report, code="bad-wallet", what="a price")
