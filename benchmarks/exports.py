"""Measure the lists of ten for all users, as files that ``recsys-tui export`` writes.

    python benchmarks/exports.py [--ratings N] [--users N] [--items N] [--models NAME …] [--keep]

Each export is a process of its own, from its start to the whole Parquet file; the peak is its largest resident set.
Models are trained briefly, since a longer training changes nothing of what a list costs. With ``--keep`` the figures go
to docs/export.md. MovieLens 100K is measured too where ``../shared/data`` has it: there each model is to be done within
two seconds. On the generated set factorisations are to reach 20,000 users a second, and blend 2,000, within 2 GB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.reliability.outcomes import commit, machine  # noqa: E402
from benchmarks.scale.generated import write_log  # noqa: E402
from benchmarks.scale.processes import Cost, command, measure  # noqa: E402
from benchmarks.tables import lines_of, write_between  # noqa: E402

PAGE = ROOT / "docs" / "export.md"
MOVIELENS = ROOT.parent / "shared" / "data" / "ml-100k"
#: Model -> options of a short training.
BRIEF = {
    "als": {"n_iter": 1},
    "svd": {"n_iter": 1},
    "explicit": {"n_iter": 1},
    "implicit": {"n_iter": 1},
    "bayesian": {"n_iter": 2, "burn_in": 1},
    "blend": {},
    "ease": {},
    "knn": {},
    "baseline": {},
    "popular": {},
    "markov": {},
    "sequence": {"n_iter": 1},
    "attention": {"n_iter": 1},
}
#: These answer what comes next.
SEQUENTIAL = ("blend", "markov", "sequence", "attention")


def measured(name: str, users: int, home: Path, chosen: Sequence[str]) -> list[list[str]]:
    """Train and export with each model; the rows of the table."""
    rows = []
    for model in chosen:
        options = [word for key, value in BRIEF[model].items() for word in ("--set", f"{key}={value}")]
        measure(command("train", model, "-d", name, "--device", "cpu", *options), home)
        out = home / "lists.parquet"
        kind = "next" if model in SEQUENTIAL else "recommendations"
        lists = command("export", kind, "-d", name, "-m", model, "-k", "10", "--out", str(out))
        cost = measure(lists, home)
        out.unlink()
        rows.append(_row(name, users, model, cost))
        print("  ".join(rows[-1]), flush=True)
    return rows


def _row(name: str, users: int, model: str, cost: Cost) -> list[str]:
    speed = f"{users / cost.seconds:,.0f}"
    return [name, f"{users:,}", model, f"{cost.seconds:.1f}", speed, f"{cost.peak / 1e6:,.0f}"]


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=int, default=5_000_000, help="of the generated set; 0 leaves it out")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--models", nargs="*", default=list(BRIEF), choices=list(BRIEF))
    parser.add_argument("--keep", action="store_true", help="write the table of docs/export.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-exports-") as folder:
        home, rows = Path(folder), []
        if MOVIELENS.is_dir():
            measure(command("datasets", "add", "ml-100k", "--from", str(MOVIELENS)), home)
            rows += measured("ml-100k", 943, home, given.models)
        if given.ratings:
            file = home / "ratings.csv"
            write_log(given.ratings, given.users, given.items, file)
            measure(command("datasets", "add", "generated", "--ratings", str(file)), home)
            file.unlink()
            rows += measured("generated", given.users, home, given.models)
    header = ("data set", "users", "model", "seconds", "users a second", "peak, MB")
    if given.keep:
        about = f"Measured at {commit()} with {machine()}."
        if given.ratings:
            about += f" The generated set has {given.ratings:,} ratings of {given.items:,} items."
        write_between(PAGE, "figures", [*lines_of(header, rows), "", about])


if __name__ == "__main__":
    main()
