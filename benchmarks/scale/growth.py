"""Seconds and bytes of each step at one, five and twenty-one million ratings: no worse than linear growth?

    python benchmarks/scale/growth.py [SIZE …] [--home DIR] [--keep] [--steps STEP,…]

Each step is a process of its own: reading a CSV, a user's history, a recommendation and next items (each asked twice,
so that what is made once is made), one sweep of als, markov, one epoch of explicit, and the lists of all users. A step
of a set of next to nothing is taken off: that is the start of Python and the imports. What is left may grow by no more
than the interactions do, and fifteen percent. The script ends with status 1 if a step grows faster. Run it on a machine
that does nothing else: it compares processor seconds, yet caches are shared. The lists of all users need a score for
each user and item, so their seconds may grow with the product of the two.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.scale.generated import sizes, write_csv_apart  # noqa: E402
from benchmarks.scale.processes import HISTORY, Cost, command, measure  # noqa: E402
from benchmarks.tables import lines_of, write_between  # noqa: E402

SIZES = (1_000_000, 5_000_000, 21_000_000)
#: A data set with which a step costs only what it costs without data.
NOTHING = 2_000
TOLERANCE = 1.15
#: Costs below these are noise.
SECONDS, BYTES = 1.0, 100e6
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
PAGE = ROOT / "docs" / "scale.md"

ONE_USER = ("history", "recommend als", "recommend popular", "next markov")
#: These compute a score for each user and item.
ALL_PAIRS = ("export als",)


def work(step: str, interactions: int) -> float:
    """What the seconds of a step may grow with: the interactions, or the users times the items."""
    users, items = sizes(interactions)
    return float(users * items if step in ALL_PAIRS else interactions)


def steps(name: str, file: Path, out: Path) -> dict[str, list[str]]:
    """Step -> the words of Python that do it, in the order in which they need each other."""
    train = ("-d", name, "--device", "cpu")
    return {
        "read": command("datasets", "add", name, "--ratings", str(file)),
        "history": ["-c", HISTORY, name],
        "train als once": command("train", "als", *train, "--set", "n_iter=1"),
        "train markov": command("train", "markov", *train),
        "train explicit once": command("train", "explicit", *train, "--set", "n_iter=1"),
        "train popular": command("train", "popular", *train),
        "recommend als": command("recommend", "5", "-d", name, "-m", "als"),
        "recommend popular": command("recommend", "5", "-d", name, "-m", "popular"),
        "next markov": command("next", "5", "7", "-d", name, "-m", "markov"),
        "export als": command("export", "recommendations", "-d", name, "-m", "als", "--out", str(out)),
    }


def run(interactions: int, home: Path, wanted: set[str] | None) -> dict[str, Cost]:
    """Measure all steps at one size."""
    name = f"g{interactions}"
    found = {}
    with tempfile.TemporaryDirectory(dir=home) as folder:
        file = Path(folder) / "ratings.csv"
        write_csv_apart(interactions, file)
        for step, words in steps(name, file, Path(folder) / "lists.parquet").items():
            if wanted is not None and step not in wanted:
                continue
            if step in ONE_USER:
                measure(words, home)
            found[step] = measure(words, home)
            cost = found[step]
            print(
                f"{interactions:>12,}  {step:<26}{cost.processor:9.1f} s of processors{cost.seconds:9.1f} s"
                f"{cost.peak / 1e6:9.0f} MB",
                flush=True,
            )
    return found


def growth(costs: Mapping[int, Mapping[str, Cost]], nothing: Mapping[str, Cost]) -> dict[str, tuple[float, float]]:
    """Step -> by how much its seconds grow for each time the work does, and its bytes for each time the data do.

    1 is linear growth. Of the pairs of sizes the worst counts. Growth from less than what is noise is not counted.
    """
    measured, found = sorted(costs), {}
    for step in costs[measured[0]]:
        worst = [0.0, 0.0]
        for small, large in pairwise(measured):
            for place, (key, least) in enumerate((("processor", SECONDS), ("peak", BYTES))):
                before, after = (
                    max(getattr(costs[size][step], key) - getattr(nothing[step], key), least) for size in (small, large)
                )
                grown = work(step, large) / work(step, small) if key == "processor" else large / small
                worst[place] = max(worst[place], after / before / grown)
        found[step] = worst[0], worst[1]
    return found


def write_page(kept: Mapping[str, Any]) -> None:
    """Write the kept figures to docs/scale.md: processor seconds and the largest resident set of each step."""
    costs, factors = kept["costs"], kept["growth"]
    header = ["step", *(f"{int(size):,} ratings" for size in costs), "seconds ×", "bytes ×"]
    rows = [
        [
            f"`{step}`",
            *(f"{costs[size][step]['processor']:.1f} s, {costs[size][step]['peak'] / 1e6:,.0f} MB" for size in costs),
            *(f"{factor:.2f}" for factor in factors[step]),
        ]
        for step in factors
    ]
    write_between(PAGE, "growth", lines_of(header, rows))


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--home", type=Path, help="where the data sets are stored; by default a folder that is deleted")
    parser.add_argument("--steps", help="only these, separated by commas; later ones need what earlier ones store")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/scale.md")
    arguments = parser.parse_args()
    wanted = None if arguments.steps is None else {one.strip() for one in arguments.steps.split(",")}
    with tempfile.TemporaryDirectory(prefix="recsys-tui-growth-") as folder:
        home = arguments.home or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        nothing = run(NOTHING, home, wanted)
        costs = {size: run(size, home, wanted) for size in arguments.sizes}
    found = growth(costs, nothing)
    bad = {step for step, factors in found.items() if max(factors) > TOLERANCE}
    for step, (seconds, size) in found.items():
        print(f"{step:<26} seconds × {seconds:.2f}, bytes × {size:.2f}{'  WORSE THAN LINEAR' if step in bad else ''}")
    if arguments.keep:
        plain = {
            str(size): {step: {**asdict(cost), "output": None} for step, cost in measured.items()}
            for size, measured in {NOTHING: nothing, **costs}.items()
        }
        kept = {"costs": plain, "growth": found}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        write_page(kept)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
