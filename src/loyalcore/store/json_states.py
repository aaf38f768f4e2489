"""Customers' states as they were stored before they were packed (`packed_states` in schema.py):
JSON with every name in full, which nothing else reads any more."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

from msgspec import json, msgpack

_STATE = {
    "customer": "c",
    "clock": "t",
    "since": "s",
    "attributes": "a",
    "metrics": "m",
    "logs": "l",
    "kept": "k",
    "account": "p",
}
_ACCOUNT = {"lots": "l", "last": "n", "balances": "b"}
_LOT = {"at": "o", "expires": "e", "origin": "of", "active": "a"}
_SERIES = ("running", "dated", "distinct")


def packed(state: bytes) -> bytes:
    """The state as it is stored from then on."""
    fields = _renamed(_STATE, json.decode(state))
    if "m" in fields:  # but for views: windows are looked up in their logs
        metrics = {name: series for name, series in fields["m"].items() if series[0] != "view"}
        fields["m"] = {
            name: [_SERIES.index(kind), *series] for name, (kind, *series) in metrics.items()
        }
    for name, (first, end, *lists) in fields.get("l", {}).items():
        read = [a2b_base64(part) if isinstance(part, str) else part for part in lists]
        fields["l"][name] = [end - first, *read, []]
    if "p" in fields:
        account = fields["p"] = _renamed(_ACCOUNT, fields["p"])
        if "l" in account:
            account["l"] = _lots(account["l"])
    try:
        return msgpack.encode(fields)
    except OverflowError:  # a number beyond 64 bits, which MessagePack has not
        return json.encode(fields)


def _lots(lots: list[dict[str, Any]]) -> bytes:
    head = b"\xdd" + len(lots).to_bytes(4, "big")
    return head + b"".join(msgpack.encode(_renamed(_LOT, lot)) for lot in lots)


def _renamed(names: Mapping[str, str], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in stored.items()}
