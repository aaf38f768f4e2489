"""Scoring: strategies that tell customers apart by their past, those of loyalcore among them.

`strategy` has what a plugin implements; what it may build on is here. The strategies that
loyalcore brings have a module each.
"""

from loyalcore.calendars import Duration, read_duration
from loyalcore.ruleset.words import DurationText, Formula
from loyalcore.scoring.figures import DAY, column, grade, rounded, total
from loyalcore.scoring.strategy import (
    OUTPUTS,
    AnyStrategyKind,
    Asked,
    CannotScore,
    Input,
    Occurrence,
    Strategy,
    StrategyKind,
    StrategySettings,
    Summary,
)
from loyalcore.values import FLAG, INTEGER, MONEY, NUMBER, TEXT, Locale, Type, Value

__all__ = [
    "DAY",
    "FLAG",
    "INTEGER",
    "MONEY",
    "NUMBER",
    "OUTPUTS",
    "TEXT",
    "AnyStrategyKind",
    "Asked",
    "CannotScore",
    "Duration",
    "DurationText",
    "Formula",
    "Input",
    "Locale",
    "Occurrence",
    "Strategy",
    "StrategyKind",
    "StrategySettings",
    "Summary",
    "Type",
    "Value",
    "column",
    "grade",
    "read_duration",
    "rounded",
    "total",
]
