"""Programs measured as processes of their own: seconds, processor seconds, and the most memory that they held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes
    ----------
    seconds
        From start to end; other programs on the machine make it longer.
    processor
        The seconds of all processors together, in which those of other programs do not count.
    peak
        The largest resident set, in bytes.
    output
        What it wrote.
    """

    seconds: float
    processor: float
    peak: int
    output: str


def measure(command: Sequence[str], home: Path) -> Cost:
    """Run a command of Python with a home folder of its own, without a network.

    Raises
    ------
    RuntimeError
        If it does not end well.
    """
    environment = {**os.environ, "RECSYS_TUI_HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, *command], stdout=said, stderr=said, cwd=ROOT, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{output[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(round(seconds, 2), round(used.ru_utime + used.ru_stime, 2), used.ru_maxrss * unit, output)


def command(*words: str) -> list[str]:
    """The words of Python that run the program's command line."""
    return ["-m", "tui.cli", *words]


#: Asks for a user as the app does after its first paint: who there is, what one of them has seen.
HISTORY = """
import sys, time
from engine.session import Session
from engine.session.datasets import open_workspace
import numpy, pandas, pyarrow.parquet, pyarrow.compute
begun = time.perf_counter()
session = Session(open_workspace(), sys.argv[1], device="cpu")
number, page = session.users.page("", 0, 50)
history = session.users.history(page[7].user_id)
print(f"{number} users, {len(history)} interactions, {time.perf_counter() - begun:.2f} s after the imports")
"""
