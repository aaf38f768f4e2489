"""Facts that are made of other facts: segments, variants of experiments, pauses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import blake2b
from math import ceil

from loyalcore.effects.kind import Facts
from loyalcore.errors import did_you_mean
from loyalcore.expression import Derivation, Scope, check, compile_value
from loyalcore.expression import names as names_read
from loyalcore.program.names import HOLDOUT, PAUSED, Names, Pause, variants_of
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rule_plan import Experiment
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.selection import ExperimentSpec
from loyalcore.values import FLAG, Value, ValueInvalid, read_decimal

Make = Callable[[Facts], Value | None]

_WHOLE = 1 << 64  # of a hash: the range that shares are of


@dataclass(frozen=True)
class Derived:
    """A fact by name, how it is made, of which facts, and what is told of that, if anything."""

    name: str
    make: Make
    reads: frozenset[str]
    told: Derivation | None = None


def plan_derived(
    ruleset: Ruleset, names: Names, scope: Scope, report: Report
) -> tuple[Derived, ...]:
    """The variants, then the segments, which may read them, then what pauses messages, which
    may read both. Reports those that make no sense."""
    variants = [
        Derived(
            f"variant.{name}",
            _variant(ruleset.program, name, spec, report),
            frozenset(("customer.id",)),
        )
        for name, spec in ruleset.experiments.items()
    ]
    inner = replace(scope, names=names.of_customer())
    segments = []
    for name, text in ruleset.segments.items():
        node, mistakes = check(text, inner, FLAG)
        report.mistakes(mistakes, ("segments", name))
        if node is not None:
            reads = names_read(node)
            told = Derivation(text, node)
            segments.append(Derived(f"segment.{name}", compile_value(node), reads, told))
    return (*variants, *segments, *_pauses(ruleset, names, inner, report))


def _pauses(ruleset: Ruleset, names: Names, scope: Scope, report: Report) -> Iterator[Derived]:
    """Each cause for which messages are paused, the author's own condition first; then whether
    any of them is there."""
    text = ruleset.pause.promotional
    if text is not None:
        known = {**scope.names, **{f"segment.{name}": FLAG for name in names.segments}}
        node, mistakes = check(text, replace(scope, names=known), FLAG)
        report.mistakes(mistakes, ("pause", "promotional"))
        if node is not None:
            why = " ".join(text.split())
            asked = Pause("pause.promotional", why, compile_value(node), names_read(node))
            names.pauses.insert(0, asked)
    for pause in names.pauses:
        yield Derived(pause.name, pause.holds, pause.reads, Derivation(pause.why))
    if names.pauses:
        causes = tuple(pause.name for pause in names.pauses)
        told = Derivation(PAUSED, of=causes)
        yield Derived(PAUSED, lambda facts: _any(facts, causes), frozenset(causes), told)


def _any(facts: Facts, causes: Iterable[str]) -> bool | None:
    """Whether one of these facts holds (S6)."""
    found = {facts[cause] for cause in causes}
    if True in found:
        return True
    return None if None in found else False


def derived_for(
    derived: Iterable[Derived], read: frozenset[str], fields: Mapping[str, object]
) -> tuple[tuple[tuple[str, Make], ...], frozenset[str]]:
    """What an event must derive, in order, where so much is `read`; and all that is read
    then. An event's field that hides an attribute hides it from no segment."""
    wanted: list[tuple[str, Make]] = []
    for one in reversed(tuple(derived)):
        if one.name not in read:
            continue
        hidden = sorted(name for name in one.reads if name in fields)
        read |= {f"customer.{name}" if name in hidden else name for name in one.reads}
        wanted.append((one.name, _unhidden(one.make, hidden) if hidden else one.make))
    return tuple(reversed(wanted)), read


def _unhidden(make: Make, hidden: list[str]) -> Make:
    return lambda facts: make({**facts, **{name: facts[f"customer.{name}"] for name in hidden}})


def read_experiment(
    name: str | None, place: Place, ruleset: Ruleset, report: Report
) -> Experiment | None:
    """The experiment that a rule is part of. Reports one that is not there."""
    if name is None:
        return None
    spec = ruleset.experiments.get(name)
    if spec is None:
        known = ruleset.experiments
        hint = did_you_mean(name, known) or f"experiments: {', '.join(known) or 'none'}"
        report.problem("unknown-name", f"there is no experiment '{name}'", place, hint=hint)
        return None
    share = _holdout(spec.holdout, ("experiments", name, "holdout"), report) or 0
    return _experiment(name, share, ruleset)


def read_holdout(
    text: str, name: str, place: Place, ruleset: Ruleset, report: Report
) -> Experiment | None:
    """Who is held out of what is called `name`, which says itself how many are: 10 %."""
    share = _holdout(text, place, report)
    return _experiment(name, share, ruleset) if share else None


def _experiment(name: str, share: Fraction | int, ruleset: Ruleset) -> Experiment:
    held, program = ceil(share * _WHOLE), ruleset.program
    return Experiment(name, lambda customer: _draws(program, name, customer)[0] < held)


def _draws(program: str, experiment: str, customer: str) -> tuple[int, int]:
    """Where a customer falls, among those held out or not, and among the variants: two
    numbers below 2⁶⁴. They are apart, so that another holdout moves nobody to another
    variant."""
    digest = blake2b("\0".join((program, experiment, customer)).encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def _variant(program: str, name: str, spec: ExperimentSpec, report: Report) -> Make:
    place: Place = ("experiments", name)
    share = _holdout(spec.holdout, (*place, "holdout"), report)
    if not spec.variants and share == 0:
        report.problem(
            "bad-value",
            "an experiment has variants, a holdout, or both",
            place,
            hint="variants: {short: 50, long: 50}, holdout: 10 %",
            key=True,
        )
    weights = _weights(spec, (*place, "variants"), report)
    total = sum(weights) or 1
    ends = [ceil(Fraction(sum(weights[: n + 1]), total) * _WHOLE) for n in range(len(weights))]
    held, words = ceil((share or 0) * _WHOLE), variants_of(spec)

    def make(facts: Facts) -> Value | None:
        first, second = _draws(program, name, str(facts["customer.id"]))
        return HOLDOUT if first < held else words[bisect_right(ends, second)]

    return make


def _holdout(text: str, place: Place, report: Report) -> Fraction | None:
    """The share that is held out, from 0 to 1; None where a mistake was reported."""
    try:
        number, percent = read_share(text)
        if percent and number <= 100:
            return number / 100
        if not number:
            return number
    except ValueInvalid:
        pass
    report.problem("bad-value", "expected a share of the customers, such as 10 %", place)
    return None


def _weights(spec: ExperimentSpec, place: Place, report: Report) -> list[Fraction]:
    """How often each variant is met with, beside the others."""
    weights: list[Fraction] = []
    percents = 0
    for variant, text in spec.variants.items():
        try:
            number, percent = read_share(text)
        except ValueInvalid:
            number, percent = Fraction(), False
        if not number:
            report.problem(
                "bad-value", "expected a weight above 0, such as 50 or 50 %", (*place, variant)
            )
        percents += percent
        weights.append(number)
    if percents and (percents < len(weights) or sum(weights) != 100):
        report.problem(
            "bad-value",
            "the shares of the variants don't add up to 100 %",
            place,
            hint="of those who are not held out, each has its share; weights can be any numbers",
            key=True,
        )
    return weights


def read_share(text: str) -> tuple[Fraction, bool]:
    """The number in `10 %` or `10`, and whether it is per cent. Raises ValueInvalid."""
    percent = text.rstrip().endswith("%")
    number = read_decimal(text.rstrip().removesuffix("%"))
    if number is None or number < 0:
        raise ValueInvalid("expected a share such as 10 %")
    return Fraction(number), percent
