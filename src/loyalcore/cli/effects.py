"""Effects and values in words, as lists and explanations show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def effect_text(effect: Mapping[str, object]) -> str:
    """One effect of a decision, from its JSON form."""
    match effect:
        case {"effect": "accrue", "wallet": wallet, "points": int(points)}:
            return f"{points:+,} {wallet}"
        case {"effect": "issue", "kind": kind, "name": name}:
            return f"{kind} {name}"
        case {"effect": "send", "message": message, "channel": channel}:
            return f"message {message} by {channel}"
        case {"effect": "set", "attribute": attribute, "value": None}:
            return f"{attribute} cleared"
        case {"effect": "set", "attribute": attribute, "value": value}:
            return f"{attribute} = {value_text(value)}"
        case {"effect": "tag", "tag": tag, "on": on}:
            return f"tag {tag}" if on else f"tag {tag} taken off"
        case {"effect": "emit", "type": type_, "customer": customer}:
            return f"event {type_} for {customer}"
        case {"effect": "skipped", "kind": kind, "reason": reason}:
            return f"no {kind}: {reason}"
    return str(dict(effect))


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
