"""A check of what is stored reads the profiles of one's own ratings, too, which belong to no data set."""

from __future__ import annotations

from pathlib import Path

from engine.profiles.profile import Entry
from engine.profiles.store import ProfileStore
from engine.session.check import Condition, Finding, check_all
from engine.storage.paths import find_paths


def of_profiles(*, repair: bool = False) -> dict[str, Finding]:
    return {one.name: one for one in check_all(repair=repair) if one.kind == "own ratings"}


def test_a_damaged_profile_is_named_and_moved_only_by_a_repair(home: Path) -> None:
    store = ProfileStore(find_paths().data)
    for name in ("ann", "me"):
        store.change(name, lambda stored: (stored.with_entry(Entry("Heat", rating=5), None), None))
    store.path("me").write_bytes(store.path("me").read_bytes()[:-9])
    damaged = store.path("me").read_bytes()

    found = of_profiles()
    assert (found["ann"].condition, found["ann"].detail) == (Condition.WHOLE, "1 entry")
    assert found["me"].condition == Condition.DAMAGED
    assert "line 2" in found["me"].detail
    assert store.path("me").read_bytes() == damaged, "a check changes nothing"

    assert "moved to" in of_profiles(repair=True)["me"].repair
    assert [path.read_bytes() for path in store.path("me").parent.glob("me.jsonl.damaged-*")] == [damaged]
    assert ProfileStore(find_paths().data).names() == ["ann"]
