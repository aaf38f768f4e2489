"""What rules, rewards, offers and their effects ask of the program while it is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from loyalcore.effects.choosing import Candidates
from loyalcore.effects.kind import Choose, Facts, Formula, MessagePlan
from loyalcore.errors import did_you_mean
from loyalcore.expression import Arithmetic, Literal, Node, Scope, check, compile_value
from loyalcore.expression import names as names_read
from loyalcore.expression.functions import half_up
from loyalcore.program.care.messages import TemplateInvalid, template_names
from loyalcore.program.extending.guard import guarded, nonsense
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.names import PAUSED, Names
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.points import WalletSpec
from loyalcore.ruleset.tiers import TierSpec
from loyalcore.values import MONEY, NUMBER, Locale, Number, Type, value_writer

Plain = Callable[[Facts], object]
Points = Callable[[Facts], int | None]


WORDED = {"money", "date", "time"}
"""What a message writes in another form than it is compared in."""


class RulePlanner:
    """The Planner of one rule on one event: it checks expressions in the rule's scope,
    remembers every name they read and (in `used`) every message, offer, task and approval
    that is sent, opened or asked, and reports mistakes where they stand."""

    def __init__(
        self,
        ruleset: Ruleset,
        names: Names,
        scope: Scope,
        locale: Locale,
        vocabulary: Vocabulary,
        report: Report,
        used: set[Place],
        place: Place = (),
        read: set[str] | None = None,
    ) -> None:
        self.ruleset = ruleset
        self.names = names
        self.scope = scope
        self.locale = locale
        self.vocabulary = vocabulary
        self.report = report
        self.used = used
        self.place = place
        self.read: set[str] = set() if read is None else read

    def below(self, place: Place) -> RulePlanner:
        """The same planner, for what stands at `place`."""
        return RulePlanner(
            self.ruleset,
            self.names,
            self.scope,
            self.locale,
            self.vocabulary,
            self.report,
            self.used,
            place,
            self.read,
        )

    def checked(self, text: str, wants: tuple[Type, ...], place: Place) -> Node | None:
        node, mistakes = check(text, self.scope, *wants)
        self.report.mistakes(mistakes, place)
        if node is not None:
            self.read |= names_read(node)
        return node

    def problem(self, code: str, message: str, *at: str | int, hint: str = "") -> None:
        self.report.problem(code, message, (*self.place, *at), hint=hint)

    def _unknown(self, what: str, name: str, at: tuple[str | int, ...], hint: str) -> None:
        is_key = at[-1:] == (name,)  # as the wallet in `earn: {beans: 1}`
        place = (*self.place, *at)
        message = f"there is no {what} '{name}'"
        self.report.problem("unknown-name", message, place, hint=hint, key=is_key)

    def formula(self, text: str, wants: tuple[Type, ...], *at: str | int) -> Formula | None:
        node = self.checked(text, wants, (*self.place, *at))
        return None if node is None else compile_value(node)

    def writer(self, text: str, want: Type, *at: str | int) -> Plain | None:
        node = self.checked(text, (want,), (*self.place, *at))
        return None if node is None else self._writer(node)

    def shown(self, text: str, *at: str | int) -> Plain | None:
        node = self.checked(text, (), (*self.place, *at))
        return None if node is None else self._writer(node)

    def _writer(self, node: Node) -> Plain:
        value, write = compile_value(node), value_writer(node.type, self.locale)
        if write is None:
            return value

        def written(facts: Facts) -> object:
            found = value(facts)
            return None if found is None else write(found)

        return written

    def chooser(self, name: str, *at: str | int) -> Choose | None:
        chooser = self.vocabulary.choosers.get(name)
        if chooser is None:
            known = list(self.vocabulary.choosers)
            hint = did_you_mean(name, known) or f"plugins bring {', '.join(known) or 'none'}"
            self._unknown("chooser", name, at, hint)
            return None
        plugin, what = self.vocabulary.owner("choosers", name), f"chooser '{name}'"
        call = guarded(plugin, what, chooser.choose)

        def choose(candidates: Candidates) -> str | None:
            chosen = call(candidates)
            if chosen is not None and chosen not in candidates.names:
                raise nonsense(plugin, what, chosen, "one of the candidates")
            return chosen

        return choose

    def points(self, wallet: str, text: str, *at: str | int) -> Points | None:
        spec = self.wallet(wallet, *at)
        if spec is None:
            return None
        node = self.checked(text, (NUMBER, MONEY), (*self.place, *at))
        return None if node is None else _points(node, spec.rounding, self.locale)

    def wallet(self, name: str, *at: str | int) -> WalletSpec | None:
        known = self.ruleset.wallets
        spec = known.get(name)
        if spec is None:
            hint = did_you_mean(name, known) or f"wallets: {', '.join(known) or 'none'}"
            self._unknown("wallet", name, at, hint)
        return spec

    def offer(self, name: str, *at: str | int, revoked: bool = False) -> Mapping[str, Type] | None:
        known = self.names.offers
        offer = known.get(name)
        if offer is None:
            hint = did_you_mean(name, known) or f"offers: {', '.join(known) or 'none'}"
            self._unknown("offer", name, at, hint)
            return None
        self.read |= self.names.revocations if revoked else offer.reads
        if not revoked:
            self.used.add(("offers", name))
        return offer.fields

    def ladder(self, name: str, *at: str | int) -> TierSpec | None:
        known = self.ruleset.tiers
        spec = known.get(name)
        if spec is None:
            hint = did_you_mean(name, known) or f"ladders: {', '.join(known) or 'none'}"
            self._unknown("tier ladder", name, at, hint)
        return spec

    def task(self, name: str, *at: str | int) -> bool:
        return self._asked("task", name, self.ruleset.tasks, at)

    def approval(self, name: str, *at: str | int) -> bool:
        return self._asked("approval", name, self.ruleset.approvals, at)

    def _asked(
        self, what: str, name: str, known: Mapping[str, object], at: tuple[str | int, ...]
    ) -> bool:
        if name not in known:
            hint = did_you_mean(name, known) or f"{what}s: {', '.join(known) or 'none'}"
            self._unknown(what, name, at, hint)
            return False
        self.used.add((f"{what}s", name))
        return True

    def attribute(self, name: str, *at: str | int) -> Type | None:
        known = self.names.attributes
        type_ = known.get(name.removeprefix("customer."))
        if type_ is None:
            hint = did_you_mean(name, known)
            self._unknown("attribute", name, at, hint)
        return type_

    def event(self, name: str, *at: str | int) -> Mapping[str, Type] | None:
        fields = self.names.events.get(name)
        if fields is None:
            hint = did_you_mean(name, self.names.events)
            self._unknown("event", name, at, hint)
        return fields

    def template(self, message: str, *at: str | int) -> MessagePlan | None:
        spec = self.ruleset.messages.get(message)
        if spec is None:
            hint = did_you_mean(message, self.ruleset.messages)
            self._unknown("message", message, at, hint)
            return None
        self.used.add(("messages", message))
        writers: dict[str, Plain] = {}
        for part, text in spec.parts():
            for name in sorted(names_in(text, ("messages", message, *part), self.report)):
                writer = self._named(name, message, part)
                if writer is not None:
                    writers[name] = writer
        ready = tuple(sorted(writers.items()))

        def values(facts: Facts) -> Mapping[str, object]:
            return {name: write(facts) for name, write in ready}

        going = self.ruleset.channels_of(spec)
        channel = going[0] if len(going) == 1 else ""
        if spec.purpose != "promotional" or not self.names.pauses:
            return MessagePlan(message, channel, values, spec.purpose)
        self.read.add(PAUSED)
        pauses = tuple((pause.name, pause.why) for pause in self.names.pauses)
        return MessagePlan(message, channel, values, spec.purpose, pauses)

    def issues(self, name: str) -> None:
        self.used.add(("costs", "issue", name))

    def _sender(self) -> str:
        section, name = self.place[:2]
        return f"rule '{name}'" if section == "rules" else f"{section}.{name}"

    def _named(self, name: str, message: str, part: tuple[str, ...]) -> Plain | None:
        node, mistakes = check(name, self.scope)
        if node is None:
            first = mistakes[0]
            self.report.problem(
                first.code,
                f"{first.message} (sent by {self._sender()})",
                ("messages", message, *part),
                hint=first.hint,
            )
            return None
        self.read |= names_read(node)
        known = self.names.written.setdefault(message, {}).setdefault(name, node.type)
        if known.kind != node.type.kind and {known.kind, node.type.kind} & WORDED:
            self.report.problem(
                "bad-message",
                f"'{name}' is {node.type} where {self._sender()} sends it, and {known} elsewhere",
                ("messages", message, *part),
                hint="give each a message of its own",
            )
        return self._writer(node)


def names_in(text: str, place: Place, report: Report) -> frozenset[str]:
    """The names in the template at `place`; none where a mistake was reported."""
    try:
        return template_names(text)
    except TemplateInvalid as error:
        report.problem("bad-template", str(error), place, hint="name values as {{ balance.beans }}")
        return frozenset()


def _points(node: Node, rounding: str, locale: Locale) -> Points:
    """Whole points of the formula `node`: exact until the one rounding at the end (S7)."""
    scale = locale.unit if node.type.kind == "money" else 1
    # Most formulas end in `/ 10`: rounding the quotient at once avoids a Fraction.
    match node:
        case Arithmetic(op="/", left=left, right=Literal(value=int() as by) as right):
            if right.type.kind != "money" and by > 0:
                scale, node = scale * by, left
    value = compile_value(node)
    whole = _ROUNDINGS[rounding]

    def points(facts: Facts) -> int | None:
        amount = value(facts)
        return None if amount is None else whole(amount, scale)  # type: ignore[arg-type]

    return points


_ROUNDINGS: Mapping[str, Callable[[Number, int], int]] = {
    # Towards zero is not "down": -0.5 points rounded down are -1.
    "down": lambda amount, scale: amount // scale,
    "up": lambda amount, scale: -(-amount // scale),
    "half up": lambda amount, scale: half_up(Fraction(amount, scale)),
    "half even": lambda amount, scale: round(Fraction(amount, scale)),
}
