"""Train the bayesian model on 21.3 million generated ratings with its default options: seconds, memory and progress.

    python benchmarks/scale/bayesian.py [--home DIR] [--interactions N] [--sweeps N] [--threads N] [--keep]

The data set is generated and stored once; ``--home`` keeps it for another run. The training is a process of its own,
which opens the data set, trains, and stores the model; ``bayesian.log`` in the home says how far it is. With
``--sweeps`` it makes fewer sweeps than by default. The seconds of all are then extrapolated, and what the model states
for the further samples that all would keep is added to the peak. Both are named so. On a machine that does other things
too, use ``--threads 1``: the processor seconds are then those that one free core would need. The script ends with
status 1 if the training takes more than 6 GB or 45 minutes (of processors, with one thread), or says nothing in the
first second.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.reliability.large_data import NAME  # noqa: E402
from benchmarks.reliability.memory import status  # noqa: E402
from benchmarks.reliability.outcomes import keep  # noqa: E402
from benchmarks.scale.generated import INTERACTIONS  # noqa: E402
from benchmarks.scale.processes import measure  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
MODEL = "bayesian"
MOST_BYTES, MOST_SECONDS, FIRST_REPORT = 6e9, 45 * 60, 1.0


def train(sweeps: int | None) -> dict[str, Any]:
    """Train in this process: the seconds of its parts, and the memory that the model states."""
    import torch

    from engine.evaluation import runner
    from engine.runtime.job import Job, Progress
    from engine.session.datasets import open_workspace

    dataset = open_workspace().open(NAME)
    stages: list[tuple[float, float, str]] = []
    ended: dict[int, tuple[float, float]] = {}
    last, silence = 0.0, 0.0
    file = (Path(os.environ["RECSYS_TUI_HOME"]) / f"{MODEL}.log").open("w", encoding="utf-8", buffering=1)

    def note(progress: Progress) -> None:
        nonlocal last, silence
        seconds = time.perf_counter() - begun
        last, silence = seconds, max(silence, seconds - last)
        if not stages or stages[-1][2] != progress.stage:
            stages.append((round(seconds, 1), round(time.process_time() - used, 1), progress.stage))
            file.write(f"{seconds:8.1f} s  {status('VmRSS') / 1e9:.2f} GB  {progress.stage}\n")
        if (epoch := int(progress.values.get("epoch", 0))) and epoch not in ended:
            ended[epoch] = seconds, time.process_time() - used
            file.write(f"{seconds:8.1f} s  {status('VmRSS') / 1e9:.2f} GB  sweep {epoch}\n")

    options: dict[str, Any] = {} if sweeps is None else {"n_iter": sweeps, "burn_in": sweeps // 2}
    stated = runner.estimate_memory(dataset, MODEL, options, "cpu").needed
    whole = runner.estimate_memory(dataset, MODEL, {}, "cpu").needed
    begun, used = time.perf_counter(), time.process_time()
    model, _ = runner.train(dataset, MODEL, options=options, device="cpu", job=Job(note))
    trained = time.perf_counter() - begun, time.process_time() - used
    with tempfile.TemporaryDirectory() as folder:
        model.save(str(Path(folder) / "model"))
        stored = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
    from engine import models

    log, done = dataset.interactions, len(ended)
    all_sweeps = models.get(MODEL).defaults_for(len(log), log.num_items - 1)["n_iter"]
    found = {}
    for place, kind in enumerate(("seconds", "processor seconds")):
        ends = [times[place] for times in sorted(ended.values())]
        sweep = (ends[-1] - ends[0]) / (done - 1)
        found[kind] = {
            "before the first sweep": round(ends[0] - sweep, 1),
            "sweep": round(sweep, 1),
            "training": round(trained[place], 1),
            "training with all sweeps": round(trained[place] + (all_sweeps - done) * sweep),
        }
    return {
        "interactions": len(log),
        "threads": torch.get_num_threads(),
        "sweeps": done,
        "sweeps by default": all_sweeps,
        "first report": stages[0][0],
        "longest silence": round(silence, 1),
        **found,
        "stated": stated,
        "stated with all sweeps": whole,
        "model": stored,
        "stages": stages,
    }


def main() -> int:
    """Measure and print; the exit status."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(train(json.loads(sys.argv[2]))))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="where the data set is stored; by default a folder that is deleted")
    parser.add_argument("--interactions", type=int, default=INTERACTIONS)
    parser.add_argument("--sweeps", type=int, help="fewer than by default, but two or more")
    parser.add_argument("--threads", type=int, help="as many as there are cores by default")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/scale.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-bayesian-") as folder:
        home = arguments.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        os.environ["RECSYS_TUI_HOME"] = str(home)
        if arguments.threads:
            os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
        if not (home / "data" / "datasets" / NAME).exists():
            storing = f"from benchmarks.reliability.large_data import store; store({arguments.interactions})"
            measure(["-c", storing], home)
        cost = measure([__file__, "--one", json.dumps(arguments.sweeps)], home)
    got = {**json.loads(cost.output.splitlines()[-1]), "peak": cost.peak}
    got["peak with all sweeps"] = got["peak"] + max(0, got["stated with all sweeps"] - got["stated"])
    for name, value in got.items():
        print(f"{name:<26}{value}")
    if arguments.keep:
        keep("large_bayesian", got, results=RESULTS)
    good = got["peak with all sweeps"] <= MOST_BYTES and got["first report"] <= FIRST_REPORT
    seconds = got["processor seconds" if arguments.threads == 1 else "seconds"]["training with all sweeps"]
    return 0 if good and seconds <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
