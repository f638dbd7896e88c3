"""Training whose batches are divided among processes of a Ray cluster, against training in one process.

    python benchmarks/scale/ranks.py RATINGS [--models MODEL,…] [--epochs N] [--on ray|auto|ray://HOST:PORT]

RATINGS is the `u.data` of MovieLens 100K. Each model has the default options of the program. Epochs are timed from one
report to the next, and the fastest one counts, since other programs on the machine make the others slower. The time
until the first epoch begins is that of the processes to start, to import torch and to get the data.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from engine import models  # noqa: E402
from engine.interactions import Interactions  # noqa: E402
from engine.runtime.executor import Executor, make_executor  # noqa: E402
from engine.runtime.job import Job, Progress  # noqa: E402

MODELS = "explicit,implicit,sequence,attention"


def read(path: Path) -> Interactions:
    users, items, ratings, times = np.loadtxt(path, dtype=np.int64, unpack=True)
    return Interactions(users, items, ratings=ratings.astype(np.float32), timestamps=times)


def train(name: str, log: Interactions, epochs: int, executor: Executor | None) -> tuple[list[float], list[float]]:
    """Train a model; gives the seconds until the first epoch begins and those of each epoch, and the losses."""
    spec = models.get(name)
    sized = spec.defaults_for(len(log), log.num_items - 1)
    model: Any = models.create(name, **{**sized, "n_iter": epochs, "random_state": 42, "device": "cpu"})
    data = log if spec.task == "user" else log.to_sequence(spec.capabilities.sequence_length)
    times, ended = [time.perf_counter()], [0.0]

    def watch(progress: Progress) -> None:
        if not progress.values:
            return
        now, epoch = time.perf_counter(), progress.values["epoch"]
        if len(times) == 1:  # the first report comes soon after the first batches
            times.append(now)
        if "pace" not in progress.values and epoch > ended[-1]:
            ended.append(epoch)
            times.append(now)

    model.fit(data, job=Job(watch), **({} if executor is None else {"executor": executor}))
    return list(np.diff(times)), list(model.losses_by_epoch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--on", default="ray")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    log, executor = read(options.ratings), make_executor(options.on)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(log):,} ratings, on {options.on}")
    print("| model | one process: s an epoch | ranks: s an epoch | s before the first epoch | losses differ by |")
    print("| --- | --- | --- | --- | --- |")
    for name in options.models.split(","):
        (_, *here), losses = train(name, log, options.epochs, None)
        (start, *there), divided = train(name, log, options.epochs, executor)
        apart = np.max(np.abs(np.array(divided) / losses - 1))
        print(f"| `{name}` | {min(here):.2f} | {min(there):.2f} | {start:.1f} | {apart:.0e} |", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
