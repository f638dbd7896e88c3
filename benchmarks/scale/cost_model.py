"""What each step costs at sizes that no machine here holds: a cost model, held against a size that it has not seen.

    python benchmarks/scale/cost_model.py [--measure] [--home DIR]

``--measure`` runs each step as a process on generated data of 1, 5 and 20 million ratings and of 10 million, and keeps
the figures. The seconds of one core and the bytes of a step are straight lines in its amount of work, fitted at the
three sizes by least squares of the relative errors. The script compares the lines with the fourth size, follows them
up to ten billion ratings, simulates a sweep of als on a hundred machines (:mod:`benchmarks.scale.schedule`), and writes
all to docs/scale.md. Run the measurement on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.scale.generated import sizes, write_csv_apart  # noqa: E402
from benchmarks.scale.processes import Cost, command, measure  # noqa: E402
from benchmarks.scale.schedule import Cluster, simulate  # noqa: E402
from benchmarks.tables import lines_of, write_between  # noqa: E402

FITTED, HELD_OUT = (1_000_000, 5_000_000, 20_000_000), 10_000_000
PLANNED = (100_000_000, 1_000_000_000, 10_000_000_000)
RESULTS = ROOT / "benchmarks" / "results" / "cost_model.json"
PAGE = ROOT / "docs" / "scale.md"
#: What is counted on of a machine of a cluster: cores, memory, and bytes a second between two of them (10 Gbit/s).
CORES, MEMORY, NETWORK = 32, 128e9, 1.25e9
#: The bytes of a vector of als: 64 numbers.
VECTOR = 4 * 64
#: The sweeps of the second training, by which one sweep is told from what comes before it.
SWEEPS = 11

Sizes = Callable[[int], float]


def _interactions(count: int) -> float:
    return float(count)


def _pairs(count: int) -> float:
    users, items = sizes(count)
    return float(users) * items


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the work.

    Attributes
    ----------
    work
        The amount of work for a number of interactions.
    divided
        Whether ``--on`` divides it among machines.
    """

    work: Sizes
    divided: bool


STEPS = {
    "read": Step(_interactions, False),
    "popular": Step(_interactions, False),
    "als before the sweeps": Step(_interactions, False),
    "als, a sweep": Step(_interactions, True),
    "explicit, an epoch": Step(_interactions, False),
    "lists of all users": Step(_pairs, True),
}


def measure_size(interactions: int, home: Path) -> dict[str, tuple[float, float]]:
    """The seconds of processors and the largest resident set in bytes of each step."""
    name = f"c{interactions}"
    train = ("-d", name, "--device", "cpu")
    with tempfile.TemporaryDirectory(dir=home) as folder:
        file, out = Path(folder) / "ratings.csv", str(Path(folder) / "lists.parquet")
        write_csv_apart(interactions, file)

        def run(*words: str) -> Cost:
            cost = measure(command(*words), home)
            print(f"{interactions:>12,}  {' '.join(words[:2]):<24}{cost.processor:9.1f} s{cost.peak / 1e6:9.0f} MB")
            return cost

        read = run("datasets", "add", name, "--ratings", str(file))
        popular = run("train", "popular", *train)
        once, often = (run("train", "als", *train, "--set", f"n_iter={n}") for n in (1, SWEEPS))
        epoch = run("train", "explicit", *train, "--set", "n_iter=1")
        lists = run("export", "recommendations", "-d", name, "-m", "als", "--out", out)
    sweep = (often.processor - once.processor) / (SWEEPS - 1)
    return {
        "read": (read.processor, read.peak),
        "popular": (popular.processor, popular.peak),
        "als before the sweeps": (once.processor - sweep, once.peak),
        "als, a sweep": (sweep, often.peak),
        "explicit, an epoch": (epoch.processor - popular.processor, epoch.peak),
        "lists of all users": (lists.processor, lists.peak),
    }


@dataclass(frozen=True, slots=True)
class Line:
    """Costs of ``fixed + rate * work``, fitted to relative errors; neither is below 0."""

    fixed: float
    rate: float

    def at(self, work: float) -> float:
        """The cost of an amount of work."""
        return self.fixed + self.rate * work

    @classmethod
    def fitted(cls, works: list[float], costs: list[float]) -> Line:
        """The line through some points."""
        costs = [max(cost, 1e-9) for cost in costs]
        columns = np.array([[1 / cost, work / cost] for work, cost in zip(works, costs, strict=True)])
        fixed, rate = np.linalg.lstsq(columns, np.ones(len(costs)), rcond=None)[0]
        if fixed < 0:
            share = columns[:, 1]
            fixed, rate = 0.0, float(share.sum() / (share @ share))
        return cls(float(fixed), max(0.0, float(rate)))


def fit(measured: Mapping[str, Mapping[str, tuple[float, float]]]) -> dict[str, tuple[Line, Line]]:
    """The lines of the seconds and of the bytes of each step."""
    found = {}
    for name, step in STEPS.items():
        works = [step.work(size) for size in FITTED]
        data = [float(size) for size in FITTED]
        costs = [measured[str(size)][name] for size in FITTED]
        found[name] = (
            Line.fitted(works, [seconds for seconds, _ in costs]),
            Line.fitted(data, [peak for _, peak in costs]),
        )
    return found


def held_out_rows(
    measured: Mapping[str, Mapping[str, tuple[float, float]]], lines: Mapping[str, tuple[Line, Line]]
) -> list[list[str]]:
    """Predicted and measured costs at the fourth size."""
    rows = []
    for name, (seconds, size) in lines.items():
        true_seconds, true_size = measured[str(HELD_OUT)][name]
        told, told_size = seconds.at(STEPS[name].work(HELD_OUT)), size.at(HELD_OUT)
        rows.append(
            [
                name,
                f"{told:.1f} s",
                f"{true_seconds:.1f} s",
                f"{told / true_seconds - 1:+.0%}",
                f"{told_size / 1e6:,.0f} MB",
                f"{true_size / 1e6:,.0f} MB",
                f"{told_size / true_size - 1:+.0%}",
            ]
        )
    return rows


def planned_rows(lines: Mapping[str, tuple[Line, Line]]) -> list[list[str]]:
    """Core seconds and memory of each step at sizes beyond this machine."""
    rows = []
    for name, (seconds, size) in lines.items():
        cells = [name]
        for count in PLANNED:
            of_cores = seconds.at(STEPS[name].work(count))
            cells.append(f"{_duration(of_cores)}, {_size(size.at(count))}")
        rows.append([*cells, "yes" if STEPS[name].divided else "no"])
    vectors = [f"{_size(sum(sizes(count)) * VECTOR)}, a copy {_duration(_broadcast(count))}" for count in PLANNED]
    return [*rows, ["vectors of als, sent to each machine", *vectors, ""]]


def simulated_rows(lines: Mapping[str, tuple[Line, Line]], count: int) -> list[list[str]]:
    """A sweep of als and the lists of all users on some numbers of machines and of tasks for each core."""
    rows = []
    for name, phases, choices in (
        ("als, a sweep", 2, [(4, 4), (16, 4), (100, 4)]),  # its halves wait for each other
        ("lists of all users", 1, [(16, 4), (100, 1), (100, 4), (100, 16)]),
    ):
        work = lines[name][0].at(STEPS[name].work(count))
        for nodes, tasks in choices:
            seconds = []
            for cluster in (
                Cluster(nodes, CORES, slow=0.0, hours_between_failures=1e9),
                Cluster(nodes, CORES, hours_between_failures=1e9),
                Cluster(nodes, CORES, hours_between_failures=100),
            ):
                runs = [
                    [simulate(cluster, work / phases, tasks, 10 * run + one) for one in range(phases)]
                    for run in range(5)
                ]
                seconds.append(float(np.mean([sum(one for one, _ in run) for run in runs])))
            ideal, sending = work / (nodes * CORES), _broadcast(count)
            shown = [_duration(one) for one in (ideal, *seconds, sending)]
            rows.append([name, str(nodes), str(tasks), *shown, f"{ideal / (seconds[-1] + sending):.0%}"])
    return rows


def _broadcast(count: int) -> float:
    """The seconds until a machine has the vectors of both sides, one after the other."""
    return sum(sizes(count)) * VECTOR / NETWORK


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def _size(size: float) -> str:
    return f"{size / 1e12:,.1f} TB" if size >= 1e12 else f"{size / 1e9:,.1f} GB"


def write_page(measured: Mapping[str, Mapping[str, tuple[float, float]]]) -> None:
    """Fit, predict, simulate, and write the tables to docs/scale.md."""
    lines = fit(measured)
    held = held_out_rows(measured, lines)
    costs = ("seconds told", "measured", "error", "memory told", "measured", "error")
    write_between(PAGE, "cost model", lines_of((f"step at {HELD_OUT:,} ratings", *costs), held))
    header = ("step, in seconds of one core", *(f"{count:,}" for count in PLANNED), "divided by --on")
    write_between(PAGE, "plan", lines_of(header, planned_rows(lines)))
    header = (
        *("step", "machines", "tasks a core", "ideal", "as they vary", "5 % of machines slow", "and some fail"),
        *("sending", "of the ideal"),
    )
    write_between(PAGE, "simulation", lines_of(header, simulated_rows(lines, PLANNED[-1])))


def main() -> None:
    """Measure if asked, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure all sizes and keep the figures")
    parser.add_argument("--home", type=Path, help="where the data sets are stored; by default a folder that is deleted")
    arguments = parser.parse_args()
    if arguments.measure:
        with tempfile.TemporaryDirectory(prefix="recsys-tui-costs-") as folder:
            home = arguments.home or Path(folder)
            home.mkdir(parents=True, exist_ok=True)
            found = {str(size): measure_size(size, home) for size in sorted((*FITTED, HELD_OUT))}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
