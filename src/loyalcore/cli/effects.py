"""Effects and values in words, as lists and explanations show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def effect_text(effect: Mapping[str, object]) -> str:
    """One effect of a decision, from its JSON form."""
    match effect:
        case {"effect": "issue", "kind": kind, "name": name}:
            return f"{kind} {name}"
        case {"effect": "send", "message": message, "channel": channel}:
            due = _part(effect, "due", ", not before {}")
            return f"message {message} by {channel}{_part(effect, 'purpose', ' ({})')}{due}"
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
        case {"effect": "stage", "stage": stage}:
            return f"stage {stage}{_part(effect, 'was', ' (was {})')}"
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


def _part(effect: Mapping[str, object], field: str, text: str) -> str:
    """`text` with the value of a field in it; nothing where there is none, or it is not so."""
    value = effect.get(field)
    return text.format(value) if value else ""


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
        case {"effect": "open", "offer": offer, "number": number}:
            return f"offer {offer} ({number}) opened{_part(effect, 'ends', ' until {}')}"
        case {"effect": "advance", "offer": offer, "number": number, "progress": progress}:
            return f"offer {offer} ({number}) at {progress}{_part(effect, 'target', ' of {}')}"
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
    kept = _part(effect, "until", " until {}")
    match effect:
        case {"effect": "tier", "ladder": ladder, "level": "", "was": was}:
            return f"{ladder} {was} lost"
        case {"effect": "tier", "ladder": ladder, "level": level, "how": how}:
            return f"{ladder} {level}{kept}{_part(effect, 'was', ' (was {})')}, {how}"
        case {"effect": "retain", "ladder": ladder, "level": level}:
            return f"{ladder} {level} kept{kept}"
        case {"effect": "at risk", "ladder": ladder, "level": level, "until": until}:
            return f"{ladder} {level} will be lost at {until}{_part(effect, 'to', ' ({} then)')}"
    return ""


def _of_work(effect: Mapping[str, object]) -> str:
    """What became of a task or an approval; empty for any other effect."""
    match effect:
        case {"effect": "task", "task": task, "number": number}:
            until = f"{_part(effect, 'due', ', due {}')}{_sender(effect)}"
            return f"task {task} ({number}) for {_asked(effect)}{until}"
        case {"effect": "approval", "approval": approval, "number": number}:
            until = f"{_part(effect, 'expires', ' until {}')}{_sender(effect)}"
            return f"approval {approval} ({number}) asked of {_asked(effect)}{until}"
        case {"effect": "task changed" | "approval changed" as what, "number": number, "how": how}:
            noun = what.partition(" ")[0]
            who = f"{_part(effect, 'to', ' to {}')}{_part(effect, 'by', ' by {}')}"
            note = f" ({value_text(effect['note'])})" if effect.get("note") else ""
            outcome = _part(effect, "outcome", ": {}")
            return f"{noun} {effect[noun]} ({number}) {how}{who}{outcome}{note}"
    return ""


def _asked(effect: Mapping[str, object]) -> str:
    roles = effect.get("roles")
    named = " or ".join(map(str, roles)) if isinstance(roles, list) else ""
    return str(effect.get("assignee") or named or "anyone")


def _sender(effect: Mapping[str, object]) -> str:
    return _part(effect, "sender", ", with {}")


def _of_journey(effect: Mapping[str, object]) -> str:
    """What became of a journey; empty for any other effect."""
    match effect:
        case {"effect": "enter", "journey": name, "number": number}:
            return f"{name} ({number}) entered{_part(effect, 'held_out', ', held out')}"
        case {"effect": "step", "journey": name, "number": number, "step": step}:
            return f"{name} ({number}) step {step}{_part(effect, 'instead', ' instead')}"
        case {"effect": "end", "journey": name, "number": number, "outcome": outcome}:
            return f"{name} ({number}) ended: {outcome}"
    return ""


def _of_dissolution(effect: Mapping[str, object]) -> str:
    """What became of the ending of a relationship; empty for any other effect."""
    until = _part(effect, "until", " until {}")
    match effect:
        case {"effect": "part", "dissolution": name, "number": number, "phase": phase}:
            return f"{name} ({number}) {phase}{until}"
        case {"effect": "hold", "dissolution": name, "number": number, "on": True, "why": why}:
            return f"{name} ({number}) held: {why}"
        case {"effect": "hold", "dissolution": name, "number": number}:
            return f"{name} ({number}) goes on{until}"
        case {"effect": "parted", "dissolution": name, "number": number, "outcome": outcome}:
            return f"{name} ({number}) ended: {outcome}"
        case {"effect": "settle", "wallet": wallet, "points": int(points), "how": how}:
            to = _part(effect, "to", f" into {_part(effect, 'given', '{:,} ')}{{}}")
            return f"{points:,} {wallet} {how}{_part(effect, 'amount', ' for {}')}{to}"
    return ""


def _of_case(effect: Mapping[str, object]) -> str:
    """What became of a case; empty for any other effect."""
    due = _part(effect, "due", ", to be answered before {}")
    match effect:
        case {"effect": "case", "recovery": recovery, "case": case, "number": number}:
            ended = _part(effect, "outcome", ", ended: {}") or due
            return f"{recovery} {case} ({number}) opened{ended}{_sender(effect)}"
        case {"effect": "case changed", "recovery": recovery, "case": case, "number": number}:
            how = f"{effect['how']}{_part(effect, 'late', ' late')}{_part(effect, 'to', ' to {}')}"
            return f"{recovery} {case} ({number}) {how}{due}{_part(effect, 'outcome', ': {}')}"
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
