"""Read thousands of spoilt files: each must become a data set or be refused in one short sentence.

    python benchmarks/reliability/mutated_files.py --count 20000
    python benchmarks/reliability/mutated_files.py --seed 1234      # one again, with its traceback

Each seed spoils the files of a published set, of a person's export, or of one log in some format
(``tests/engine/datasets/mutations.py``), and runs ``datasets add`` over them: with ``--dry-run``, and every eighth time
storing what it read. A worker process does it, so that a crash, a time of over 5 seconds and a gigabyte of memory are
seen too. Exits with 1 if anything of this happened.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.reliability.trials import main  # noqa: E402
from tests.engine.datasets.mutations import Given, WrongOutcomeError, mutated, sentence_for  # noqa: E402

_STORED_EVERY = 8


@contextmanager
def _in_folder(given: Given) -> Iterator[None]:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        given.write(Path(folder))
        os.environ["RECSYS_TUI_HOME"] = str(Path(folder) / "home")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def _command(given: Given, seed: int) -> list[str]:
    return ["datasets", "add", "x", *given.words, *([] if seed % _STORED_EVERY == 0 else ["--dry-run"])]


def outcome(seed: int) -> str:
    """What becomes of the files of a seed."""
    given = mutated(seed)
    with _in_folder(given):
        try:
            return "refused" if sentence_for(_command(given, seed)) else "answered"
        except WrongOutcomeError as error:
            return f"{given.title}: {error}"


def explain(seed: int) -> None:
    """Print the files of a seed and what becomes of them."""
    given = mutated(seed)
    print(given.title, _command(given, seed))
    for name, content in given.files.items():
        print(f"{name!r}: {len(content):,} bytes\n{content[:2000]!r}")
    with _in_folder(given):
        try:
            print(sentence_for(_command(given, seed)) or "answered")
        except WrongOutcomeError:
            traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main(outcome, explain, "mutated_files", "spoilt files", 20_000))
