"""What an effect may do: the closed set of changes that the step knows how to apply.

Effect *kinds* (`earn`, `send`, a plugin's own) are open; each says what it wants as a
series of these changes. So a plugin can add words to the language, but no new way to
move points past the ledger. Values are in their plain JSON form (`write_value`): what is
applied is, to the letter, what the decision records.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from loyalcore.ledger.lots import Parcel


class Accrue(Struct, frozen=True, omit_defaults=True, gc=False, tag_field="effect", tag="accrue"):
    """Points into a new lot of a wallet. `points` is positive. `cut` of those that were
    meant were taken off by what `by` names: a maximum, cap or budget."""

    wallet: str
    points: int
    cut: int = 0
    by: str = ""


class Spend(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="spend"):
    """Points out of wallets, those that expire first; all of `price` (points by wallet), or
    nothing. `redemption` is the id by which it can be cancelled; `reward` what was bought,
    and how many of it."""

    price: Mapping[str, int]
    redemption: str = ""
    reward: str = ""
    quantity: int = 1


class CancelRedemption(Struct, frozen=True, tag_field="effect", tag="cancel"):
    """Points of a redemption back into the lots they came from."""

    redemption: str
    price: Mapping[str, int]


class Reverse(Struct, frozen=True, tag_field="effect", tag="reverse"):
    """What `origin` earned is taken back, up to `share` of it ("1/2") over all refunds so far:
    `taken` by wallet. `forgiven` was spent already, and is not asked for."""

    origin: str
    share: str
    taken: Mapping[str, int]
    forgiven: Mapping[str, int]


class Activate(Struct, frozen=True, tag_field="effect", tag="activate"):
    """Pending points become active, by wallet."""

    points: Mapping[str, int]


class Expire(Struct, frozen=True, tag_field="effect", tag="expire"):
    """Points past their time, by wallet."""

    points: Mapping[str, int]


class Adjust(Struct, frozen=True, tag_field="effect", tag="adjust"):
    """Points given or taken by hand; negative ones are taken."""

    wallet: str
    points: int


class Transfer(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="transfer"):
    """Points to another customer. They keep their expiry: `parcels` says how many of them
    expire (and activate) when."""

    wallet: str
    points: int
    to: str
    parcels: tuple[Parcel, ...] = ()


class Receive(Struct, frozen=True, tag_field="effect", tag="receive"):
    """Points from another customer, by wallet."""

    points: Mapping[str, int]
    sender: str


class Reinstate(Struct, frozen=True, tag_field="effect", tag="reinstate"):
    """Expired points made active again, the latest to expire first."""

    wallet: str
    points: int


class Freeze(Struct, frozen=True, tag_field="effect", tag="freeze"):
    """A wallet that can't be spent from (`on`), or can again."""

    wallet: str
    on: bool


class Open(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="open"):
    """An offer opened for the customer, with the values of its fields. `number` tells it
    from other openings; 0 until it is open. `ends` is when its time ends, ISO 8601 in UTC,
    if ever. A `coded` one has a personal code, made of the decision's id."""

    offer: str
    fields: Mapping[str, object]
    number: int = 0
    ends: str = ""
    coded: bool = False


class Advance(Struct, frozen=True, tag_field="effect", tag="advance"):
    """How far the customer has come with an open offer: `progress` of `target`, as texts."""

    offer: str
    number: int
    progress: str
    target: str


class Close(Struct, frozen=True, tag_field="effect", tag="close"):
    """An open offer that ended: "completed", "lapsed", "revoked", or "reopened" where a
    refund undid its completion."""

    offer: str
    number: int
    how: str


class Revoke(Struct, frozen=True, tag_field="effect", tag="revoke"):
    """Every open offer of this name is to be taken back."""

    offer: str


class Issue(Struct, frozen=True, tag_field="effect", tag="issue"):
    """A benefit granted, or a voucher whose personal code is made of the decision's id."""

    kind: str  # "benefit" or "voucher"
    name: str


class Send(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="send"):
    """A message by name, with the values that its template names. Its `purpose` is "service",
    "promotional", or one of the program's own. It is not sent before `due` (ISO 8601 in UTC; "":
    at once). One that an effect asks for may leave the `channel` to be chosen: ""."""

    message: str
    channel: str
    values: Mapping[str, object]
    purpose: str = "service"
    due: str = ""


class SetConsent(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="consent"):
    """What a customer has said of being written to for a purpose by a channel ("": all)."""

    given: bool
    purpose: str = ""
    channel: str = ""


class SetAttribute(Struct, frozen=True, tag_field="effect", tag="set"):
    """A new value of a customer attribute; None clears it."""

    attribute: str
    value: object


class SetTag(Struct, frozen=True, tag_field="effect", tag="tag"):
    """A tag put on the customer, or taken off."""

    tag: str
    on: bool


class Emit(Struct, frozen=True, tag_field="effect", tag="emit"):
    """An event on the same or another customer's stream, at the time of its cause."""

    type: str
    customer: str
    data: Mapping[str, object]


class SetTier(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="tier"):
    """A level of a ladder reached, or lost; `was` is the one before, "" where there was none,
    and `level` "" where there is none now. `how` tells by what: "qualified", "review",
    "dropped", "invited", "set", "upgraded", "activated". It is kept `until` (ISO 8601 in UTC;
    "": while it is earned, or for good). An effect that asks for one gives `keep`, the
    length of time in words."""

    ladder: str
    level: str
    was: str = ""
    how: str = ""
    until: str = ""
    keep: str = ""


class Retain(Struct, frozen=True, tag_field="effect", tag="retain"):
    """A level kept again, `until` then."""

    ladder: str
    level: str
    until: str


class AtRisk(Struct, frozen=True, tag_field="effect", tag="at risk"):
    """A level that will be lost at `until`, for the level `to`, if nothing is done."""

    ladder: str
    level: str
    to: str
    until: str


class SetStage(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="stage"):
    """A stage entered. `was` is the one before, and `way` what led here, as written."""

    stage: str
    was: str = ""
    way: str = ""


class SetScore(Struct, frozen=True, tag_field="effect", tag="score"):
    """What a score says of the customer from now on, in plain form."""

    score: str
    values: Mapping[str, object]


class CreateTask(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="task"):
    """A task for the people who have one of the `roles`, or for the `assignee`, by `due` (ISO
    8601 in UTC; "": for ever). `number` tells it from others of the customer; 0 until it is
    there. An effect that asks for one may give the length of time there is, `within`. It came
    with the customer `sender`, if with any."""

    task: str
    note: str = ""
    number: int = 0
    roles: tuple[str, ...] = ()
    assignee: str = ""
    due: str = ""
    within: str = ""
    sender: str = ""


class ChangeTask(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="task changed"):
    """What became of a task: "reminded", "escalated" (`to` a role), "assigned" (`to` a person),
    "done" (with an `outcome`, and how many `minutes` of work it was, where that was said; `by`
    nobody, where an event has done it), "moved" (`to` another customer), or "withdrawn"."""

    task: str
    number: int
    how: str
    to: str = ""
    outcome: str = ""
    by: str = ""
    note: str = ""
    minutes: int | None = None


class AskApproval(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="approval"):
    """A decision asked of people, on this `evidence` (plain values by name), until it `expires`
    (ISO 8601 in UTC; "": never). `number`, `roles` and `sender` are as in CreateTask."""

    approval: str
    evidence: Mapping[str, object] = {}
    number: int = 0
    roles: tuple[str, ...] = ()
    expires: str = ""
    sender: str = ""


class ChangeApproval(
    Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="approval changed"
):
    """What became of it: "given" (by one of several who must), "approved", "rejected",
    "expired", "moved" (`to` another customer), or "withdrawn"."""

    approval: str
    number: int
    how: str
    to: str = ""
    by: str = ""
    note: str = ""


class EnterJourney(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="enter"):
    """A journey entered, for the `number`th time by the customer. `kind` is "journey" or
    "win_back". Of who is `held_out`, it does nothing."""

    kind: str
    journey: str
    number: int
    held_out: bool = False


class TakeStep(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="step"):
    """A step of a journey, the first being 1. What it did stands after it; `instead` says that
    this was what is to be done otherwise."""

    kind: str
    journey: str
    number: int
    step: int
    instead: bool = False


class EndJourney(Struct, frozen=True, tag_field="effect", tag="end"):
    """A journey ended, with its outcome: "returned", "lapsed", ..."""

    kind: str
    journey: str
    number: int
    outcome: str


class Part(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="part"):
    """A phase that the ending of a relationship has come into: "improving", "proposed",
    "announced", ... It lasts `until` (ISO 8601 in UTC; "": until something happens)."""

    dissolution: str
    number: int
    phase: str
    reason: str = ""
    until: str = ""


class HoldParting(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="hold"):
    """A dissolution that is held where it is (`on`), and why; or goes on, `until` then."""

    dissolution: str
    number: int
    on: bool
    why: str = ""
    until: str = ""


class EndParting(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="parted"):
    """A dissolution that has ended: "improved", "rejected", "expired", "withdrawn", "merged" or
    "closed"; or, of one that was closed, "reopened"."""

    dissolution: str
    number: int
    outcome: str


class Settle(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="settle"):
    """What was left in a wallet is settled: so many `points` were "activated" or "lapsed" (pending
    ones), "expired", "paid out", "converted" (`given` points of the wallet `to`), "vouchered" (`to`
    is the voucher); or, of what was owed, "waived" or "invoiced". An `amount` is of money, as
    text."""

    wallet: str
    points: int
    how: str
    amount: str = ""
    to: str = ""
    given: int = 0


class OpenCase(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="case"):
    """A case of a recovery, opened at `opened` and promised to be answered before `due` (both ISO
    8601 in UTC; "" for no time). `number` tells it from others of the customer. One that came
    with the customer `sender` was opened so many `times`, and may be `overdue`, `answered`, or
    have `ended` with an `outcome`."""

    recovery: str
    case: str
    number: int
    opened: str
    due: str = ""
    times: int = 1
    overdue: bool = False
    answered: str = ""
    ended: str = ""
    outcome: str = ""
    sender: str = ""


class ChangeCase(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="case changed"):
    """What became of a case: "reminded", "overdue", "answered" (`late` or not), "closed" (with an
    `outcome`), "reopened" (for the `times`th time, `due` then), "moved" (`to` another customer),
    or "withdrawn". `at` is when, where an event says so: ISO 8601 in UTC."""

    recovery: str
    case: str
    number: int
    how: str
    at: str = ""
    late: bool = False
    outcome: str = ""
    due: str = ""
    times: int = 0
    to: str = ""


class Carry(Struct, frozen=True, omit_defaults=True, tag_field="effect", tag="carry"):
    """Something the customer has, called `to` from now on by a program that takes over; ""
    where it is let go of. `what` is "wallet" (with the points that moved, less debts),
    "offer", "tier", "level", "stage", "journey" (its place), "case" (its recovery), "dissolution",
    "task", "approval", "score", or "consent" (purpose/channel). `number` tells it from others of
    the customer."""

    what: str
    name: str
    to: str
    points: int = 0
    number: int = 0


class Skipped(Struct, frozen=True, tag_field="effect", tag="skipped"):
    """An effect that could do nothing, and why. Recorded, never applied."""

    kind: str
    reason: str


class Noted(Struct, frozen=True, tag_field="effect", tag="noted"):
    """What a reviewer (`by`) notes with a decision. Recorded, never applied."""

    by: str
    text: str


Change = (
    Accrue
    | Spend
    | CancelRedemption
    | Reverse
    | Activate
    | Expire
    | Adjust
    | Transfer
    | Receive
    | Reinstate
    | Freeze
    | Open
    | Advance
    | Close
    | Revoke
    | Issue
    | Send
    | SetConsent
    | SetAttribute
    | SetTag
    | Emit
    | SetTier
    | Retain
    | AtRisk
    | SetStage
    | SetScore
    | CreateTask
    | ChangeTask
    | AskApproval
    | ChangeApproval
    | EnterJourney
    | TakeStep
    | EndJourney
    | Part
    | HoldParting
    | EndParting
    | Settle
    | OpenCase
    | ChangeCase
    | Carry
    | Noted
    | Skipped
)


def issued(change: Change) -> str | None:
    """The benefit or voucher that a change gives the customer, by name: an offer that opens
    with a personal code is one too."""
    if isinstance(change, Issue):
        return change.name
    return change.offer if isinstance(change, Open) and change.coded else None
