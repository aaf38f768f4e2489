"""What sections of a ruleset decide by themselves, in words."""

from __future__ import annotations

_DONE = {
    "wallets.expires": "points expired",
    "wallets.pending": "points that were pending became active, or lapsed",
    "offers.opened": "the offer was opened",
    "offers.advanced": "the event counted towards the offer",
    "offers.lapsed": "the offer's time was over",
    "offers.revoked": "the offer was taken back",
    "offers.rejudged": "a refund changed how far the offer has come",
    "events.reverses": "points were taken back",
    "events.activates": "points became active",
    "events.cancels": "a redemption was cancelled",
    "events.merges": "two customers were merged",
    "events.unmerges": "two customers were taken apart",
    "events.points_received": "points came from another customer",
    "events.adjust_points": "points were put right by hand",
    "events.set_stage": "the stage was set by hand",
    "events.set_tier": "the level was set by hand",
    "tasks.reminded": "people were reminded of the task",
    "tasks.escalated": "nobody had done the task, so it went to others too",
    "tasks.assigned": "the task was handed on",
    "tasks.done": "the task was done",
    "approvals.given": "a person approved; others must too",
    "approvals.approved": "it was approved",
    "approvals.rejected": "it was rejected",
    "approvals.expired": "nobody had decided in time",
    "recovery.opened": "a case was opened",
    "recovery.reminded": "the promise would soon be over",
    "recovery.overdue": "the promise was over, and it was not answered",
    "recovery.answered": "the case was answered",
    "recovery.satisfied": "the case ended, to the customer's satisfaction",
    "recovery.unsatisfied": "the case ended, but not to the customer's satisfaction",
    "recovery.resolved": "the case ended",
    "recovery.lapsed": "the case ended, as nothing more came",
    "recovery.reopened": "the case was opened again",
    "recovery.goodwill": "goodwill was given",
    "recovery.survey": "the customer was asked about it",
}
_NOT_DONE = {
    "offers.opened": "the offer was not opened",
    "events.reverses": "no points were taken back",
    "events.activates": "no points became active",
    "events.redeems": "nothing was bought",
    "events.set_stage": "the stage was not set",
    "events.set_tier": "the level was not set",
    "events.scored": "the customer was not scored",
    "events.task_done": "the task was not done",
    "events.task_assigned": "the task was not handed on",
    "events.approval_given": "it was not decided",
    "events.cancels": "nothing was cancelled",
    "events.presents": "the code was not accepted",
    "events.merges": "nobody was merged",
    "events.unmerges": "nobody was taken apart",
    "recovery.opened": "no case was opened",
    "recovery.answered": "no case was answered",
    "recovery.resolved": "no case was ended",
    "recovery.reopened": "no case was opened again",
    "recovery.goodwill": "no goodwill was given",
}


def section_text(name: str, reason: str) -> str:
    """What the section of this name has done, or why nothing (a `reason`)."""
    section, _, rest = name.partition(".")
    what = f"{section}.{rest.rpartition('.')[2]}"
    if reason:
        if section == "rewards":
            not_done = "not bought"
        elif section in ("journeys", "win_back", "dissolution"):
            not_done = "nothing was done"
        else:
            reached = section == "offers"
            not_done = _NOT_DONE.get(what, "reached, but held back" if reached else "not done")
        return f"{not_done}: {reason}"
    others = {
        "rewards": "bought",
        "offers": "the offer was completed",
        "stages": "a stage was entered",
        "scores": "the customer was scored",
        "triggers": "the trigger came",
        "journeys": "the journey went on",
        "win_back": "the journey went on",
        "dissolution": "the dissolution went on",
    }
    return _DONE.get(what) or others.get(section, "done")
