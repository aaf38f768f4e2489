"""A level that an operator sets."""

from __future__ import annotations

from loyalcore.effects.changes import Change, Retain
from loyalcore.engine.decide import record
from loyalcore.engine.facts import facts_at
from loyalcore.engine.ladders.placing import ladder_of, level_of, place, put, set_tier
from loyalcore.engine.ladders.ranks import NONE, earned, kept
from loyalcore.engine.turn import Turn
from loyalcore.errors import did_you_mean
from loyalcore.program.builtin_events import SET_TIER
from loyalcore.values import write_time


def set_by_hand(turn: Turn) -> None:
    """Put the customer at the level that an operator names, or keep them there anew, or at
    none where they name none; unless the figures would lead them elsewhere at once."""
    data = turn.event.data
    read = {name: data[name] for name in ("ladder", "level", "note")}
    done = _set(turn, data["ladder"], data["level"])
    changes, reason = ((), done) if isinstance(done, str) else ((done,), "")
    record(turn, f"events.{SET_TIER}", read, changes, reason)


def _set(turn: Turn, name: object, level: object) -> Change | str:
    """The change that was made, or why none was."""
    if not isinstance(name, str):
        return "ladder is missing"
    ladder = ladder_of(turn, name)
    if ladder is None:
        known = () if turn.program.life is None else turn.program.life.ladders
        hint = did_you_mean(name, [one.name for one in known])
        return f"there is no tier ladder '{name}'{hint and f' ({hint})'}"
    level = level if isinstance(level, str) else ""
    rung = ladder.rung(level)
    if level and rung == NONE:
        hint = did_you_mean(level, [one.name for one in ladder.levels])
        return f"{name} has no level '{level}'{hint and f' ({hint})'}"
    if rung == NONE and ladder.base is not None:
        return f"everyone is at {ladder.base.name} at least"
    facts = facts_at(turn.program, turn.state(), turn.now)
    if ladder.review is None and (best := earned(ladder, facts)) > rung:
        return f"{ladder.levels[best].name} is earned, and would be reached again at once"
    if rung == NONE:
        was = level_of(turn, ladder)
        return set_tier(turn, ladder, NONE, was, "set", turn.now) if was else "they have no level"
    if ladder.keep is None and ladder.drop != "never" and not kept(ladder, rung, facts):
        return f"{level} is not earned, and {name} has no keep: it would be lost at once"
    was = level_of(turn, ladder)
    if was != level:
        return set_tier(turn, ladder, rung, was, "set", turn.now)
    rank = turn.life.tiers.get(name)
    again = place(turn, ladder, rung, turn.now if rank is None else rank.since, "set", turn.now)
    if again.until is None or (rank is not None and rank.until == again.until):
        return f"they are at {level} already"
    put(turn, ladder, again)
    return Retain(name, level, write_time(again.until))
