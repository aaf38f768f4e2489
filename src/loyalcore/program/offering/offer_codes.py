"""The codes of offers, and the events that present them."""

from __future__ import annotations

from collections.abc import Mapping

from loyalcore.errors import did_you_mean
from loyalcore.program.names import Names
from loyalcore.program.offering.offer_plan import BATCH, PERSONAL, plain_code
from loyalcore.program.report import Place, Report
from loyalcore.ruleset.model import Ruleset


def read_codes(ruleset: Ruleset, report: Report) -> dict[str, str]:
    """The offers that have a code which anyone may present, by code. Reports codes that
    can't be told apart."""
    codes: dict[str, str] = {}
    for name, spec in ruleset.offers.items():
        if spec.code is None or spec.code in (PERSONAL, BATCH):
            continue
        place: Place = ("offers", name, "code")
        code = plain_code(spec.code)
        if not code:
            report.problem("bad-offer", "a code has letters or digits", place)
        elif code in codes:
            hint = "small letters, spaces and dashes make no difference"
            report.problem("bad-offer", f"{codes[code]} has the same code", place, hint=hint)
        else:
            codes[code] = name
    return codes


def read_presented(ruleset: Ruleset, names: Names, report: Report) -> dict[str, str]:
    """The field with a code, of each event type that has one."""
    presented = {}
    for event, spec in ruleset.events.items():
        if spec.presents is None or event not in names.events:
            continue
        place: Place = ("events", event, "presents")
        fields = names.events[event]
        type_ = fields.get(spec.presents)
        if type_ is None:
            hint = did_you_mean(spec.presents, fields)
            message = f"{event} has no field '{spec.presents}'"
            report.problem("unknown-name", message, place, hint=hint)
        elif type_.kind not in ("text", "id"):
            message = f"{event}.{spec.presents} is {type_}; a code is a text or id"
            report.problem("wrong-type", message, place)
        presented[event] = spec.presents
    return presented


def check_presented(
    ruleset: Ruleset, reached: Mapping[str, str], presented: Mapping[str, str], report: Report
) -> None:
    """Report offers with a code that the event type they are `reached` by can't present."""
    for name, event in reached.items():
        if ruleset.offers[name].code is not None and event not in presented:
            report.problem(
                "bad-offer",
                f"a {event} presents no code",
                ("offers", name, "code"),
                hint=f"write `presents: FIELD` among the fields of {event}",
            )
