"""The keys of a section of a ruleset, or of a test file, by its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema

from loyalcore.delivery.pace import Pace
from loyalcore.program.schema import CRITERIA, SHORT_FORMS
from loyalcore.ruleset.contact import ChannelsSpec, ContactSpec, QuietHoursSpec
from loyalcore.ruleset.costs import CostsSpec, PauseSpec
from loyalcore.ruleset.dissolution import (
    DebtSpec,
    DissolutionSpec,
    ImproveSpec,
    PhaseSpec,
    PhasesSpec,
    ReasonSpec,
    ReopenSpec,
    RestoresSpec,
    SettleSpec,
    WithdrawSpec,
)
from loyalcore.ruleset.journeys import JourneySpec, StepSpec
from loyalcore.ruleset.migration import MigrationSpec
from loyalcore.ruleset.model import (
    LanguagesSpec,
    MessageSpec,
    MetricSpec,
    Ruleset,
    RuleSpec,
    TableSpec,
)
from loyalcore.ruleset.offers import OfferSpec, OpeningSpec, ReachSpec
from loyalcore.ruleset.plugins import PluginsSpec, PrepareSpec, ReviewSpec
from loyalcore.ruleset.points import (
    EventSpec,
    PendingSpec,
    RedemptionSpec,
    ReferenceSpec,
    ReversalSpec,
    RewardSpec,
    WalletSpec,
)
from loyalcore.ruleset.recovery import (
    CaseOpenSpec,
    CaseThenSpec,
    GoodwillSpec,
    PromiseSpec,
    RecoverySpec,
    SurveySpec,
)
from loyalcore.ruleset.scores import ScoreSpec
from loyalcore.ruleset.selection import Bounded, ExperimentSpec, GroupSpec, ScheduleSpec, Selected
from loyalcore.ruleset.stages import EntrySpec, ExitSpec, StageSpec, WaySpec
from loyalcore.ruleset.tasks import ApprovalSpec, EscalationSpec, TaskSpec
from loyalcore.ruleset.tiers import CriteriaSpec, LevelSpec, TierSpec
from loyalcore.ruleset.triggers import TriggerSpec
from loyalcore.runner.rule_tests.model import (
    CustomerSpec,
    PointSpec,
    RankSpec,
    StaySpec,
    TestFileSpec,
    TestSpec,
)
from loyalcore.runner.rule_tests.model import EventSpec as HappensSpec
from made.markdown import code, prose, table


def keys(model: type[BaseModel], beside: type[BaseModel] | None = None) -> str:
    """The keys of a section: what may stand there, what it is for, and what holds without.
    Those that it shares with others, as a model `beside`, are left out."""
    shared = beside.model_fields if beside else {}
    rows = []
    for name, field in model.model_fields.items():
        if name in shared:
            continue
        default = "required" if field.is_required() else _default(field.default)
        holds = _holds(field.annotation, field.metadata)
        rows.append((code(field.alias or name), holds, field.description or "", default))
    return table(("key", "value", "what it is", "without it"), rows)


def _default(value: object) -> str:
    if isinstance(value, float):
        return code(f"{value:g}")
    return code(str(value)) if isinstance(value, str | int | Decimal) and value else ""


def _holds(annotation: object, metadata: Sequence[object] = ()) -> str:
    """In the author's words, what may stand at a key of this type."""
    schemas = [part.json_schema for part in metadata if isinstance(part, WithJsonSchema)]
    shown = (schemas and schemas[0]) or {}
    if shown.get("title") == "expression":
        return "expression"
    if shown.get("title") == "texts":
        return "text, or texts by language"
    if shown.get("title") == "addresses":
        return "text, or one by channel"
    if annotation is str or shown.get("type"):
        return "text"
    if annotation is bool:
        return "true or false"
    if annotation is float:
        return "number"
    if annotation is int:
        words = [f", or {code(str(part['const']))}" for part in _parts(shown) if "const" in part]
        return f"whole number{''.join(words)}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation.__name__ in CRITERIA:
            return "expression, or its keys"
        return "text, or its keys" if annotation.__name__ in SHORT_FORMS else "its keys"
    inner = [part for part in get_args(annotation) if part is not NoneType]
    match get_origin(annotation):
        case origin if origin is Annotated:
            return _holds(inner[0], inner[1:])
        case origin if origin in (Union, UnionType):
            return _holds(inner[0], metadata)
        case origin if origin is Literal:
            return ", ".join(code(word) for word in inner)
        case origin if origin is tuple:
            way = inner[0] in (EntrySpec, ExitSpec, EscalationSpec, QuietHoursSpec)
            return "one, or a list" if shown or way else "list"
    return "entries by name"


def _parts(shown: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    parts = shown.get("anyOf", ())
    return parts if isinstance(parts, list) else ()


def section(model: type[BaseModel], beside: type[BaseModel] | None = None) -> Callable[[], str]:
    """A section by its docstring and its keys."""
    return lambda: f"{prose(model.__doc__)}\n\n{keys(model, beside)}"


PARTS: Mapping[str, Callable[[], str]] = {
    "sections": lambda: keys(Ruleset),
    "metrics": section(MetricSpec),
    "triggers": section(TriggerSpec),
    "tiers": section(TierSpec),
    "levels": section(LevelSpec, CriteriaSpec),
    "criteria": section(CriteriaSpec),
    "stages": section(StageSpec),
    "entries": section(EntrySpec, WaySpec),
    "exits": section(ExitSpec, WaySpec),
    "ways": section(WaySpec),
    "tasks": section(TaskSpec),
    "escalations": section(EscalationSpec),
    "approvals": section(ApprovalSpec),
    "journeys": section(JourneySpec, Bounded),
    "steps": section(StepSpec),
    "dissolution": section(DissolutionSpec),
    "reasons": section(ReasonSpec),
    "improving": section(ImproveSpec),
    "phases": section(PhasesSpec),
    "phase": section(PhaseSpec),
    "settling": section(SettleSpec),
    "debts": section(DebtSpec),
    "withdrawing": section(WithdrawSpec),
    "reopening": section(ReopenSpec),
    "restoring": section(RestoresSpec),
    "recovery": section(RecoverySpec),
    "case-openings": section(CaseOpenSpec),
    "promises": section(PromiseSpec),
    "goodwill": section(GoodwillSpec, Bounded),
    "case-surveys": section(SurveySpec),
    "case-then": section(CaseThenSpec),
    "scores": section(ScoreSpec),
    "migration": section(MigrationSpec),
    "acts": lambda: keys(EventSpec),
    "references": section(ReferenceSpec),
    "reversals": section(ReversalSpec, ReferenceSpec),
    "redemptions": section(RedemptionSpec),
    "wallets": section(WalletSpec),
    "pending": section(PendingSpec),
    "experiments": section(ExperimentSpec),
    "groups": section(GroupSpec, Bounded),
    "selected": lambda: keys(Selected, Bounded),
    "bounded": lambda: keys(Bounded),
    "schedule": section(ScheduleSpec),
    "rewards": section(RewardSpec, Selected),
    "offers": section(OfferSpec, Selected),
    "openings": section(OpeningSpec),
    "reaches": section(ReachSpec),
    "tables": section(TableSpec),
    "rules": section(RuleSpec, Selected),
    "messages": section(MessageSpec),
    "languages": section(LanguagesSpec),
    "pace": lambda: keys(Pace),
    "pause": section(PauseSpec),
    "contact": section(ContactSpec),
    "quiet": section(QuietHoursSpec),
    "channels": section(ChannelsSpec),
    "costs": section(CostsSpec),
    "plugins": section(PluginsSpec),
    "preparing": section(PrepareSpec),
    "reviewing": section(ReviewSpec),
    "test-files": section(TestFileSpec),
    "tests": section(TestSpec),
    "happens": section(HappensSpec),
    "known": section(CustomerSpec),
    "ranks": section(RankSpec),
    "stays": section(StaySpec),
    "points": section(PointSpec),
}
