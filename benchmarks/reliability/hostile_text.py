"""Sends 10,000 hostile texts through every screen and every command, and reads what is written to the terminal.

    python benchmarks/reliability/hostile_text.py [--texts N] [--seed N]

Each text is a title, an id, a value and a user of a data set, and one text of every ten is also pasted as a query. The
app runs in a pseudo-terminal with a hundred texts at a time; the commands run in this process, with every text as an
argument and as the name of a file. The script ends with status 1 if a byte was written that is neither printable text
nor part of a sequence that Textual or Rich writes for itself. The full number takes long; a few hundred are a sample.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.reliability.outcomes import keep  # noqa: E402
from tests.hostile.commands import commands, prepare, run  # noqa: E402
from tests.hostile.hostile_app import walk  # noqa: E402
from tests.hostile.stream import APP, COMMANDS, violations  # noqa: E402
from tests.hostile.texts import hostile_texts  # noqa: E402

#: The number of texts in one run of the app and in one data set.
BATCH = 100


def in_app(seed: int) -> tuple[list[str], int]:
    """What is wrong with what the app writes over a hundred texts, and how many bytes it wrote."""
    try:
        written = walk(seed, BATCH, queries=BATCH // 10)
    except TimeoutError:  # other work on the machine can do that, but hardly twice
        try:
            written = walk(seed, BATCH, queries=BATCH // 10)
        except TimeoutError as error:
            return [str(error)], 0
    return violations(written, APP), len(written)


def in_commands(texts: Sequence[str], folder: Path) -> tuple[list[str], int]:
    """What is wrong with what the commands write over these texts, and how many commands there were."""
    found, number = [], 0
    for _, written in prepare(texts, folder):
        found += violations(written, COMMANDS)
        number += 1
    for text in texts:
        for words in commands(text, folder):
            _, written = run(*words)
            found += [f"{words!r}: {one}" for one in violations(written, COMMANDS)]
            number += 1
    return found, number


def batch(seed: int) -> tuple[int, list[str], int, int]:
    """The seed of a hundred texts, what is wrong, and how many bytes of the app and how many commands were read."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"RECSYS_TUI_HOME": f"{folder}/home", "HF_HUB_OFFLINE": "1"}
        of_app, size = in_app(seed)
        of_commands, number = in_commands(list(hostile_texts(BATCH, seed)), Path(folder))
    return seed, [*of_app, *of_commands], size, number


def main() -> int:
    """Run everything; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=10_000, help="how many; a multiple of 100")
    parser.add_argument("--seed", type=int, default=0, help="of the first hundred")
    parser.add_argument("--jobs", type=int, default=1, help="how many hundreds are worked on at once")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep the figures for docs/reliability.md, beside those of runs from other seeds",
    )
    given = parser.parse_args()
    done: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(given.jobs, maxtasksperchild=1) as pool:
        for seed, found, size, number in pool.imap_unordered(
            batch, range(given.seed, given.seed + given.texts // BATCH)
        ):
            done.update(texts=BATCH, commands=number, app_bytes=size, violations=len(found))
            print(f"seed {seed}: {len(found)} violations", *found[:5], sep="\n  ", flush=True)
            if given.keep:
                figures = {"trials": done["texts"], "first_seed": given.seed, **done}
                keep("hostile_text", figures, part=f"from seed {given.seed}")
    print(f"{done['texts']:,} texts, {done['violations']} violations")
    return min(done["violations"], 1)


if __name__ == "__main__":
    sys.exit(main())
