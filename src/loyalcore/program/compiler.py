"""From a checked ruleset to a Program: names resolved, types checked, code generated.

All mistakes are found in one go. The order is that of the language: what is declared
(attributes, events, tables, metrics, wallets), then what is decided (rules, messages).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import iso4217

from loyalcore.calendars import read_duration
from loyalcore.errors import Problem, RulesetInvalid, did_you_mean
from loyalcore.expression import Scope
from loyalcore.matching import MatcherName, build
from loyalcore.program.builtin_events import DUE
from loyalcore.program.care.contact import declare_contact, plan_contact
from loyalcore.program.care.journeys import implied_triggers
from loyalcore.program.extending.acting import Prepare, Review, plan_prepares, plan_reviews
from loyalcore.program.extending.vocabulary import Vocabulary
from loyalcore.program.figures.derived import Derived, derived_for, plan_derived
from loyalcore.program.figures.metric_plan import LogPlan, MetricPlan
from loyalcore.program.figures.metrics import plan_logs, plan_metrics
from loyalcore.program.figures.scores import ScorePlan, declare_scores, plan_scores
from loyalcore.program.figures.tables import read_tables, table_text
from loyalcore.program.migration import life_terms, plan_migration
from loyalcore.program.names import IDENTITIES, MOMENTS, OPEN_OFFERS, Names, declare
from loyalcore.program.offering.offer_plan import OfferUse
from loyalcore.program.offering.offers import OfferPlanner
from loyalcore.program.parting.dissolution import quiet_reasons
from loyalcore.program.plan import EventPlan, Program
from loyalcore.program.planner import RulePlanner, names_in
from loyalcore.program.points.act_plan import Acts
from loyalcore.program.points.acts import plan_acts
from loyalcore.program.points.costs import read_costs
from loyalcore.program.points.margins import Margin, plan_margins
from loyalcore.program.points.wallets import read_wallets
from loyalcore.program.report import Place, Report
from loyalcore.program.selecting.rewards import Catalogue, PlannerOf, plan_catalogue
from loyalcore.program.selecting.rule_plan import RulePlan
from loyalcore.program.selecting.rules import plan_rule
from loyalcore.program.selecting.selection import check_groups
from loyalcore.program.timing.life import declare_life, plan_life
from loyalcore.program.timing.life_plan import TriggerPlan
from loyalcore.program.timing.triggers import declare_figures
from loyalcore.program.timing.watching import Watching
from loyalcore.program.unused import warn_unused
from loyalcore.ruleset.load import Draft
from loyalcore.ruleset.model import Ruleset
from loyalcore.ruleset.source import Document
from loyalcore.values import Locale, Type

LANGUAGE = 1  # raised when the same ruleset would come to mean something else


class Compiled(NamedTuple):
    """A program, and what a careful author would still look at."""

    program: Program
    warnings: tuple[Problem, ...]


def compile_program(draft: Draft, vocabulary: Vocabulary, matcher: MatcherName) -> Compiled:
    """The program that a ruleset describes. Raises RulesetInvalid with every problem."""
    document = draft.document
    spoken: set[tuple[str, str]] = set()
    vocabulary = vocabulary.heard(spoken)
    report = Report(document, draft.problems, draft.broken, whole=draft.whole)
    ruleset = quiet_reasons(implied_triggers(draft.ruleset, report), report)
    locale = _locale(ruleset, report)
    names = declare(ruleset, report)
    declare_life(ruleset, names, report)
    declare_contact(ruleset, names, report)
    declared = declare_scores(ruleset, names, vocabulary, locale, report)
    tables = read_tables(ruleset, locale, report)
    scope = Scope({}, tables, vocabulary.functions, locale)
    margins = plan_margins(ruleset, names, scope, report)
    metrics = plan_metrics(ruleset, names, scope, vocabulary, report)
    scores, scored_by = plan_scores(declared, names, scope, report)
    wallets = read_wallets(ruleset, scope, report)
    costs = read_costs(ruleset, scope, report)
    names.metrics = {name: plan.type for name, plan in metrics.items()}
    declare_figures(ruleset, names)
    report.missing(ruleset.metrics.keys() - metrics.keys())
    derived = plan_derived(ruleset, names, scope, report)
    contact = plan_contact(ruleset, names, scope, report)
    derived = (*derived, *contact.derived)
    check_groups(ruleset, locale, report)
    rules: dict[str, list[tuple[RulePlan, frozenset[str]]]] = {event: [] for event in names.events}
    used: set[Place] = set()
    planners: list[RulePlanner] = []

    def planner_in(known: Mapping[str, Type]) -> RulePlanner:
        inner = replace(scope, names=known)
        planners.append(RulePlanner(ruleset, names, inner, locale, vocabulary, report, used))
        return planners[-1]

    def planner_of(event: str) -> RulePlanner:
        return planner_in(names.of_rule(event))

    planning = OfferPlanner(ruleset, names, planner_in, report)
    planning.declare()
    acts = plan_acts(ruleset, names, wallets, locale, report)
    catalogues = {
        event: plan_catalogue(event, does.redeems, planner_of)
        for event, does in acts.items()
        if does.redeems is not None
    }
    offers, uses = planning.plan()
    watching = Watching(ruleset, names, planner_in, derived, report)
    watching.read[DUE] |= contact.reads
    life = plan_life(watching, metrics)
    prepares = plan_prepares(ruleset, vocabulary, ruleset.events, report)
    reviews = plan_reviews(ruleset, vocabulary, names.events, planner_of, report)
    for event, planned in _plan_rules(ruleset, names, planner_of, report):
        rules[event].append(planned)
    migration = plan_migration(ruleset, names, report)
    _check_unsent(ruleset, used, report)
    _check_readers(ruleset, names, report)
    read: set[str] = set()
    read.update(contact.reads, *(one.read for one in planners), *(one.reads for one in derived))
    warn_unused(ruleset, used, read, report)
    if report.broken:
        raise RulesetInvalid(report.problems)
    logs = plan_logs(metrics.values())
    program = Program(
        name=ruleset.program,
        hash=_hash(draft.ruleset, document, vocabulary.fingerprint_of(spoken), scores.values()),
        locale=locale,
        attributes=names.attributes,
        metrics=metrics,
        logs=logs,
        wallets=wallets,
        tables=tables,
        messages=ruleset.messages,
        languages=ruleset.languages,
        written=names.written,
        events={
            event: _plan_event(
                event,
                ruleset,
                names,
                metrics,
                logs,
                derived,
                rules[event],
                locale,
                matcher,
                acts,
                catalogues.get(event),
                uses.get(event),
                planning.read[event] | watching.read[event] | scored_by[event],
                tuple(t for t in life.triggers if event in t.touched) if life else (),
                life is not None and life.concerned(event),
                margins.get(event),
                prepares.get(event, ()),
                reviews.get(event, ()),
            )
            for event in names.events
        },
        matcher=matcher,
        offers=offers,
        life=life,
        allow_late=None if ruleset.allow_late is None else read_duration(ruleset.allow_late),
        migration=migration,
        costs=costs,
        contact=contact.plan,
        scores=scores,
        derived={one.name: one.told for one in derived if one.told is not None},
        plugins=tuple(vocabulary.providers(spoken)),
        on_plugin_error=ruleset.plugins.on_error,
        terms=life_terms(ruleset, document, metrics, watching.watched),
    )
    return Compiled(program, report.problems)


def _locale(ruleset: Ruleset, report: Report) -> Locale:
    try:
        currency = iso4217.Currency(ruleset.currency)
        exponent = currency.exponent
        if exponent is None:
            raise ValueError(f"{ruleset.currency} has no minor unit")
    except ValueError:
        codes = [currency.code for currency in iso4217.Currency]
        hint = did_you_mean(ruleset.currency, codes) or "an ISO 4217 code such as EUR"
        report.problem(
            "bad-value", f"unknown currency '{ruleset.currency}'", ("currency",), hint=hint
        )
        exponent = 2
    try:
        zone = ZoneInfo(ruleset.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(ruleset.timezone, available_timezones()) or "such as Europe/Oslo"
        report.problem(
            "bad-value", f"unknown time zone '{ruleset.timezone}'", ("timezone",), hint=hint
        )
        zone = ZoneInfo("UTC")
    return Locale(ruleset.currency, exponent, zone)


def _plan_rules(
    ruleset: Ruleset, names: Names, planner_of: PlannerOf, report: Report
) -> Iterator[tuple[str, tuple[RulePlan, frozenset[str]]]]:
    """Each sound rule for each event it is on, with the names it reads."""
    for name, spec in ruleset.rules.items():
        for position, event in enumerate(spec.on):
            if event not in names.events:
                hint = did_you_mean(event, names.events)
                place = ("rules", name, "on", position)
                report.problem("unknown-name", f"there is no event '{event}'", place, hint=hint)
                continue
            planner = planner_of(event)
            rule = plan_rule(name, spec, planner)
            if rule is not None:
                yield event, (rule, frozenset(planner.read))


def _check_unsent(ruleset: Ruleset, used: Container[Place], report: Report) -> None:
    """Check the templates of messages that nothing sends: they are read for nothing else."""
    for message, written in ruleset.messages.items():
        if ("messages", message) not in used:
            for part, text in written.parts():
                names_in(text, ("messages", message, *part), report)


def _check_readers(ruleset: Ruleset, names: Names, report: Report) -> None:
    """Check that the customer's language and addresses are attributes, and texts."""
    asked: list[tuple[Place, str | None, str]] = [
        (("languages", "of"), ruleset.languages.of, "a language is a text"),
        *(
            (("messages", message, "to", *filter(None, (channel,))), name, "an address is a text")
            for message, spec in ruleset.messages.items()
            for channel, name in spec.to.items()
        ),
    ]
    for place, name, expected in asked:
        type_ = names.attributes.get((name or "").removeprefix("customer."))
        if name is not None and type_ is None:
            hint = did_you_mean(name, names.attributes)
            report.problem("unknown-name", f"there is no attribute '{name}'", place, hint=hint)
        elif type_ is not None and type_.kind not in ("text", "id"):
            report.problem("bad-message", f"'{name}' is {type_}; {expected}", place)


def _plan_event(
    event: str,
    ruleset: Ruleset,
    names: Names,
    metrics: Mapping[str, MetricPlan],
    logs: Mapping[str, LogPlan],
    derived: tuple[Derived, ...],
    planned: list[tuple[RulePlan, frozenset[str]]],
    locale: Locale,
    matcher: MatcherName,
    acts: Mapping[str, Acts],
    catalogue: Catalogue | None,
    offers: OfferUse | None,
    of_sections: Iterable[str],
    triggers: tuple[TriggerPlan, ...],
    concerns: bool,
    margin: Margin | None,
    prepares: tuple[Prepare, ...],
    reviews: tuple[tuple[Review, frozenset[str]], ...],
) -> EventPlan:
    # Written order decides among equal priorities: the sort is stable.
    planned = sorted(planned, key=lambda pair: -pair[0].priority)
    rules = tuple(rule for rule, _ in planned)
    own = tuple(metric for metric in metrics.values() if metric.feed.event == event)
    read = frozenset(catalogue.read if catalogue else ()).union(
        of_sections,
        margin.reads if margin else (),
        *(reads for _, reads in reviews),
        *(reads for _, reads in planned),
        *(metric.feed.reads for metric in own),
    )
    fields, declared = names.events[event], ruleset.events.get(event)
    made, read = derived_for(derived, read, fields)
    attributes = {
        name: name.removeprefix("customer.")
        for name in read
        if name not in fields and name.removeprefix("customer.") in names.attributes
    }
    return EventPlan(
        name=event,
        fields=fields,
        required=tuple(name for name, spec in declared.fields.items() if spec.required)
        if declared
        else (),
        locale=locale,
        logs=tuple(log for log in logs.values() if log.feed.event == event),
        running=tuple(metric for metric in own if metric.window is None),
        rules=rules,
        matcher=build([rule.condition for rule in rules], matcher),
        moments=tuple(name for name in MOMENTS if name in read),
        attributes=tuple(sorted(attributes.items())),
        metrics=tuple(metric for name, metric in metrics.items() if name in read),
        balances=tuple(
            (f"balance.{wallet}", wallet) for wallet in names.wallets if f"balance.{wallet}" in read
        ),
        pendings=tuple(
            (f"pending.{wallet}", wallet) for wallet in names.wallets if f"pending.{wallet}" in read
        ),
        tags="tags" in read,
        identities=tuple(name for name in IDENTITIES if name in read),
        derived=made,
        acts=acts.get(event),
        rewards=catalogue.rewards if catalogue else {},
        offers=offers,
        open_offers=OPEN_OFFERS in read,
        standings=tuple((n, one.read) for n, one in names.standings.items() if n in read),
        triggers=triggers,
        concerns=concerns,
        margin=margin,
        prepares=prepares,
        reviews=tuple(review for review, _ in reviews),
        redemptions_kept=any(
            does.cancels is not None and does.cancels.event == event for does in acts.values()
        ),
    )


_FOR_PEOPLE: Mapping[str, Any] = {
    "include": True,
    "about": True,
    **{
        section: {"__all__": {"about": True}}
        for section in (
            *("triggers", "tiers", "stages", "tasks", "approvals"),
            *("rules", "rewards", "offers", "journeys", "win_back", "recovery", "dissolution"),
            "scores",
        )
    },
}


def _hash(ruleset: Ruleset, document: Document, words: str, scores: Iterable[ScorePlan]) -> str:
    """The name of what the program means: its sections, its tables, its words, and the versions of
    its strategies."""
    tables = {name: table_text(document, name) for name, spec in ruleset.tables.items() if spec.csv}
    meaning = json.dumps(
        [
            LANGUAGE,
            words,
            ruleset.model_dump(mode="json", by_alias=True, exclude=_FOR_PEOPLE),
            tables,
            [[one.name, one.strategy, one.version] for one in scores],
        ]
    )  # keys as written: the order of rules, and of what they do, is part of the meaning
    return sha256(meaning.encode()).hexdigest()
