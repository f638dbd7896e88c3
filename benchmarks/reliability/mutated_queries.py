"""Search the demo for thousands of spoilt query lines: each must be answered or refused in one short sentence.

    python benchmarks/reliability/mutated_queries.py --count 20000
    python benchmarks/reliability/mutated_queries.py --seed 1234     # one again, with its traceback

Each seed spoils a query line (``tests/engine/search/odd_lines.py``), which is parsed, completed and searched for; every
eighth one also by meaning. A worker process does it, so that a crash, a time of over 5 seconds and a gigabyte of memory
are seen too. Exits with 1 if anything of this happened.
"""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.reliability.trials import main  # noqa: E402
from engine.errors import RecsysError  # noqa: E402
from engine.session import Session, Workspace, open_session  # noqa: E402
from tests.engine.search.odd_lines import odd_line, search_for  # noqa: E402

_BY_MEANING_EVERY = 8


@cache
def _session() -> Session:
    folder = tempfile.mkdtemp(prefix="recsys-queries-")
    os.environ["RECSYS_TUI_HOME"] = folder
    session = open_session(Workspace(Path(folder)), "demo")
    session.search.embed()
    return session


def outcome(seed: int) -> str:
    """What becomes of the query line of a seed."""
    line = odd_line(seed)
    try:
        return "answered" if search_for(_session(), line, _mode(seed)) else "refused"
    except RecsysError as error:  # such as a line without any word
        return "refused" if 0 < len(str(error)) <= 400 else f"{line[:80]!r}: {error}"
    except Exception as error:
        return f"{line[:80]!r}: {type(error).__name__}: {error}"


def explain(seed: int) -> None:
    """Print the query line of a seed and what becomes of it."""
    print(repr(odd_line(seed)))
    print("answered" if search_for(_session(), odd_line(seed), _mode(seed)) else "refused")


def _mode(seed: int) -> str:
    return "hybrid" if seed % _BY_MEANING_EVERY == 0 else "keyword"


if __name__ == "__main__":
    sys.exit(main(outcome, explain, "mutated_queries", "spoilt query lines", 20_000))
