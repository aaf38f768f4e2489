"""Effects and values in words, as lists and explanations show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def effect_text(effect: Mapping[str, object]) -> str:
    """One effect of a decision, from its JSON form."""
    match effect:
        case {"effect": "issue", "kind": kind, "name": name}:
            return f"{kind} {name}"
        case {"effect": "send", "message": message, "channel": channel}:
            purpose = f" ({effect['purpose']})" if "purpose" in effect else ""
            due = f", not before {effect['due']}" if "due" in effect else ""
            return f"message {message} by {channel}{purpose}{due}"
        case {"effect": "consent", "given": given}:
            about = (
                f"{effect.get('purpose', 'everything')} by {effect.get('channel', 'any channel')}"
            )
            return f"consent {'given' if given else 'withdrawn'}: {about}"
        case {"effect": "set", "attribute": attribute, "value": None}:
            return f"{attribute} cleared"
        case {"effect": "set", "attribute": attribute, "value": value}:
            return f"{attribute} = {value_text(value)}"
        case {"effect": "tag", "tag": tag, "on": on}:
            return f"tag {tag}" if on else f"tag {tag} taken off"
        case {"effect": "emit", "type": type_, "customer": customer}:
            return f"event {type_} for {customer}"
        case {"effect": "stage", "stage": stage, "was": was}:
            return f"stage {stage} (was {was})"
        case {"effect": "stage", "stage": stage}:
            return f"stage {stage}"
        case {"effect": "noted", "by": by, "text": text}:
            return f"noted by {by}: {text}"
        case {"effect": "score", "score": score, "values": Mapping() as values}:
            return f"score {score}: {value_text(values) or 'nothing can be said any more'}"
        case {"effect": "skipped", "kind": kind, "reason": reason}:
            return f"no {kind}: {reason}"
    return (
        _movement(effect)
        or _of_offer(effect)
        or _of_tier(effect)
        or _of_work(effect)
        or _of_journey(effect)
        or _of_dissolution(effect)
        or _of_case(effect)
        or _carried(effect)
        or str(dict(effect))
    )


def _movement(effect: Mapping[str, object]) -> str:
    """A movement of points; empty for any other effect."""
    match effect:
        case {"effect": "accrue", "wallet": wallet, "points": int(points), "cut": cut, "by": by}:
            return f"{points:+,} {wallet} ({cut:,} cut by {by})"
        case {"effect": "accrue", "wallet": wallet, "points": int(points)}:
            return f"{points:+,} {wallet}"
        case {"effect": "adjust", "wallet": wallet, "points": int(points)}:
            return f"{points:+,} {wallet} by hand"
        case {"effect": "reinstate", "wallet": wallet, "points": int(points)}:
            return f"{points:+,} {wallet} brought back after expiry"
        case {"effect": "transfer", "wallet": wallet, "points": int(points), "to": to}:
            return f"{-points:+,} {wallet} to {to}"
        case {"effect": "freeze", "wallet": wallet, "on": on}:
            return f"{wallet} frozen" if on else f"{wallet} free again"
        case {"effect": "spend", "price": Mapping() as price}:
            return _points(price, "-", "spent")
        case {"effect": "cancel", "price": Mapping() as price}:
            return _points(price, "+", "given back")
        case {"effect": "reverse", "taken": Mapping() as taken, "forgiven": Mapping() as forgiven}:
            parts = [_points(taken, "-", "taken back")]
            parts += [_points(forgiven, "", "forgiven")] if forgiven else []
            return ", ".join(parts)
        case {"effect": "activate", "points": Mapping() as points}:
            return _points(points, "+", "became active")
        case {"effect": "expire", "points": Mapping() as points}:
            return _points(points, "-", "expired")
        case {"effect": "receive", "points": Mapping() as points, "sender": sender}:
            return _points(points, "+", f"from {sender}")
    return ""


def _points(points: Mapping[str, int], sign: str, what: str) -> str:
    """Points by wallet, and what became of them."""
    parts = [f"{sign}{number:,} {wallet}" for wallet, number in points.items()]
    return f"{', '.join(parts) or 'no points'} {what}"


def _of_offer(effect: Mapping[str, object]) -> str:
    """What became of an offer; empty for any other effect."""
    match effect:
        case {"effect": "open", "offer": offer, "number": number, "ends": ends}:
            return f"offer {offer} ({number}) opened until {ends}"
        case {"effect": "open", "offer": offer, "number": number}:
            return f"offer {offer} ({number}) opened"
        case {"effect": "advance", "offer": offer, "number": number, "progress": progress} as it:
            target = f" of {it['target']}" if it.get("target") else ""
            return f"offer {offer} ({number}) at {progress}{target}"
        case {"effect": "close", "offer": offer, "number": number, "how": how}:
            return f"offer {offer} ({number}) {how}"
        case {"effect": "revoke", "offer": offer}:
            return f"offer {offer} taken back"
    return ""


def _carried(effect: Mapping[str, object]) -> str:
    """What another program has made of something; empty for any other effect."""
    match effect:
        case {"effect": "carry", "what": what, "name": name, "to": ""}:
            return f"{what} {name} let go of"
        case {"effect": "carry", "what": "wallet", "name": name, "to": to, "points": int(points)}:
            return f"{points:,} {name} moved to {to}"
        case {"effect": "carry", "what": what, "name": name, "to": to}:
            return f"{what} {name} is now {to}"
    return ""


def _of_tier(effect: Mapping[str, object]) -> str:
    """What became of a level; empty for any other effect."""
    kept = f" until {effect['until']}" if effect.get("until") else ""
    match effect:
        case {"effect": "tier", "ladder": ladder, "level": "", "was": was}:
            return f"{ladder} {was} lost"
        case {"effect": "tier", "ladder": ladder, "level": level} as it:
            was = f" (was {it['was']})" if it.get("was") else ""
            return f"{ladder} {level}{kept}{was}, {it['how']}"
        case {"effect": "retain", "ladder": ladder, "level": level}:
            return f"{ladder} {level} kept{kept}"
        case {"effect": "at risk", "ladder": ladder, "level": level, "to": to, "until": until}:
            return f"{ladder} {level} will be lost at {until}{to and f' ({to} then)'}"
    return ""


def _of_work(effect: Mapping[str, object]) -> str:
    """What became of a task or an approval; empty for any other effect."""
    match effect:
        case {"effect": "task", "task": task, "number": number} as it:
            due = f", due {it['due']}" if it.get("due") else ""
            return f"task {task} ({number}) for {_asked(it)}{due}{_with(it)}"
        case {"effect": "approval", "approval": approval, "number": number} as it:
            expires = f" until {it['expires']}" if it.get("expires") else ""
            return f"approval {approval} ({number}) asked of {_asked(it)}{expires}{_with(it)}"
        case {"effect": "task changed" | "approval changed" as what, "number": number} as it:
            noun = what.partition(" ")[0]
            how = f"{it['how']}{' to ' if it.get('to') else ''}{it.get('to', '')}"
            by = f" by {it['by']}" if it.get("by") else ""
            outcome = f": {it['outcome']}" if it.get("outcome") else ""
            note = f" ({value_text(it['note'])})" if it.get("note") else ""
            return f"{noun} {it[noun]} ({number}) {how}{by}{outcome}{note}"
    return ""


def _asked(effect: Mapping[str, object]) -> str:
    roles = effect.get("roles")
    named = " or ".join(map(str, roles)) if isinstance(roles, list) else ""
    return str(effect.get("assignee") or named or "anyone")


def _with(effect: Mapping[str, object]) -> str:
    return f", with {effect['sender']}" if effect.get("sender") else ""


def _of_journey(effect: Mapping[str, object]) -> str:
    """What became of a journey; empty for any other effect."""
    match effect:
        case {"effect": "enter", "journey": name, "number": number, "held_out": True}:
            return f"{name} ({number}) entered, held out"
        case {"effect": "enter", "journey": name, "number": number}:
            return f"{name} ({number}) entered"
        case {"effect": "step", "journey": name, "number": number, "step": step} as it:
            return f"{name} ({number}) step {step}{' instead' if it.get('instead') else ''}"
        case {"effect": "end", "journey": name, "number": number, "outcome": outcome}:
            return f"{name} ({number}) ended: {outcome}"
    return ""


def _of_dissolution(effect: Mapping[str, object]) -> str:
    """What became of the ending of a relationship; empty for any other effect."""
    until = f" until {effect['until']}" if effect.get("until") else ""
    match effect:
        case {"effect": "part", "dissolution": name, "number": number, "phase": phase}:
            return f"{name} ({number}) {phase}{until}"
        case {"effect": "hold", "dissolution": name, "number": number, "on": True, "why": why}:
            return f"{name} ({number}) held: {why}"
        case {"effect": "hold", "dissolution": name, "number": number}:
            return f"{name} ({number}) goes on{until}"
        case {"effect": "parted", "dissolution": name, "number": number, "outcome": outcome}:
            return f"{name} ({number}) ended: {outcome}"
        case {"effect": "settle", "wallet": wallet, "points": int(points), "how": how} as it:
            amount = f" for {it['amount']}" if it.get("amount") else ""
            given = f"{it['given']:,} " if it.get("given") else ""
            to = f" into {given}{it['to']}" if it.get("to") else ""
            return f"{points:,} {wallet} {how}{amount}{to}"
    return ""


def _of_case(effect: Mapping[str, object]) -> str:
    """What became of a case; empty for any other effect."""
    match effect:
        case {"effect": "case", "recovery": recovery, "case": case, "number": number} as it:
            due = f", to be answered before {it['due']}" if it.get("due") else ""
            ended = f", ended: {it['outcome']}" if it.get("outcome") else due
            return f"{recovery} {case} ({number}) opened{ended}{_with(it)}"
        case {"effect": "case changed", "recovery": recovery, "number": number} as it:
            how = f"{it['how']}{' late' if it.get('late') else ''}"
            to = f" to {it['to']}" if it.get("to") else ""
            due = f", to be answered before {it['due']}" if it.get("due") else ""
            outcome = f": {it['outcome']}" if it.get("outcome") else ""
            return f"{recovery} {it['case']} ({number}) {how}{to}{due}{outcome}"
    return ""


def effects_text(effects: Iterable[Mapping[str, object]]) -> str:
    """All effects of a decision on one line."""
    return ", ".join(map(effect_text, effects))


LONG = 100  # characters of one value; the rest is in the JSON


def value_text(value: object) -> str:
    """A value in its plain JSON form, for people."""
    match value:
        case None:
            return "missing"
        case bool():
            return "true" if value else "false"
        case Mapping():
            text = ", ".join(f"{name} = {value_text(inner)}" for name, inner in value.items())
        case list():
            parts = (
                f"{{{value_text(v)}}}" if isinstance(v, Mapping) else value_text(v) for v in value
            )
            text = f"[{', '.join(parts)}]"
        case _:
            text = " ".join(str(value).split())
    return text if len(text) <= LONG else f"{text[:LONG]}…"
