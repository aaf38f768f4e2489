"""All that a plugin is written with, from one place that stays: what is not here may move.

    from loyalcore.api import EffectKind, Function, MetricKind, hookimpl, ...

Channels are in `loyalcore.channels`, scoring strategies in `loyalcore.scoring`, and what
plugins are tested with in `loyalcore.testing`. Each name tells in its docstring what it is
given, what it may do, and what it promises.
"""

from loyalcore.effects.changes import (
    Accrue,
    Change,
    Emit,
    Issue,
    Send,
    SetAttribute,
    SetTag,
    Skipped,
)
from loyalcore.effects.choosing import Candidates, Chooser
from loyalcore.effects.kind import AnyEffectKind, EffectKind, Facts, Planner, Run
from loyalcore.expression import Form, Function
from loyalcore.hookspecs import hookimpl
from loyalcore.intake.reader import EventReader, Record
from loyalcore.observers import Committed, Observer
from loyalcore.program.extending.acting import (
    Drop,
    Incoming,
    Note,
    Preparer,
    Proposal,
    Reviewer,
    Veto,
)
from loyalcore.program.extending.lints import Finding, Lint
from loyalcore.program.figures.metric_kind import MetricKind
from loyalcore.reports import ReportSection
from loyalcore.ruleset.words import Formula, Label
from loyalcore.values import (
    DATE,
    FLAG,
    ID,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIME,
    Locale,
    Type,
    Value,
)

__all__ = [
    "DATE",
    "FLAG",
    "ID",
    "INTEGER",
    "MONEY",
    "NUMBER",
    "TEXT",
    "TIME",
    "Accrue",
    "AnyEffectKind",
    "Candidates",
    "Change",
    "Chooser",
    "Committed",
    "Drop",
    "EffectKind",
    "Emit",
    "EventReader",
    "Facts",
    "Finding",
    "Form",
    "Formula",
    "Function",
    "Incoming",
    "Issue",
    "Label",
    "Lint",
    "Locale",
    "MetricKind",
    "Note",
    "Observer",
    "Planner",
    "Preparer",
    "Proposal",
    "Record",
    "ReportSection",
    "Reviewer",
    "Run",
    "Send",
    "SetAttribute",
    "SetTag",
    "Skipped",
    "Type",
    "Value",
    "Veto",
    "hookimpl",
]
