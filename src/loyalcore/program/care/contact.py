"""The contact section checked and compiled: consent, quiet hours, caps and channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from loyalcore.effects.kind import Facts
from loyalcore.errors import did_you_mean
from loyalcore.expression import Scope, check, compile_true
from loyalcore.expression import names as names_read
from loyalcore.program.care.contact_plan import (
    GIVEN,
    WITHDRAWN,
    ConsentPlan,
    ContactPlan,
    QuietPlan,
    Route,
    said_of,
    said_since,
    why_not,
)
from loyalcore.program.figures.derived import Derived
from loyalcore.program.names import Names, Standing
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import Quota
from loyalcore.program.selecting.schedule import each_of, read_hours, read_weekday
from loyalcore.program.selecting.selection import read_limits
from loyalcore.ruleset.contact import (
    ALL,
    PROMOTIONAL,
    PURPOSES,
    REGISTER,
    SERVICE,
    ContactSpec,
    QuietHoursSpec,
)
from loyalcore.ruleset.model import Ruleset
from loyalcore.values import FLAG, TIME, Type

_DAY = 24 * 60
_WEEK = 7 * _DAY


class Contact(NamedTuple):
    """The plan, the facts that are made of it, and what is read to decide by it."""

    plan: ContactPlan
    derived: tuple[Derived, ...]
    reads: frozenset[str]


def declare_contact(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare what may be asked of a customer: whether they may be written to for a purpose by
    a channel, what they have said of it, and since when."""
    if ALL in ruleset.contact.consent:
        report.problem(
            "reserved-name",
            f"'{ALL}' is every purpose",
            ("contact", "consent", ALL),
            hint="give the purpose another name",
            key=True,
        )
    if ruleset.contact == ContactSpec():
        return
    for purpose in known_purposes(ruleset):
        if purpose == SERVICE and purpose not in ruleset.contact.consent:
            continue
        for channel in sorted(known_channels(ruleset)):
            name = f"contact.{purpose}.{channel}"
            if not channel.isidentifier():  # no expression could name it
                continue
            names.contacts[name] = FLAG
            read = partial(said_of, purpose=purpose, channel=channel)
            words = Type("text", (GIVEN, WITHDRAWN))
            names.standings[f"{name}.said"] = Standing(words, read)
            since = partial(said_since, purpose=purpose, channel=channel)
            names.standings[f"{name}.since"] = Standing(TIME, since)


def known_purposes(ruleset: Ruleset) -> tuple[str, ...]:
    """What a message may be sent for."""
    return tuple(dict.fromkeys((*PURPOSES, *ruleset.contact.consent)))


def known_channels(ruleset: Ruleset) -> set[str]:
    """Every channel that anything in the ruleset names."""
    spec = ruleset.contact
    found = {*spec.channels.order, *spec.channels.to}
    for message in ruleset.messages.values():
        found |= {*ruleset.channels_of(message)}
    for by_channel in spec.consent.values():
        found |= by_channel.keys() - {""}
    return found


def plan_contact(ruleset: Ruleset, names: Names, scope: Scope, report: Report) -> Contact:
    """All of the section that is sound; also of a ruleset that has none."""
    return _Planner(ruleset, names, scope, report).plan()


class _Planner:
    def __init__(self, ruleset: Ruleset, names: Names, scope: Scope, report: Report) -> None:
        self._ruleset = ruleset
        self._spec = ruleset.contact
        self._names = names
        known = {**names.of_customer(), **{f"segment.{name}": FLAG for name in names.segments}}
        self._scope = replace(scope, names=known)
        self._report = report
        self._purposes = known_purposes(ruleset)
        self._reads: dict[tuple[str, str], frozenset[str]] = {}

    def plan(self) -> Contact:
        consents = {
            purpose: dict(self._consents(purpose, by_channel))
            for purpose, by_channel in self._spec.consent.items()
        }
        promoted = any(one.purpose == PROMOTIONAL for one in self._ruleset.messages.values())
        pauses = self._names.pauses if promoted else ()
        plan = ContactPlan(
            declared=self._spec != ContactSpec() or self._choosing,
            purposes=self._purposes,
            channels=frozenset(known_channels(self._ruleset)),
            consents=consents,
            quiet=tuple(self._quiets()),
            caps=tuple(self._caps()),
            prefer=self._attribute(self._spec.channels.prefer, ("channels", "prefer"), "a channel"),
            pauses=tuple((pause.name, pause.why) for pause in pauses),
            routes={
                name: Route(
                    message.purpose,
                    self._ruleset.channels_of(message),
                    self._ruleset.addresses_of(message),
                )
                for name, message in self._ruleset.messages.items()
            },
        )
        for channel, name in self._spec.channels.to.items():
            self._attribute(name, ("channels", "to", channel), "an address")
        self._check_messages()
        if not self._report.broken:
            self._warn(plan)
        reads = frozenset().union(*self._reads.values(), (pause.name for pause in pauses))
        return Contact(plan, tuple(self._derived(plan)), reads)

    @property
    def _choosing(self) -> bool:
        return any(
            len(self._ruleset.channels_of(one)) > 1 for one in self._ruleset.messages.values()
        )

    # --- consent ------------------------------------------------------------------------------

    def _consents(
        self, purpose: str, by_channel: Mapping[str, str]
    ) -> Iterator[tuple[str, ConsentPlan]]:
        for channel, text in by_channel.items():
            if text.strip() == REGISTER:
                self._reads[purpose, channel] = frozenset()
                yield channel, ConsentPlan(None, REGISTER)
                continue
            place: Place = ("contact", "consent", purpose, *((channel,) if channel else ()))
            node, mistakes = check(text, self._scope, FLAG)
            self._report.mistakes(mistakes, place)
            if node is not None:
                self._reads[purpose, channel] = names_read(node)
                yield channel, ConsentPlan(compile_true(node), " ".join(text.split()))

    def _derived(self, plan: ContactPlan) -> Iterator[Derived]:
        for name in self._names.contacts:
            _, purpose, channel = name.split(".")
            read = self._reads.get((purpose, channel), self._reads.get((purpose, ""), frozenset()))
            yield Derived(name, _allowed(plan, name, purpose, channel), read | {f"{name}.said"})

    # --- when, how often, where ---------------------------------------------------------------

    def _quiets(self) -> Iterator[QuietPlan]:
        for position, spec in enumerate(self._spec.quiet):
            place: Place = ("quiet", position) if len(self._spec.quiet) > 1 else ("quiet",)
            if not (spec.hours or spec.weekdays):
                self._problem("bad-value", "quiet hours say when", place, "hours: 21:00-08:00")
            for at, purpose in enumerate(spec.purposes):
                self._known_purpose(purpose, ("contact", *place, "purposes", at))
            yield self._quiet(spec, place)

    def _quiet(self, spec: QuietHoursSpec, place: Place) -> QuietPlan:
        at: Place = ("contact", *place)
        hours = each_of(read_hours, spec.hours, (*at, "hours"), self._report)
        weekdays = each_of(read_weekday, spec.weekdays, (*at, "weekdays"), self._report)
        return QuietPlan(
            tuple((start, end % _DAY) for start, end in hours) or ((0, 0),),
            frozenset(weekdays) or frozenset(range(7)),
            self._attribute(spec.zone, (*place, "zone"), "a time zone"),
            frozenset(spec.purposes),
        )

    def _caps(self) -> Iterator[Quota]:
        for purpose, texts in self._spec.caps.items():
            place: Place = ("contact", "caps", purpose)
            if purpose != ALL:
                self._known_purpose(purpose, place, key=True, more=(ALL,))
            for limit in read_limits(texts, place, self._report):
                window = " ".join(limit.text.partition(" per ")[2].split())
                key = f"contact {purpose} {window}"
                yield Quota(limit.text, key, purpose, limit.times, limit.window)

    def _attribute(self, name: str | None, place: Place, what: str) -> str:
        """The attribute that is named at `place`, which is a text; "" for none."""
        if name is None:
            return ""
        bare = name.removeprefix("customer.")
        type_ = self._names.attributes.get(bare)
        if type_ is None:
            hint = did_you_mean(bare, self._names.attributes)
            self._problem("unknown-name", f"there is no attribute '{name}'", place, hint)
        elif type_.kind not in ("text", "id"):
            self._problem("bad-message", f"'{name}' is {type_}; {what} is a text", place)
        return bare

    def _known_purpose(
        self, name: str, place: Place, *, key: bool = False, more: Iterable[str] = ()
    ) -> None:
        known = (*self._purposes, *more)
        if name not in known:
            listed = f"purposes: {', '.join(known)}; others are named under contact.consent"
            hint = did_you_mean(name, known) or listed
            self._report.problem(
                "unknown-name", f"there is no purpose '{name}'", place, hint=hint, key=key
            )

    def _problem(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self._report.problem(code, message, ("contact", *place), hint=hint)

    def _check_messages(self) -> None:
        for name, message in self._ruleset.messages.items():
            self._known_purpose(message.purpose, ("messages", name, "purpose"))
            going = self._ruleset.channels_of(message)
            for channel in message.to:
                if channel and channel not in going:
                    self._report.problem(
                        "bad-message",
                        f"the message does not go by '{channel}'",
                        ("messages", name, "to", channel),
                        hint=f"it goes by {', '.join(going)}",
                        key=True,
                    )

    # --- what is hardly meant -----------------------------------------------------------------

    def _warn(self, plan: ContactPlan) -> None:
        messages = self._ruleset.messages
        for name, message in messages.items():
            purpose, by_channel = message.purpose, plan.consents.get(message.purpose)
            if by_channel is None and purpose != SERVICE and plan.consents:
                self._report.warning(
                    "no-consent",
                    f"'{purpose}' needs no consent, and other purposes do",
                    ("messages", name),
                    hint=f"name it under contact.consent, as in {purpose}: {REGISTER}",
                )
            for channel in plan.routes[name].channels:
                if by_channel is not None and not by_channel.keys() & {channel, ""}:
                    self._report.warning(
                        "no-consent",
                        f"nobody can consent to '{purpose}' by {channel}",
                        ("messages", name),
                        hint=f"name the channel under contact.consent.{purpose}",
                    )
        used = {message.purpose for message in messages.values()}
        for section in ("consent", "caps"):
            for purpose in getattr(self._spec, section):
                if purpose not in used | {ALL}:
                    self._unused(f"no message is for '{purpose}'", (section, purpose))
        going = {channel for route in plan.routes.values() for channel in route.channels}
        for purpose, by in self._spec.consent.items():
            for channel in by.keys() - {""} - going:
                self._unused(f"no message goes by '{channel}'", ("consent", purpose, channel))
        for channel in self._spec.channels.to.keys() - going:
            self._unused(f"no message goes by '{channel}'", ("channels", "to", channel))
        for purpose in sorted(used):
            if _always(one for one in plan.quiet if one.concerns(purpose)):
                self._report.warning(
                    "always-quiet",
                    f"'{purpose}' messages are never sent: the quiet hours have no end",
                    ("contact", "quiet"),
                    hint="leave some time of the week in which they may be",
                )

    def _unused(self, message: str, place: Place) -> None:
        self._report.warning("unused", message, ("contact", *place))


def _allowed(plan: ContactPlan, name: str, purpose: str, channel: str) -> Any:
    def allowed(facts: Facts) -> bool:
        said = facts[f"{name}.said"]
        return not why_not(plan, purpose, channel, said, facts)

    return allowed


def _always(quiets: Iterable[QuietPlan]) -> bool:
    """Whether these hours cover the whole week."""
    minutes: set[int] = set()
    for quiet in quiets:
        for day in quiet.weekdays:
            for start, end in quiet.hours:
                length = end - start if end > start else end - start + _DAY
                first = day * _DAY + start
                minutes.update(minute % _WEEK for minute in range(first, first + length))
    return len(minutes) == _WEEK
