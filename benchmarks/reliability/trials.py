"""Run one function over many seeds in worker processes, and count what became of each: also a crash or a hang."""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.reliability.outcomes import keep

MOST_SECONDS = 5.0
MOST_BYTES = 1 << 30
_MOST_SHOWN = 300
#: A worker that says nothing for so long is ended; other work on the machine is no reason for it.
_HANGS_AFTER = 600
#: The figures are kept after so many trials too, in case that the run is cut off.
_KEPT_EVERY = 500
#: What may become of a seed; everything else is a fault.
GOOD = ("answered", "refused")


@dataclass(frozen=True)
class Trial:
    """What became of a seed.

    Attributes
    ----------
    seed
        The seed.
    outcome
        One of ``GOOD``, or what is wrong.
    seconds
        How long it computed; other programs on the machine do not count.
    peak
        The most memory of the worker so far, in bytes.
    """

    seed: int
    outcome: str
    seconds: float = 0.0
    peak: int = 0

    @property
    def fault(self) -> str:
        """What is wrong; empty if nothing is."""
        if self.outcome not in GOOD:
            return self.outcome
        if self.seconds > MOST_SECONDS:
            return f"{self.outcome} after {self.seconds:.1f} s"
        return f"{self.outcome} with {self.peak >> 20:,} MB" if self.peak > MOST_BYTES else ""


def run_trials(function: Callable[[int], str], seeds: Iterable[int]) -> Iterator[Trial]:
    """Run ``function`` over seeds in a worker process, replaced when it crashes, hangs or has grown too large."""
    context = multiprocessing.get_context("spawn")
    worker = None
    for seed in seeds:
        if worker is None:
            here, there = context.Pipe()
            worker = context.Process(target=_serve, args=(function, there), daemon=True)
            worker.start()
            there.close()
            here.recv()  # it is ready
        here.send(seed)
        try:
            trial = here.recv() if here.poll(_HANGS_AFTER) else Trial(seed, f"nothing after {_HANGS_AFTER} s")
        except EOFError:
            worker.join()
            trial = Trial(seed, f"the process ended with {worker.exitcode}")
        yield trial
        if trial.fault and (trial.peak > MOST_BYTES or not trial.seconds):
            worker.kill()
            worker = None


def _serve(function: Callable[[int], str], there: Connection) -> None:
    unit = 1 if sys.platform == "darwin" else 1024
    function(-1)  # what is imported and opened once is not the first seed's time
    there.send(None)
    while True:
        try:
            seed = there.recv()
        except EOFError:
            return
        begun = time.process_time()
        outcome = function(seed)
        seconds = time.process_time() - begun
        there.send(Trial(seed, outcome, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit))


def main(function: Callable[[int], str], explain: Callable[[int], None], name: str, what: str, count: int) -> int:
    """The command line of the script ``name``: run the trials and tell the outcome; 1 if anything went wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=count, help=f"how many {what}")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one alone, here, and print what happens")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    options = parser.parse_args()
    if options.seed is not None:
        explain(options.seed)
        return 0
    outcomes: Counter[str] = Counter()
    slowest, peak, faults = 0.0, 0, 0
    for trial in run_trials(function, range(options.first, options.first + options.count)):
        slowest, peak = max(slowest, trial.seconds), max(peak, trial.peak)
        outcomes[trial.outcome if trial.outcome in GOOD else "wrong"] += 1
        if trial.fault:
            faults += 1
            print(f"seed {trial.seed}: {trial.fault[:_MOST_SHOWN]}", flush=True)
        done = outcomes.total()
        if options.keep and (done % _KEPT_EVERY == 0 or done == options.count):
            figures = {
                "trials": done,
                "first_seed": options.first,
                **{outcome: outcomes[outcome] for outcome in GOOD},
                "faults": faults,
                "slowest_seconds": round(slowest, 2),
                "peak_bytes": peak,
            }
            keep(name, figures)
    listed = ", ".join(f"{number:,} {outcome}" for outcome, number in outcomes.most_common())
    print(f"{options.count:,} {what}: {listed}; {faults:,} faults; at most {slowest:.2f} s and {peak >> 20:,} MB each")
    return 1 if faults else 0
