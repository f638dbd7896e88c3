"""Sends 10,000 hostile texts through every screen and every command, and reads what is written to the terminal.

    python benchmarks/reliability/hostile_text.py [--texts N] [--seed N]

Each text is a title, an id, a value and a user of a data set, and one text of every ten is also pasted as a query. The
app runs in a pseudo-terminal with a hundred texts at a time; the commands run in this process, with every text as an
argument and as the name of a file. The script ends with status 1 if a byte was written that is neither printable text
nor part of a sequence that Textual or Rich writes for itself. The full number takes long; a few hundred are a sample.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.hostile.commands import commands, prepare, run  # noqa: E402
from tests.hostile.hostile_app import walk  # noqa: E402
from tests.hostile.stream import APP, COMMANDS, violations  # noqa: E402
from tests.hostile.texts import hostile_texts  # noqa: E402

#: The number of texts in one run of the app and in one data set.
BATCH = 100


def in_app(seed: int) -> Iterator[str]:
    """What is wrong with what the app writes over a hundred texts."""
    yield from violations(walk(seed, BATCH, queries=BATCH // 10), APP)


def in_commands(texts: Sequence[str], folder: Path) -> Iterator[str]:
    """What is wrong with what the commands write over these texts."""
    for _, written in prepare(texts, folder):
        yield from violations(written, COMMANDS)
    for text in texts:
        for words in commands(text, folder):
            _, written = run(*words)
            yield from (f"{words!r}: {one}" for one in violations(written, COMMANDS))


def main() -> int:
    """Run everything; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=10_000, help="how many; a multiple of 100")
    parser.add_argument("--seed", type=int, default=0, help="of the first hundred")
    given = parser.parse_args()
    wrong = 0
    for seed in range(given.seed, given.seed + given.texts // BATCH):
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"RECSYS_TUI_HOME": f"{folder}/home", "HF_HUB_OFFLINE": "1"}
            found = [*in_app(seed), *in_commands(list(hostile_texts(BATCH, seed)), Path(folder))]
        wrong += len(found)
        print(f"seed {seed}: {len(found)} violations", *found[:5], sep="\n  ", flush=True)
    print(f"{given.texts:,} texts, {wrong} violations")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
