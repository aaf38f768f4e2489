"""Offers compiled: how each is opened, advanced and ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OfferPlan:
    """An offer."""

    name: str


@dataclass(frozen=True)
class OfferUse:
    """An offer, as one event type may open or advance it."""

    offer: OfferPlan
