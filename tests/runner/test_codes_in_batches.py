"""Codes in batches: none is ever made twice, whatever chance brings."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from loyalcore.runner.batches import make_codes
from loyalcore.store import Store
from loyalcore.store.codes import Batch, list_batches
from loyalcore.store.shared import StoredShared


def test_chance_that_repeats_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["first", "first", "second"])
    with Store.open(tmp_path / "club.db", create=True) as store:
        monkeypatch.setattr(secrets, "token_hex", lambda size: next(keys))
        one = make_codes(store, "flyer", "a", 20, wait=1)
        other = make_codes(store, "poster", "a", 25, wait=1)
        assert len({*one, *other}) == 45
        assert list_batches(store.connection, "flyer", "code:") == [Batch("flyer", "a", 20, 0)]
        shared = StoredShared(store.connection)
        assert shared.offer_of(other[0].replace("-", "")) == "poster"
        assert shared.offer_of("NOTACODE") is None


def test_a_large_batch(tmp_path: Path) -> None:
    with Store.open(tmp_path / "club.db", create=True) as store:
        assert len(set(make_codes(store, "flyer", "a", 100_000, wait=1))) == 100_000
