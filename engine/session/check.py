"""Checking and repairing what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.profiles.store import ProfileStore
from engine.runtime.job import Job
from engine.session.datasets import open_workspace
from engine.storage.paths import find_paths
from engine.workspace.check import Check, Condition, Finding, check, move_aside

__all__ = ["Condition", "Finding", "check_all"]


def check_all(dataset: str | None = None, *, repair: bool = False, job: Job | None = None) -> Iterator[Finding]:
    """Check everything that is stored in this person's folders; see :func:`engine.workspace.check.check`."""
    workspace = open_workspace()
    profiles = _of_profiles(ProfileStore(workspace.folder))
    return check(workspace, find_paths(), dataset, repair=repair, job=job, others=profiles)


def _of_profiles(store: ProfileStore) -> Iterator[Check]:
    for name, path in store.files().items():
        finding = Finding("", "own ratings", name, str(path), Condition.WHOLE)
        yield Check(finding, partial(_count_entries, store, name), partial(move_aside, path))


def _count_entries(store: ProfileStore, name: str) -> str:
    number = len(store.read(name).entries)
    return "1 entry" if number == 1 else f"{number:,} entries"
