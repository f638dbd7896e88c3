"""Spoil one stored file at a time: it must be named or made again, and everything else must answer as before.

    python benchmarks/reliability/damaged_files.py --count 400
    python benchmarks/reliability/damaged_files.py --seed 123        # one again, with its traceback

``tests/engine/workspace/damage.py`` says what is done to the files and what must hold. Exits with 1 if it did not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from benchmarks.reliability.outcomes import keep  # noqa: E402
from tests.engine.workspace.damage import ask, make_home, trial  # noqa: E402

#: The figures are kept after so many files too, in case that the run is cut off.
KEPT_EVERY = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=400, help="how many files to spoil")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="spoil by this seed only, and let an error end the program")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.count)
    outcomes: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        os.environ["RECSYS_TUI_HOME"] = str(template)
        make_home(template)
        expected = ask(template)
        for seed in seeds if arguments.seed is None else [arguments.seed]:
            home = Path(folder) / str(seed)
            os.environ["RECSYS_TUI_HOME"] = str(home)
            try:
                outcome = trial(template, expected, home, seed)
            except Exception as error:
                if arguments.seed is not None:
                    raise
                wrong += 1
                print(f"seed {seed}: {type(error).__name__}: {error}")
            else:
                outcomes[outcome.rpartition(": ")[2]] += 1
                if arguments.seed is not None:
                    print(outcome)
            shutil.rmtree(home, ignore_errors=True)
            done = wrong + outcomes.total()
            if arguments.keep and (done % KEPT_EVERY == 0 or done == len(seeds)):
                keep(
                    "damaged_files",
                    {"trials": done, "first_seed": arguments.first, "outcomes": dict(outcomes), "wrong": wrong},
                )
    for outcome, count in outcomes.most_common():
        print(f"{count:>5}  {outcome}")
    print(f"{wrong:>5}  wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
