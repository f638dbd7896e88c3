"""The outcomes of the scripts in this folder, kept as JSON for ``docs/reliability.md``, which ``page.py`` writes."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "reliability"
#: What decides the outcome of a run.
PROGRAM = ("engine", "tui", "tests", "benchmarks/*.py")


def keep(name: str, figures: dict[str, Any], *, part: str | None = None, results: Path = RESULTS) -> None:
    """Write the figures of a run, with the machine, the date and the commit.

    Parameters
    ----------
    name
        The name of the script that made them.
    figures
        What the page shows of them.
    part
        Where a script is also run in parts, the name of this one: the figures of the others are kept.
    results
        The folder of the files.
    """
    results.mkdir(parents=True, exist_ok=True)
    file = results / f"{name}.json"
    run = {**figures, "machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit()}
    if part is not None:
        run = {**(json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}), part: run}
    file.write_text(json.dumps(run, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> str:
    """The machine in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"


def commit() -> str:
    """The commit of the working tree, with ``+`` if files of the program differ from it."""
    try:
        head = _git("rev-parse", "--short=10", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", "engine", "tui", "tests", "benchmarks/*.py"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
