"""Train models by the command line on twenty million generated ratings, and see that it takes no more than 8 GB.

    python benchmarks/reliability/large_data.py [MODEL …] [--interactions N] [--limit GB] [--keep]

The data set is stored once, in a home of its own. Each training is a process of its own: opening the data set, training
briefly (what a longer training takes no more memory for), and storing the model. It must end well with a peak of at
most ``--limit`` GB, or be refused in one sentence. Each is also tried with an address space that
is too small, where it must be refused in one sentence. The script ends with status 1 if one was neither.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.reliability.memory import QUICK, generate  # noqa: E402
from benchmarks.reliability.outcomes import keep  # noqa: E402

NAME = "large"
MODELS = ("als", "explicit", "markov", "bayesian")
USERS, ITEMS = 270_000, 45_000
#: The interpreter and torch alone map two gigabytes, most of which is never used.
TOO_SMALL = 3 << 30
#: A sentence for a person is no longer than this.
MOST_LETTERS = 400


def store(interactions: int) -> None:
    """Store the data set."""
    import pyarrow as pa

    from engine.data.dataset import Dataset
    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable
    from engine.session.datasets import open_workspace

    numbers = [f"Film {number}" for number in range(ITEMS)]
    table = pa.table(
        {
            "title": numbers,
            "year": pa.array([2000] * ITEMS, pa.int32()),
            "genres": [["Drama"]] * ITEMS,
            "text": numbers,
        }
    )
    dataset = Dataset(
        name=NAME,
        kind="table",
        title="Generated ratings",
        items=ItemTable(IdMap(np.arange(ITEMS), first=1, name="item"), table),
        users=IdMap(np.arange(USERS), name="user"),
        interactions=generate(interactions, USERS, ITEMS),
    )
    open_workspace().add(dataset)


def train(model: str, limit: int | None = None) -> dict[str, Any]:
    """Train a model by its command: how it ended, and the most memory that it held."""
    from engine import models

    settings = [f"--set={option}={value}" for option, value in QUICK.items() if option in models.get(model).options]
    command = [sys.executable, "-m", "tui.cli", "train", model, "-d", NAME, "--device", "cpu", *settings]

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT, preexec_fn=restrict)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    unit = 1 if sys.platform == "darwin" else 1024
    last = lines[-1].strip() if lines else ""
    outcome = "trained" if process.returncode == 0 else last
    refused = process.returncode == 1 and "of memory" in last and len(last) <= MOST_LETTERS
    seconds = round(time.perf_counter() - begun)
    return {
        "outcome": "refused" if refused else outcome,
        "said": last,
        "peak": used.ru_maxrss * unit,
        "seconds": seconds,
    }


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--interactions", type=int, default=20_000_000)
    parser.add_argument("--limit", type=float, default=8.0, help="in GB")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    arguments = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="recsys-tui-large-") as home:
        os.environ |= {"RECSYS_TUI_HOME": home, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        store(arguments.interactions)
        for model in arguments.models:
            whole, small = train(model), train(model, TOO_SMALL)
            good &= small["outcome"] == "refused" and (
                whole["outcome"] == "refused"
                or (whole["outcome"] == "trained" and whole["peak"] <= arguments.limit * 1e9)
            )
            for words, got in (("with too little memory", small), ("", whole)):
                print(f"{model} {words}: {got['outcome']}, {got['peak'] / 1e9:.2f} GB, {got['seconds']} s", flush=True)
            print(f"  {small['said']}")
            if arguments.keep:
                keep("large_data", {"interactions": arguments.interactions, "whole": whole, "small": small}, part=model)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
