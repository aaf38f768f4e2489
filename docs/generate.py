"""Write the parts of these pages that are made from the code.

    python docs/generate.py            write what is out of date
    python docs/generate.py --check    only tell; exit status 1 when something is

A page is written by hand but for what stands between `<!-- made: NAME -->` and
`<!-- end -->`: that is replaced by what the function of that name below returns.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import unified_diff
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import click
from click.testing import CliRunner
from pydantic import BaseModel, WithJsonSchema

import loyalcore
from loyalcore import builtin, hookspecs
from loyalcore.cli import main as command_line
from loyalcore.delivery.pace import Pace
from loyalcore.engine.apply import MAX_DEPTH as DEEPEST_EMISSION
from loyalcore.engine.points.redemption import MAX_QUANTITY
from loyalcore.events import MAX_NAME
from loyalcore.expression import CODES, FUNCTIONS, OVER, Scope, TableType, check
from loyalcore.expression.calls import MAX_NESTING
from loyalcore.expression.patterns import MAX_PATTERN
from loyalcore.expression.scan import MAX_DEPTH, MAX_LENGTH
from loyalcore.expression.syntax import MAX_NODES
from loyalcore.intake.envelope import MAX_LINE
from loyalcore.ledger import MAX_POINTS
from loyalcore.program.builtin_events import BUILTIN_EVENTS
from loyalcore.program.names import IDENTITIES, MOMENTS
from loyalcore.program.schema import CRITERIA, SHORT_FORMS, json_schema
from loyalcore.program.selecting.selection import MAX_LIMIT
from loyalcore.ruleset.contact import ChannelsSpec, ContactSpec, QuietHoursSpec
from loyalcore.ruleset.costs import CostsSpec, PauseSpec
from loyalcore.ruleset.disk import MAX_BYTES
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
from loyalcore.ruleset.source import MAX_CHAIN
from loyalcore.ruleset.stages import EntrySpec, ExitSpec, StageSpec, WaySpec
from loyalcore.ruleset.tasks import ApprovalSpec, EscalationSpec, TaskSpec
from loyalcore.ruleset.tiers import CriteriaSpec, LevelSpec, TierSpec
from loyalcore.ruleset.tree import MAX_VALUES
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
from loyalcore.values import FLAG, MAX_DIGITS, MAX_TEXT, Locale, Type

DOCS = Path(__file__).parent
SCHEMA = "ruleset.schema.json"
MADE = re.compile(r"(<!-- made: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with --check tell how they differ from what would be written."""
    parser = argparse.ArgumentParser(description="Write what is made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; tell differences")
    only_tell = parser.parse_args(arguments).check
    os.environ["LOYALCORE_PLUGINS"] = "loyalcore"  # whatever else is installed here
    stale = []
    for path, text in pages():
        written = path.read_text("utf-8") if path.exists() else ""
        if text == written:
            continue
        stale.append(path)
        if only_tell:
            name = path.name
            lines = written.splitlines(), text.splitlines()
            print(*unified_diff(*lines, name, f"{name} as made", lineterm="", n=1), sep="\n")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    if stale and only_tell:
        names = ", ".join(path.name for path in stale)
        print(f"\nout of date: {names}; `make docs` writes them", file=sys.stderr)
    return 1 if stale and only_tell else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Every file that has something made in it, with its text as it should be."""
    effects = {kind.name: kind for kind in builtin.loyalcore_effects()}
    strategies = {kind.name: kind for kind in builtin.loyalcore_scoring()}
    schema = json_schema(dict(sorted(effects.items())), dict(sorted(strategies.items())))
    yield DOCS / SCHEMA, json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text("utf-8")
        if MADE.search(text):
            yield path, MADE.sub(_made, text)


def _made(region: re.Match[str]) -> str:
    return f"{region[1]}{PARTS[region['name']]().strip()}\n{region[3]}"


# --- Markdown ---------------------------------------------------------------------------


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def prose(doc: str | None) -> str:
    """A docstring as paragraphs."""
    return inspect.cleandoc(doc or "").replace("::\n", ":\n")


# --- language.md ------------------------------------------------------------------------


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


def effects() -> str:
    """Every effect that comes with loyalcore."""
    parts = []
    for kind in builtin.loyalcore_effects():
        parts.append(f"### `{kind.name}`\n\n{prose(kind.model.__doc__)}")
        if "root" not in kind.model.model_fields:
            parts.append(keys(kind.model))
    return "\n\n".join(parts)


_SCORED: Mapping[str, Mapping[str, object]] = {
    "rfm": {"event": "purchase", "amount": "amount"},
    "abc": {"event": "purchase", "amount": "amount"},
    "trend": {"event": "purchase", "amount": "amount"},
    "churn": {"event": "purchase"},
    "shopper": {"event": "purchase", "promotion": "discount > 0"},
    "satisfaction": {
        "event": "survey",
        "experience": "rating",
        "expected": "expected",
        "recommends": "recommend",
    },
    "engagement": {"events": {"review": 5}},
}
"""Settings that make each strategy say all that it can."""


def strategies() -> str:
    """Every scoring strategy that comes with loyalcore: what it is, and its settings."""
    parts = []
    for kind in builtin.loyalcore_scoring():
        module = inspect.getmodule(kind.make)
        parts.append(f"### `{kind.name}`\n\n{prose(inspect.getdoc(module))}")
        parts.append(keys(kind.settings))
        made = kind.make(kind.settings.model_validate(_SCORED[kind.name]), _SCOPE.locale)
        said = [(code(output), _type(type_)) for output, type_ in made.outputs.items()]
        parts.append(table(("it says", "type"), said))
    return "\n\n".join(parts)


_NAMES = {
    "time": "when the event happened",
    "date": "the day it happened, in the program's time zone, like all below",
    "weekday": "the day of the week",
    "year": "the year, as 2026",
    "month": "the month, 1 to 12",
    "day": "the day of the month, 1 to 31",
    "hour": "the hour, 0 to 23",
    "event.id": "the event's id",
    "event.type": "its type",
    "event.source": "where it came from",
    "customer.id": "whose event it is",
    "customer.since": "when their first event happened",
}


def names() -> str:
    """The names that every expression of a rule knows."""
    rows = [
        (code(name), _type(type_), _NAMES[name])
        for name, type_ in (*MOMENTS.items(), *IDENTITIES.items())
    ]
    return table(("name", "type", "what it is"), rows)


def _type(type_: Type) -> str:
    words = ", ".join(code(word) for word in type_.options)
    return f"{type_}: {words}" if words else str(type_)


_BUILTIN = {
    "due": "something of this customer's is due: points turn active or expire, an offer lapses",
    "points_activated": "pending points have turned active",
    "points_expired": "points have expired",
    "points_received": "another customer has transferred points",
    "customer_merged": "another customer was merged into this one",
    "customer_split": "this customer was taken out of another again",
    "offer_completed": "an offer was completed",
    "offer_lapsed": "an offer ran out of time",
    "adjust_points": "an operator gives points, or takes them (below 0)",
    "open_offer": "an operator opens an offer; its fields are a JSON object in a text",
    "revoke_offer": "an operator takes an offer back",
    "tier_entered": "the customer has come to a level; `was` is the one before, and `how` tells "
    "by what: qualified, review, dropped, invited, upgraded, set, activated",
    "tier_left": "the customer has left a level, and is at the level `to` now",
    "tier_retained": "a level is kept again, `until` then",
    "tier_at_risk": "a level will be lost at `until`, if nothing is done",
    "stage_entered": "the customer has entered a stage; `was` is the one before",
    "stage_left": "the customer has left a stage, for the stage `to`",
    "journey_entered": "a journey or win-back was entered, for the `number`th time",
    "journey_ended": "it ended, with its outcome",
    "dissolution_proposed": "people are asked to approve that a relationship is ended",
    "dissolution_phase": "it has come into a phase: improving, announced, notice, redemption, "
    "settlement, closed",
    "dissolution_ended": "it has ended: improved, rejected, expired, withdrawn, merged or closed",
    "dissolution_reopened": "a relationship that was closed is taken up again",
    "paid_out": "points were paid out in money, as a relationship was settled",
    "debt_invoiced": "points that were owed are to be paid for in money",
    "program_activated": "another ruleset has taken over",
    "task_created": "people are asked to do a task",
    "task_escalated": "nobody has done a task, so it went to the role `to` as well",
    "task_completed": "a task was done",
    "case_opened": "the customer has opened a case of a recovery",
    "case_overdue": "its promise is over, and it is not answered",
    "case_answered": "it was answered; `late` after its promise was over",
    "case_closed": "it ended, with its outcome",
    "case_reopened": "it was opened again, for the `times`th time",
    "approval_decided": "it was decided: `decision` is approved, rejected or expired",
    "set_tier": "an operator sets the level; none where `level` is missing",
    "set_stage": "an operator sets the stage",
    "scored": "a score says something else of the customer; what, stands in the event as `values`",
    "task_done": "a person has done a task; without `number`, the latest of its name",
    "task_assigned": "a person (`by`) hands a task on",
    "approval_given": "a person approves, or rejects where `approved` is false",
    "pause_dissolution": "a person (`by`) holds a dissolution where it is",
    "resume_dissolution": "a person lets it go on",
    "withdraw_dissolution": "a person ends it before it is closed",
    "reopen_dissolution": "a person takes up again what is closed",
    "consent_given": "the customer may be written to for the purpose by the channel; without one, "
    "for all, by all; `origin` is where they said so",
    "consent_withdrawn": "the customer may not be written to any more, likewise",
    "unsubscribed": "the same, by a link in a message or an answer to it",
}


def builtin_events() -> str:
    """The events that every program knows, and their fields."""
    rows = [
        (code(name), ", ".join(code(field) for field in fields), _BUILTIN[name])
        for name, fields in BUILTIN_EVENTS.items()
    ]
    return table(("event", "fields", "when"), rows)


def functions() -> str:
    """Every function that comes with loyalcore, and what is asked of line items."""
    over = [spelled.split(" - ") for spelled in OVER.values()]
    values = [(code(function.signature), function.doc) for function in FUNCTIONS.values()]
    items = [(", ".join(map(code, forms.split("), "))), doc) for forms, doc in over]
    items = [(forms.replace("(items`", "(items)`"), doc) for forms, doc in items]
    return (
        f"{table(('function', 'gives'), values)}\n\n"
        f"Of line items, and of lists of text:\n\n{table(('asked', 'gives'), items)}"
    )


def limits() -> str:
    """How large anything may be."""
    nested = f"{MAX_DEPTH} brackets deep, `for` inside `for` {MAX_NESTING} deep"
    bounds = [
        ("one file of a ruleset", f"{MAX_BYTES // 2**20} MiB, {MAX_VALUES:,} keys and values"),
        ("files that include one another", f"{MAX_CHAIN} deep"),
        ("an expression", f"{MAX_LENGTH:,} characters, {MAX_NODES} parts, {nested}"),
        ("a pattern of `matches`", f"{MAX_PATTERN} characters"),
        ("a number", f"{MAX_DIGITS} digits; a whole number 64 bits"),
        ("a text or an id in an event", f"{MAX_TEXT:,} characters"),
        ("the customer, type, id and source of an event", f"{MAX_NAME} characters"),
        ("an event as it is received", f"{MAX_LINE // 2**20} MiB"),
        ("the times in a `limit`", f"{MAX_LIMIT:,}"),
        ("events that cause events", f"{DEEPEST_EMISSION} deep"),
        ("the points of one `earn`", f"{MAX_POINTS:,}"),
        ("pieces of a reward redeemed at once", f"{MAX_QUANTITY:,}"),
    ]
    return table(("what", "at most"), bounds)


# --- points.md --------------------------------------------------------------------------

FILE = re.compile(r"^```(?:yaml|csv) (?P<name>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def entries(events: str) -> Callable[[], str]:
    """What `loyalcore ledger show` tells of one of the files of events on the page."""
    return lambda: _ledger()[events]


@cache
def _ledger() -> Mapping[str, str]:
    """The entries that each file of events on the page adds, when they are run in turn."""
    made = {}
    files = dict(FILE.findall((DOCS / "points.md").read_text("utf-8")))
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, "utf-8")
        ruleset, *events = (Path(folder, name) for name in files)
        store = str(Path(folder, "points.db"))
        last = 0
        for file in events:
            _say("run", str(ruleset), str(file), "--db", store)
            shown = json.loads(_say("ledger", "show", "--db", store, "--limit", "1000", "--json"))
            added = [entry for entry in reversed(shown) if entry["seq"] > last]
            last += len(added)
            made[file.stem] = _entries(added)
    return made


def _say(*command: str) -> str:
    """What a command of the page says; that it is refused would be a mistake of the page."""
    return CliRunner().invoke(command_line, command, catch_exceptions=False).stdout


def _entries(entries: Iterable[Mapping[str, object]]) -> str:
    def cells(entry: Mapping[str, object]) -> tuple[str, ...]:
        who = f"{entry['customer']}, lot {entry['lot']}"
        until = f", expires {entry['expires']}" if entry["expires"] else ""
        points, event = f"{entry['points']:+}", str(entry["event"])
        type_ = event.partition(" ")[0]  # what the program makes itself has a hash for an id
        time = str(entry["time"])
        return (
            time,
            who,
            f"{entry['kind']}{until}",
            str(entry["bucket"]),
            points,
            code(str(entry["rule"])),
            event if type_ not in BUILTIN_EVENTS else type_,
        )

    return table(
        ("time", "whose", "kind", "bucket", "points", "rule", "event"),
        [cells(entry) for entry in entries],
    )


# --- problems.md ------------------------------------------------------------------------

_FIELDS = {
    "amount": Type("money"),
    "channel": Type("text", ("shop", "web")),
    "note": Type("text"),
    "orders": Type("integer"),
    "birthday": Type("date"),
    "consent.email": Type("flag"),
    "items": Type("lines", fields={"sku": Type("id"), "amount": Type("money")}),
}
_PRODUCTS = TableType("products", Type("id"), {"category": Type("text")}, {"CUP": {}, "MUG": {}})
_SCOPE = Scope(_FIELDS, {"products": _PRODUCTS}, FUNCTIONS, Locale("EUR", 2, ZoneInfo("UTC")))

WRONG = {
    "empty": "''",
    "too-long": f"amount >= {'1' * 2_000}",
    "too-deep": f"{'(' * 60}amount >= 1{')' * 60}",
    "too-big": "orders in [" + ", ".join("1" * 600) + "]",
    "syntax": "amount >=",
    "character": "amount @ 5",
    "operator": "amount => 5",
    "missing-operator": "orders 5",
    "bracket": "(orders == 1",
    "open-text": "note == 'late",
    "number": "orders == 007",
    "null": "note == None",
    "reserved-word": "class == 1",
    "refused": "note.lower() == 'x'",
    "unknown-name": "amuont >= 5",
    "name-group": "consent",
    "name-taken": "any(orders.amount > 5 for orders in items)",
    "whole-line": "any(line == 'CUP' for line in items)",
    "unknown-function": "len(note) > 5",
    "arguments": "lower(amount) == 'x'",
    "unknown-table": "prices['CUP'].category == 'x'",
    "table-use": "products == 'x'",
    "unknown-column": "products['CUP'].colour == 'x'",
    "unknown-row": "products['CAP'].category == 'x'",
    "type": "note == 5",
    "order": "note > 'a'",
    "not-a-condition": "orders and amount > 5",
    "money-literal": "amount >= 9.999",
    "date-literal": "birthday > '31.01.1990'",
    "unknown-option": "channel == 'wbe'",
    "division-by-zero": "orders / 0 > 1",
    "pattern": "matches(note, '(')",
}
"""For each code of CODES an expression that has just this mistake."""

LONGEST = 40  # characters of an expression that is shown


def expressions() -> str:
    """Every mistake in an expression, with an example and what is said of it."""
    rows = []
    for name, meaning in CODES.items():
        text = WRONG[name].removeprefix("''")
        (mistake,) = check(text, _SCOPE, FLAG)[1]
        if mistake.code != name:
            raise ValueError(f"{text} is an example of {mistake.code}, not of {name}")
        hint = f" ({mistake.hint})" if mistake.hint else ""
        shown = code(text) if len(text) <= LONGEST else ""
        rows.append((code(name), meaning, shown, f"{mistake.message}{hint}"))
    return table(("code", "what it means", "such as", "what is said"), rows)


# --- cli.md -----------------------------------------------------------------------------


def commands() -> str:
    """Every command, its arguments and its options."""
    top = click.Context(command_line, info_name="loyalcore")
    parts = []
    for path, command in _commands((), command_line):
        context = click.Context(command, info_name=" ".join(path), parent=top)
        usage = " ".join(("loyalcore", *path, *command.collect_usage_pieces(context)))
        options = [
            (code(record[0]), record[1])
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option)
            and (record := parameter.get_help_record(context))
            and "--help" not in record[0]
        ]
        help_ = inspect.cleandoc(command.help or "").replace("\b\n", "")
        parts.append(f"## `loyalcore {' '.join(path)}`\n\n`{usage}`\n\n{help_}")
        if options:
            parts.append(table(("option", "what it does"), options))
    return "\n\n".join(parts)


def _commands(
    path: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that do something, by their words, in order."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in sorted(command.list_commands(context)):
        below = command.get_command(context, name)
        assert below is not None
        yield from _commands((*path, name), below)


# --- plugins.md -------------------------------------------------------------------------


def hooks() -> str:
    """Every hook, its arguments and what it is for."""
    rows = [
        (code(f"{name}{inspect.signature(hook)}"), prose(hook.__doc__))
        for name, hook in vars(hookspecs).items()
        if name.startswith("loyalcore_")
    ]
    return table(("hook", "what it gives"), rows)


# --- architecture.md --------------------------------------------------------------------


def layout() -> str:
    """The folders and modules of src/loyalcore, by what they say of themselves."""
    source = Path(loyalcore.__file__).parent
    return table(("where", "what happens there"), list(_layout(source, source)))


def _layout(folder: Path, source: Path) -> Iterator[tuple[str, str]]:
    """Of a folder its modules too where it is the whole, and else the folders in it."""
    for path in sorted(folder.iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        shown = path.is_dir() or folder == source
        if shown and module.suffix == ".py" and module.exists() and path.name[:2] != "__":
            doc = inspect.cleandoc(module.read_text("utf-8").split('"""')[1]).partition("\n\n")[0]
            name = path.relative_to(source).as_posix()
            yield code(name + "/" * path.is_dir()), doc
            if path.is_dir():
                yield from _layout(path, source)


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
    "strategies": strategies,
    "migration": section(MigrationSpec),
    "acts": lambda: keys(EventSpec),
    "references": section(ReferenceSpec),
    "reversals": section(ReversalSpec, ReferenceSpec),
    "builtin-events": builtin_events,
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
    "hooks": hooks,
    "pause": section(PauseSpec),
    "contact": section(ContactSpec),
    "quiet": section(QuietHoursSpec),
    "channels": section(ChannelsSpec),
    "costs": section(CostsSpec),
    "plugins": section(PluginsSpec),
    "preparing": section(PrepareSpec),
    "reviewing": section(ReviewSpec),
    "effects": effects,
    "names": names,
    "functions": functions,
    "limits": limits,
    "test-files": section(TestFileSpec),
    "tests": section(TestSpec),
    "happens": section(HappensSpec),
    "known": section(CustomerSpec),
    "ranks": section(RankSpec),
    "stays": section(StaySpec),
    "points": section(PointSpec),
    "expressions": expressions,
    "commands": commands,
    "layout": layout,
    **{
        f"entries-{name}": entries(name)
        for name in (
            *("earn", "deliver", "spend", "cancel", "refund", "gift", "owe", "expire"),
            *("merge", "split"),
        )
    },
}

if __name__ == "__main__":
    sys.exit(main())
