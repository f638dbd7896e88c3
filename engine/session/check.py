"""Checking and repairing what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from engine.runtime.job import Job
from engine.session.datasets import open_workspace
from engine.storage.paths import find_paths
from engine.workspace.check import Condition, Finding, check

__all__ = ["Condition", "Finding", "check_all"]


def check_all(dataset: str | None = None, *, repair: bool = False, job: Job | None = None) -> Iterator[Finding]:
    """Check everything that is stored in this person's folders; see :func:`engine.workspace.check.check`."""
    return check(open_workspace(), find_paths(), dataset, repair=repair, job=job)
