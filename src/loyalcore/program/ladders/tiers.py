"""Tier ladders: from what the author declares to what it takes to reach and keep a level."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from loyalcore.calendars import read_duration
from loyalcore.expression import Arithmetic, Literal, Name, Node, compile_true, compile_value
from loyalcore.ledger.expiry import Expiry, read_expiry
from loyalcore.program.names import Names, Standing
from loyalcore.program.offering.reach import reads_of
from loyalcore.program.planner import RulePlanner
from loyalcore.program.report import Place, Report
from loyalcore.program.timing.life_plan import Criteria, Criterion, LadderPlan, LevelPlan, Written
from loyalcore.program.timing.watching import Watching
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.tiers import Benefit, CriteriaSpec, LevelSpec, TierSpec
from loyalcore.values import (
    FLAG,
    INTEGER,
    MONEY,
    NUMBER,
    TIME,
    Number,
    Type,
    Value,
    ValueInvalid,
    exact,
    value_writer,
)

_LATER = ("tier.", "benefit.", "stage.")
_HINT = "say what it takes, such as at_least: 500, or invitation: true"


# --- names ------------------------------------------------------------------------------------


def declare_tiers(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Declare the levels and benefits as names of facts: tier.LADDER, benefit.LADDER.NAME."""
    for name, spec in ruleset.tiers.items():
        words = tuple(spec.levels)
        level = _level_of(name, words, spec)
        names.standings[f"tier.{name}"] = Standing(Type("text", words), level)
        names.standings[f"tier.{name}.since"] = Standing(TIME, _since_of(name))
        types = _benefit_types(name, spec, report)
        benefits = _inherited(spec)
        for benefit, type_ in types.items():
            by_level = {word: benefits[word].get(benefit) for word in words}
            names.standings[f"benefit.{name}.{benefit}"] = Standing(
                type_, _benefit_of(level, by_level)
            )


Read = Callable[[Any], Value | None]  # of a customer's Life (engine/life.py)


def _level_of(ladder: str, words: tuple[str, ...], spec: TierSpec) -> Callable[[Any], str | None]:
    """The customer's level. Who has none yet, or one that is gone, is where everyone begins."""
    lowest = spec.levels[words[0]]
    base = words[0] if _takes_nothing(lowest) and not lowest.invitation else None

    def read(life: Any) -> str | None:
        rank = life.tiers.get(ladder)
        return rank.level if rank is not None and rank.level in words else base

    return read


def _since_of(ladder: str) -> Read:
    def read(life: Any) -> Value | None:
        rank = life.tiers.get(ladder)
        return None if rank is None else rank.since

    return read


def _benefit_of(level: Callable[[Any], str | None], by_level: Mapping[str, Value | None]) -> Read:
    return lambda life: None if (word := level(life)) is None else by_level[word]


def _inherited(spec: TierSpec) -> dict[str, dict[str, Value]]:
    """The benefits of each level, with those of the levels below."""
    found: dict[str, dict[str, Value]] = {}
    known: dict[str, Value] = {}
    for level, one in spec.levels.items():
        known = {**known, **{name: _held(value) for name, value in one.benefits.items()}}
        found[level] = known
    return found


def _held(value: Benefit) -> Value:
    return exact(value) if isinstance(value, Decimal) else value


def _benefit_types(ladder: str, spec: TierSpec, report: Report) -> dict[str, Type]:
    """The type of each benefit: one over all levels."""
    values: dict[str, list[Benefit]] = {}
    for level, one in spec.levels.items():
        for name, value in one.benefits.items():
            known = values.setdefault(name, [])
            if known and _kind(value) != _kind(known[0]):
                report.problem(
                    "bad-tier",
                    f"'{name}' is {_kind(value)} here, and {_kind(known[0])} below",
                    ("tiers", ladder, "levels", level, "benefits", name),
                    hint="write values of one type at all levels",
                )
            else:
                known.append(value)
    return {name: _type_of(known) for name, known in values.items()}


def _kind(value: Benefit) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a number"


def _type_of(values: list[Benefit]) -> Type:
    if isinstance(values[0], bool):
        return FLAG
    if isinstance(values[0], str):
        return Type("text", tuple(dict.fromkeys(str(value) for value in values)))
    whole = all(isinstance(_held(value), int) for value in values)
    return INTEGER if whole else NUMBER


# --- ladders ----------------------------------------------------------------------------------


def _takes_nothing(spec: CriteriaSpec) -> bool:
    """Whether everyone reaches the level: nothing is said, or at_least: 0."""
    if spec.all or spec.any or spec.when is not None:
        return False
    try:
        return spec.at_least is None or Decimal(spec.at_least) == 0
    except ArithmeticError:
        return False


def plan_tiers(watching: Watching) -> tuple[LadderPlan, ...]:
    """Every ladder that is sound; the others are reported."""
    planned = (_LadderPlanner(watching, *each).plan() for each in watching.ruleset.tiers.items())
    return tuple(ladder for ladder in planned if ladder is not None)


class _LadderPlanner:
    """Plans one ladder. `by` is the figure that its levels go by."""

    def __init__(self, watching: Watching, name: str, spec: TierSpec) -> None:
        self._watching = watching
        self._report = watching.report
        self._planner: RulePlanner = watching.planner()
        self._name = name
        self._spec = spec
        self._place: Place = ("tiers", name)
        self._sound = True
        self._sinking = True
        self._by: Node | None = None

    def plan(self) -> LadderPlan | None:
        spec, benefits = self._spec, _inherited(self._spec)
        if spec.by is not None:
            self._by = self._figure(spec.by, (*self._place, "by"))
            if not any(one.at_least is not None for one in self._said()):
                self._report.warning(
                    "unused",
                    f"no level of {self._name} says at_least",
                    (*self._place, "by"),
                    hint="write `gold: 5000`, or take `by` out",
                )
        keep = self._keep()
        levels = tuple(self._level(name, one, benefits[name]) for name, one in spec.levels.items())
        self._check_order(levels)
        self._check_apart()
        if not self._sound:
            return None
        return LadderPlan(
            name=self._name,
            levels=levels,
            review=spec.review,
            keep=keep,
            grace=None if spec.grace is None else read_duration(spec.grace),
            drop=spec.drop,
            warn=None if spec.warn is None else read_duration(spec.warn),
            reads=reads_of(self._planner),
            sinking=self._sinking,
        )

    def _said(self) -> Iterator[CriteriaSpec]:
        for level in self._spec.levels.values():
            yield level
            if level.stay is not None:
                yield level.stay

    def _problem(self, message: str, place: Place, hint: str = "", *, key: bool = False) -> None:
        self._report.problem("bad-tier", message, place, hint=hint, key=key)
        self._sound = False

    def _checked(self, text: str, wants: tuple[Type, ...], place: Place) -> Node | None:
        planner = self._watching.planner()  # of its own: a mistake is told where it stands
        node = self._watching.checked(planner, text, wants, place)
        self._planner.read |= planner.read
        self._sound = self._sound and node is not None
        return node

    def _figure(self, text: str, place: Place) -> Node | None:
        return self._checked(text, (NUMBER, MONEY), place)

    def _keep(self) -> Expiry | None:
        if self._spec.keep is None:
            return None
        place = (*self._place, "keep")
        try:
            keep = read_expiry(self._spec.keep)
        except ValueInvalid:
            keep = None
        if keep is None or keep.events:
            self._problem(
                "expected how long a level is kept",
                place,
                "such as 12 months, end of year, end of year after 12 months, or anniversary",
            )
            return None
        return keep

    # --- levels -------------------------------------------------------------------------------

    def _level(self, name: str, spec: LevelSpec, benefits: Mapping[str, Value]) -> LevelPlan:
        place: Place = (*self._place, "levels", name)
        lowest = name == next(iter(self._spec.levels))
        nothing = _takes_nothing(spec)
        if nothing and not lowest and not spec.invitation:
            message = f"everyone reaches {name}; only the lowest level takes nothing"
            self._problem(message, place, _HINT, key=True)
        if nothing and lowest and spec.stay is not None and not spec.invitation:
            message = f"nobody loses {name}, which takes nothing"
            self._problem(message, (*place, "stay"), "leave `stay` out")
        reach = Criteria() if nothing else self._criteria(spec, place)
        stay = reach if spec.stay is None else self._criteria(spec.stay, (*place, "stay"))
        if spec.stay is not None and _rises(reach, stay):
            self._report.warning(
                "odd-tier",
                f"{name} takes more to keep than to reach: who has reached it anew keeps it",
                (*place, "stay"),
            )
        return LevelPlan(name, reach, stay, spec.invitation, benefits)

    def _criteria(self, spec: CriteriaSpec, place: Place) -> Criteria:
        together = []
        if spec.at_least is not None:
            together.append(self._at_least(spec.at_least, (*place, "at_least")))
        together += [self._criterion(*each, (*place, "all")) for each in spec.all.items()]
        one_of = [self._criterion(*each, (*place, "any")) for each in spec.any.items()]
        condition = None
        if spec.when is not None:
            self._sinking = False
            node = self._checked(spec.when, (FLAG,), (*place, "when"))
            condition = None if node is None else Written(node, spec.when)
        return Criteria(
            tuple(one for one in together if one is not None),
            tuple(one for one in one_of if one is not None),
            None if condition is None else compile_true(condition.node),
            condition,
        )

    def _at_least(self, wanted: str, place: Place) -> Criterion | None:
        if self._spec.by is None:
            self._problem(
                "at_least needs the figure that the ladder goes by",
                place,
                "write `by: balance.status` beside `levels`, or all: {orders: 12}",
            )
            return None
        if self._by is None:
            return None  # a mistake in it is told
        return self._least(self._spec.by, self._by, wanted, place)

    def _criterion(self, text: str, wanted: str, place: Place) -> Criterion | None:
        figure = self._figure(text, place)
        return None if figure is None else self._least(text, figure, wanted, (*place, text))

    def _least(self, text: str, figure: Node, wanted: str, place: Place) -> Criterion | None:
        want = MONEY if figure.type.kind == "money" else NUMBER
        node = self._checked(wanted, (want,), place)
        if node is None:
            return None
        constant = node.value if isinstance(node, Literal) else None
        self._sinking = self._sinking and constant is not None and _sinks(figure)
        return Criterion(
            compile_value(figure),
            compile_value(node),
            text,
            wanted,
            value_writer(want, self._planner.locale),
            constant if isinstance(constant, Number) else None,
        )

    def _check_order(self, levels: tuple[LevelPlan, ...]) -> None:
        """Warn where a level takes no more than the one below it."""
        lower: LevelPlan | None = None
        for level in levels:
            if level.invitation:
                continue
            if lower is not None and _alike(lower.reach, level.reach):
                self._report.warning(
                    "odd-tier",
                    f"{level.name} takes no more than {lower.name}, which nobody will be at",
                    (*self._place, "levels", level.name),
                    hint="levels are written from the lowest to the highest",
                )
            lower = level

    def _check_apart(self) -> None:
        """A level hangs on what customers do, not on what is decided beside it, or after."""
        read = self._watching.opened(self._planner.read)
        for name in sorted(name for name in read if f"{name}.".startswith(_LATER)):
            self._problem(
                f"a level can't hang on '{name}', which is decided with it or after it",
                self._place,
                "name what leads there: a metric, a balance, an attribute or a tag",
                key=True,
            )
            return


def _sinks(figure: Node) -> bool:
    """Whether a figure is never more where less is there of what it is made of."""
    match figure:
        case Name() | Literal():
            return True
        case Arithmetic(op="+", left=left, right=right):
            return _sinks(left) and _sinks(right)
        case Arithmetic(op="*" | "/", left=left, right=Literal(value=int() | Fraction() as by)):
            return by > 0 and _sinks(left)
    return False


def _rises(lower: Criteria, upper: Criteria) -> bool:
    """Whether one of the figures of `upper` must be more than in `lower`, as far as both are
    said in numbers."""
    known = {one.text: one.constant for one in lower.all}
    return any(
        one.constant is not None
        and (least := known.get(one.text)) is not None
        and one.constant > least
        for one in upper.all
    )


def _alike(lower: Criteria, upper: Criteria) -> bool:
    """Whether `upper` takes no more than `lower`: both are figures of the same names alone."""
    if lower.any or upper.any or lower.when or upper.when or not lower.all:
        return False
    names = [one.text for one in lower.all]
    if names != [one.text for one in upper.all]:
        return False
    constants = [*(one.constant for one in lower.all), *(one.constant for one in upper.all)]
    return None not in constants and not _rises(lower, upper)
