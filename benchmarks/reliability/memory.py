"""Measure the memory of each model's training, and compare it with what the model states.

``python benchmarks/reliability/memory.py`` trains every model on three sizes of generated data, each in a process of
its own, and prints the stated and the measured memory. ``--interactions 20000000 --users 270000 --items 45000`` does so
at one size, for the models that are named. ``--limit`` ends a process that takes more than so many GB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

#: The mean number of ratings that a user gives on one day, which decides how many days there are.
RATINGS_A_DAY = 5
#: Sizes at which the memory of data outweighs that of libraries: interactions, users, items.
SIZES = ((250_000, 4_000, 3_000), (500_000, 8_000, 4_000), (1_000_000, 16_000, 6_000))
#: Short trainings: what a longer one takes no more memory for. With hardly any damping, which no other model has, every
#: item has all its neighbours, which is what knn states.
QUICK = {"n_iter": 2, "burn_in": 1, "damping": 1e-8}
#: glibc by itself comes to keep freed arrays of up to 32 MB, more or fewer of them in each run: here it returns them.
STEADY = {"MALLOC_MMAP_THRESHOLD_": str(2**20)}


def generate(interactions: int, users: int, items: int, seed: int = 0) -> Any:
    """Make ratings of users of unequal activity for items of unequal popularity, given on a few days of ten years."""
    from engine.interactions import Interactions

    random = np.random.default_rng(seed)
    activity = random.lognormal(0.0, 1.0, users)
    user_ids = np.sort(random.choice(users, interactions, p=activity / activity.sum()).astype(np.int32))
    item_ids = (1 + items * random.random(interactions, dtype=np.float32) ** 2.5).astype(np.int32)
    np.minimum(item_ids, items, out=item_ids)
    begins = np.flatnonzero(random.random(interactions, dtype=np.float32) < 1 / RATINGS_A_DAY)
    days = random.integers(0, 3650, len(begins) + 1, dtype=np.int64)
    times = np.repeat(days, np.diff(begins, prepend=0, append=interactions)) * 86_400 + 1_000_000_000
    ratings = random.integers(1, 11, interactions).astype(np.float32) / 2
    return Interactions(user_ids, item_ids, ratings, times, num_users=users, num_items=items + 1)


def measure(name: str, size: tuple[int, int, int], options: dict[str, Any]) -> dict[str, float]:
    """Train a model in this process: the stated memory, and by how much the peak exceeds what was held before."""
    import torch

    from engine import models
    from engine.models.counts import count
    from engine.runtime.job import Job

    torch.set_num_threads(1)
    spec = models.get(name)

    def train(sizes: tuple[int, int, int]) -> int:
        data = generate(*sizes)
        sized = spec.defaults_for(len(data), data.num_items)
        quick = {option: value for option, value in QUICK.items() if option in spec.options}
        chosen = {**sized, **quick, "device": "cpu", "random_state": 1, **options}
        model = models.create(name, **{option: chosen[option] for option in chosen if option in spec.options})
        can = spec.capabilities
        stated = spec.required_memory(count(data, can), model.options()) or 0
        reset_peak()
        before = status("VmRSS")
        learn: Any = model.fit
        learn(data if can.task == "user" else data.to_sequence(can.sequence_length), job=Job())
        train.grown = peak() - before  # type: ignore[attr-defined]
        return stated

    train((2_000, 50, 40))  # what libraries set up at their first use is no part of a model's memory
    begun = time.perf_counter()
    stated = train(size)
    return {"stated": stated, "measured": train.grown, "seconds": time.perf_counter() - begun}  # type: ignore[attr-defined]


def measure_each(name: str, sizes: Sequence[tuple[int, int, int]], options: dict[str, Any], limit: float) -> None:
    """Measure each size in a copy of this process, which has trained nothing, and print a line each."""
    from engine import models

    models.get(name).load_class()
    for size in sizes:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            status_of_child = 1
            try:
                watch(limit)
                print(json.dumps(measure(name, size, options)), flush=True)
                status_of_child = 0
            finally:
                os._exit(status_of_child)
        os.waitpid(child, 0)


def reset_peak() -> None:
    """Let the peak of memory count from now, where the system can do it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    try:
        return status("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def status(entry: str) -> int:
    """An entry of this process's memory statistics, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(entry):
            return int(line.split()[1]) * 1024
    return 0


def watch(limit: float) -> None:
    """End this process when it takes more than so many bytes."""

    def look() -> None:
        while status("VmRSS") < limit:
            time.sleep(0.2)
        print(json.dumps({"killed": limit}), flush=True)
        os._exit(3)

    threading.Thread(target=look, daemon=True).start()


def in_a_process(name: str, size: tuple[int, int, int], options: dict[str, Any], limit: float) -> dict[str, float]:
    """Measure in a new process, in which nothing was held before."""
    words = [name, json.dumps([size]), json.dumps(options), str(limit)]
    command, environment = [sys.executable, __file__, "--one", *words], os.environ | STEADY
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    if made.returncode not in (0, 3):
        raise RuntimeError(made.stderr)
    result: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--one"]:
        name, sizes, options, limit = sys.argv[2:]
        measure_each(name, json.loads(sizes), json.loads(options), float(limit))
        return
    from tables import lines_of

    from benchmarks.reliability.outcomes import keep
    from engine import models

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="all by default")
    parser.add_argument("--interactions", type=int)
    parser.add_argument("--users", type=int, default=270_000)
    parser.add_argument("--items", type=int, default=45_000)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of the models")
    parser.add_argument("--limit", type=float, default=8.0, help="in GB")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    arguments = parser.parse_args()
    sizes = [(arguments.interactions, arguments.users, arguments.items)] if arguments.interactions else SIZES
    options = dict(word.split("=", 1) for word in arguments.set)
    rows = []
    for name in arguments.models or [one for one in models.available() if models.get(one).memory is not None]:
        for size in sizes:
            got = in_a_process(name, size, options, arguments.limit * 1e9)
            if arguments.keep:
                kept = {"model": name, **dict(zip(("interactions", "users", "items"), size, strict=True)), **got}
                keep("memory", kept, part=f"{name}, {size[0]:,} interactions")
            numbers = [f"{size[0]:,}", f"{size[1]:,}", f"{size[2]:,}"]
            if "killed" in got:
                rows.append((name, *numbers, "", f"over {arguments.limit:g} GB", "", ""))
            else:
                share = got["stated"] / max(1.0, got["measured"])
                sizes_mb = [f"{got[key] / 1e6:,.0f}" for key in ("stated", "measured")]
                rows.append((name, *numbers, *sizes_mb, f"{share:.2f}", f"{got['seconds']:.0f}"))
            print("  ".join(rows[-1]), flush=True)
    header = ("model", "interactions", "users", "items", "stated, MB", "measured, MB", "ratio", "seconds")
    print("\n".join(lines_of(header, rows)))


if __name__ == "__main__":
    main()
