"""Write docs/search.md: what this folder's benchmarks print, each as it was printed.

    python benchmarks/search/page.py --home HOME [--parts words,titles,meaning,launch,films,scale,kills]

``HOME`` is a RECSYS_TUI_HOME in which anime, movies and the demo are stored and embedded, for the judged queries.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "search.md"
HEAD = """\
# Search, measured

Made by `python benchmarks/search/page.py` on {date}, on {cores} cores ({machine}), Python {python}. Times are of this
machine and this run: what counts is how they stand to the tutorial's pipeline (sentence-transformers, one matrix
product), which is measured beside them.
"""
SPEED = """
## Speed

Anime is 12,017 items, of which equal texts are embedded once; films are The Movies Dataset's 45 thousand. A million
vectors are made of the anime's. "Held" is the longest time that another thread had to wait for the interpreter. "Once
warmed up" is what the app does at its start, and a session by `warm_up()`: linear layers in bfloat16 and vectors in
int8, where the processor has them; nothing is missed for it.
"""
QUALITY = """
## Quality

{what}

{judged} judged queries and {known} searches for one known item
([how they were judged](../benchmarks/search/README.md)). Weights were chosen on the tuning part; the figures are the
test part's.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--parts", default="words,titles,meaning,launch,films,scale,kills")
    arguments = parser.parse_args()
    speed = printed("__main__.py", "--parts", arguments.parts)
    quality = printed("quality.py", "--home", str(arguments.home))
    said, _, figures = quality.partition("\n\n")
    head = HEAD.format(
        date=datetime.date.today().isoformat(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
    )
    judged, known = (
        len((FOLDER / name).read_text("utf-8").splitlines()) - 1 for name in ("queries.tsv", "known_items.tsv")
    )
    quality_head = QUALITY.format(what="; ".join(said.splitlines()) + ".", judged=judged, known=known)
    PAGE.write_text(head + SPEED + block(speed) + quality_head + block(figures), encoding="utf-8")


def printed(script: str, *options: str) -> str:
    """What a benchmark prints; it is shown as it comes, too."""
    lines = []
    with subprocess.Popen([sys.executable, FOLDER / script, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(process.returncode)
    return "".join(lines).strip("\n")


def block(text: str) -> str:
    return "\n```text\n" + "\n".join(line.rstrip() for line in text.splitlines()) + "\n```\n"


if __name__ == "__main__":
    main()
