"""What can be shown to a customer: their open offers, and the catalogue as it is for them.

Whether a reward can be had is asked of the step itself, by an event that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from loyalcore.engine.cascade import pass_time
from loyalcore.engine.offering.codes import code_of
from loyalcore.engine.offering.openings import last_moment, offer_facts
from loyalcore.engine.offering.progress import progress_of
from loyalcore.engine.shared import Shared, Tally
from loyalcore.engine.state import CustomerState, Instance, new_state
from loyalcore.engine.step import see, step
from loyalcore.events import Event
from loyalcore.ledger.book import Book
from loyalcore.program.offering.offer_plan import BATCH, PERSONAL, OfferPlan
from loyalcore.program.plan import EventPlan, Program
from loyalcore.values import Number, write_value


@dataclass(frozen=True)
class OpenOffer:
    """An offer that is open for a customer. Values are in plain JSON form.

    `until` is its last moment or, where that does not belong to it, its end; None is for
    good. `target` is None where it hangs on the event that comes next. `code` is what must
    be presented, empty where nothing must; one of a batch is known only to who has it.
    """

    offer: str
    number: int
    opened: int
    until: int | None
    progress: object
    target: object
    code: str
    fields: Mapping[str, object]


def open_offers(program: Program, state: CustomerState, at: int) -> tuple[OpenOffer, ...]:
    """The offers of a customer that are open at `at`, in the order in which they were opened.
    Those that the program no longer has are left out."""
    return tuple(
        _open_offer(program, state, offer, one)
        for one in state.offers
        if one.open_at(at) and (offer := program.offers.get(one.offer)) is not None
    )


def _open_offer(
    program: Program, state: CustomerState, offer: OfferPlan, one: Instance
) -> OpenOffer:
    reach, locale = offer.reach, program.locale
    target = _target(program, offer, one)
    code = offer.code
    if code == PERSONAL:
        code = code_of(state.key, one.code)
    elif code == BATCH:
        code = "one of a batch"
    return OpenOffer(
        offer=one.offer,
        number=one.number,
        opened=one.opened,
        until=last_moment(offer, one, program.locale),
        progress=write_value(reach.type, progress_of(offer, one.parts), locale),
        target=None if target is None else write_value(reach.type, target, locale),
        code=code,
        fields=one.fields,
    )


def _target(program: Program, offer: OfferPlan, one: Instance) -> Number | None:
    if offer.reach.target is None:
        return 1
    facts = offer_facts(offer, one, program.locale)
    try:
        target = offer.reach.target(facts)
    except KeyError:  # it reads the event too
        return None
    return target if isinstance(target, int | Fraction) else None


@dataclass(frozen=True)
class Shown:
    """A reward as it is for a customer. `reason` says why it can't be had; empty where it
    can. `price` is points by wallet, None where a value that it needs is missing."""

    reward: str
    price: Mapping[str, int] | None
    visible: bool
    affordable: bool
    reason: str


def shown_rewards(
    program: Program, state: CustomerState, at: int, shared: Shared
) -> tuple[Shown, ...]:
    """The rewards of the catalogue at `at`, which is not before the customer's clock."""
    states = {state.customer: state}
    for _ in pass_time(program, states, new_state, at, Tally(shared)):
        pass  # whatever is due by then comes first
    state = states[state.customer]
    shown: dict[str, Shown] = {}
    for plan in program.events.values():
        for name in plan.rewards.keys() - shown.keys():
            shown[name] = _shown(program, plan, state, at, shared, name)
    return tuple(shown[name] for name in sorted(shown))


def _shown(
    program: Program, plan: EventPlan, state: CustomerState, at: int, shared: Shared, name: str
) -> Shown:
    assert plan.acts is not None
    assert plan.acts.redeems is not None
    data = {**dict.fromkeys(plan.fields), plan.acts.redeems.reward: name}
    event = Event("", "\0shown", plan.name, state.customer, at, data, "{}")
    _, facts = see(program, state, event)
    reward = plan.rewards[name]
    price = {wallet: formula(facts) for wallet, formula in reward.price.items()}
    known = {wallet: points for wallet, points in price.items() if points is not None}
    book = Book(state.account, program.wallets, program.locale.zone, state.since)
    _, outcome = step(program, state, event, shared)
    (reason,) = (one.reason for one in outcome.decisions if one.rule == reward.rule.name)
    return Shown(
        reward=name,
        price=known if len(known) == len(price) else None,
        visible=reward.visible is None or reward.visible(facts),
        affordable=len(known) == len(price)
        and all(points <= book.available(wallet) for wallet, points in known.items()),
        reason=reason,
    )
