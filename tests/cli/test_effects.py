"""Effects in words: each kind of change that a decision may record has some."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec import json, to_builtins

from loyalcore.cli.effects import effect_text
from loyalcore.effects import changes
from loyalcore.effects.changes import Change

WORDS: list[tuple[Change, str]] = [
    (changes.Accrue("beans", 1000), "+1,000 beans"),
    (changes.Accrue("beans", 5, 15, "cap"), "+5 beans (15 cut by cap)"),
    (changes.Spend({"beans": 30, "stars": 1}), "-30 beans, -1 stars spent"),
    (changes.Spend({}), "no points spent"),
    (changes.CancelRedemption("r1", {"beans": 30}), "+30 beans given back"),
    (changes.Reverse("purchase:p1", "1/2", {"beans": 5}, {}), "-5 beans taken back"),
    (
        changes.Reverse("purchase:p1", "1", {"beans": 5}, {"beans": 2}),
        "-5 beans taken back, 2 beans forgiven",
    ),
    (changes.Activate({"beans": 5}), "+5 beans became active"),
    (changes.Expire({"beans": 5}), "-5 beans expired"),
    (changes.Adjust("beans", -5), "-5 beans by hand"),
    (changes.Transfer("beans", 5, "bob"), "-5 beans to bob"),
    (changes.Receive({"beans": 5}, "ann"), "+5 beans from ann"),
    (changes.Reinstate("beans", 5), "+5 beans brought back after expiry"),
    (changes.Freeze("beans", True), "beans frozen"),
    (changes.Freeze("beans", False), "beans free again"),
    (changes.Open("card", {}, 2), "offer card (2) opened"),
    (changes.Open("card", {}, 2, "2026-02-01"), "offer card (2) opened until 2026-02-01"),
    (changes.Advance("card", 2, "1", "3"), "offer card (2) at 1 of 3"),
    (changes.Advance("card", 2, "1", ""), "offer card (2) at 1"),
    (changes.Close("card", 2, "completed"), "offer card (2) completed"),
    (changes.Revoke("card"), "offer card taken back"),
    (changes.Issue("voucher", "cake"), "voucher cake"),
    (changes.Send("hello", "email", {}), "message hello by email"),
    (changes.SetAttribute("name", "Ann"), "name = Ann"),
    (changes.SetAttribute("name", None), "name cleared"),
    (changes.SetTag("new", True), "tag new"),
    (changes.SetTag("new", False), "tag new taken off"),
    (changes.Emit("praise", "bob", {}), "event praise for bob"),
    (changes.SetTier("club", "gold", "", "qualified"), "club gold, qualified"),
    (
        changes.SetTier("club", "silver", "gold", "dropped", "2027-01-01T00:00:00Z"),
        "club silver until 2027-01-01T00:00:00Z (was gold), dropped",
    ),
    (changes.SetTier("club", "", "blue", "dropped"), "club blue lost"),
    (changes.Retain("club", "gold", "2027-01-01"), "club gold kept until 2027-01-01"),
    (
        changes.AtRisk("club", "gold", "silver", "2027-01-01"),
        "club gold will be lost at 2027-01-01 (silver then)",
    ),
    (changes.AtRisk("club", "blue", "", "2027-01-01"), "club blue will be lost at 2027-01-01"),
    (
        changes.Part("partners", 1, "announced", "wish", "2026-02-01"),
        "partners (1) announced until 2026-02-01",
    ),
    (changes.Part("partners", 1, "proposed", "wish"), "partners (1) proposed"),
    (changes.HoldParting("partners", 1, True, "by hand"), "partners (1) held: by hand"),
    (
        changes.HoldParting("partners", 1, False, "", "2026-02-01"),
        "partners (1) goes on until 2026-02-01",
    ),
    (changes.EndParting("partners", 1, "improved"), "partners (1) ended: improved"),
    (changes.Settle("beans", 1000, "expired"), "1,000 beans expired"),
    (changes.Settle("beans", 7, "paid out", "0.07"), "7 beans paid out for 0.07"),
    (
        changes.Settle("beans", 5, "converted", to="stars", given=10),
        "5 beans converted into 10 stars",
    ),
    (changes.Settle("beans", 5, "vouchered", to="bye"), "5 beans vouchered into bye"),
    (changes.SetStage("client", "customer", "orders >= 2"), "stage client (was customer)"),
    (changes.SetStage("prospect"), "stage prospect"),
    (changes.CreateTask("call", number=2), "task call (2) for anyone"),
    (
        changes.CreateTask("call", "Wet", 2, ("desk", "boss"), "", "2026-02-01", sender="bob"),
        "task call (2) for desk or boss, due 2026-02-01, with bob",
    ),
    (changes.CreateTask("call", "", 2, ("desk",), "anna"), "task call (2) for anna"),
    (changes.ChangeTask("call", 2, "escalated", "boss"), "task call (2) escalated to boss"),
    (
        changes.ChangeTask("call", 2, "done", "", "reached", "anna", "Glad"),
        "task call (2) done by anna: reached (Glad)",
    ),
    (
        changes.AskApproval("gift", {"spent": 5}, 3, ("boss",), "2026-02-01"),
        "approval gift (3) asked of boss until 2026-02-01",
    ),
    (
        changes.ChangeApproval("gift", 3, "approved", by="bo", note="Yes"),
        "approval gift (3) approved by bo (Yes)",
    ),
    (changes.EnterJourney("journey", "onboarding", 2), "onboarding (2) entered"),
    (changes.EnterJourney("win_back", "lost", 2, held_out=True), "lost (2) entered, held out"),
    (changes.TakeStep("journey", "onboarding", 2, 1), "onboarding (2) step 1"),
    (changes.TakeStep("journey", "welcome", 2, 1, instead=True), "welcome (2) step 1 instead"),
    (changes.EndJourney("win_back", "lost", 2, "returned"), "lost (2) ended: returned"),
    (
        changes.OpenCase("complaints", "t-1", 2, "2026-01-01", "2026-01-02"),
        "complaints t-1 (2) opened, to be answered before 2026-01-02",
    ),
    (
        changes.OpenCase("complaints", "t-1", 2, "2026-01-01", outcome="lapsed", sender="bob"),
        "complaints t-1 (2) opened, ended: lapsed, with bob",
    ),
    (
        changes.ChangeCase("complaints", "t-1", 2, "answered", late=True),
        "complaints t-1 (2) answered late",
    ),
    (
        changes.ChangeCase("complaints", "t-1", 2, "closed", outcome="satisfied"),
        "complaints t-1 (2) closed: satisfied",
    ),
    (changes.ChangeCase("a", "t-1", 2, "moved", to="bob"), "a t-1 (2) moved to bob"),
    (changes.Carry("wallet", "stars", "beans", 1200), "1,200 stars moved to beans"),
    (changes.Carry("level", "silver", "plus"), "level silver is now plus"),
    (changes.Carry("offer", "card", ""), "offer card let go of"),
    (changes.SetScore("rfm", {"recency": 3}), "score rfm: recency = 3"),
    (changes.SetScore("rfm", {}), "score rfm: nothing can be said any more"),
    (changes.SetConsent(given=True), "consent given: everything by any channel"),
    (changes.SetConsent(given=False, purpose="news"), "consent withdrawn: news by any channel"),
    (changes.Noted("fraud", "the second"), "noted by fraud: the second"),
    (changes.Skipped("earn", "beans: its maximum"), "no earn: beans: its maximum"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WORDS, ids=str)
def test_words(change: Change, words: str) -> None:
    assert effect_text(json.decode(json.encode(change))) == words


def test_every_change_has_words() -> None:
    assert {type(change) for change, _ in WORDS} == set(get_args(Change))


def test_what_a_later_loyalcore_has_written_is_shown_as_it_is() -> None:
    later = {**to_builtins(changes.Adjust("beans", 5)), "effect": "later"}
    assert effect_text(later) == "{'effect': 'later', 'wallet': 'beans', 'points': 5}"
