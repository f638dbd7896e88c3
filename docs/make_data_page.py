"""Write the table of docs/data.md: sources of data, the command that adds each, and what is read.

Run ``python docs/make_data_page.py``. Small files in the format of each source are read, as the tests do.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "data.md"
MARK = ("<!-- sources -->", "<!-- end of sources -->")
PEERS = ("<!-- peers -->", "<!-- end of peers -->")
sys.path.insert(0, str(ROOT))


def write_files(files: dict[str, str], folder: Path, encoding: str) -> None:
    """Write the files of a source."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))


def preview(source: Any) -> dict[str, Any]:
    """What the command of a source would store."""
    from tui.cli import main

    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        write_files(source.files, Path(folder), source.encoding)
        os.chdir(folder)
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = main(["datasets", "add", "x", *source.words.split(), "--dry-run", "--json"])
        finally:
            os.chdir(here)
    if status:
        raise SystemExit(f"{source.title}: {err.getvalue().strip()}")
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def row(source: Any) -> str:
    """A row of the table."""
    found = preview(source)
    guessed = found["source"].get("guessed_columns", {}).values()
    roles = "; ".join(", ".join(f"{role} = {column}" for role, column in columns.items()) for columns in guessed)
    skipped = ", ".join(f"{count} × {reason}" for reason, count in found["skipped"].items())
    cells = (source.title, f"`{source.words}`", found["kind"], roles, skipped)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """The page with its table made anew."""
    from tests.engine.datasets.published import SOURCES

    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK[0])
    after = rest.partition(MARK[1])[2]
    header = ["| source | `datasets add NAME …` | kind | columns recognised | left out |", "| --- | --- | --- | --- | --- |"]
    table = "\n".join([*header, *(row(source) for source in SOURCES)])
    page = f"{before}{MARK[0]}\n\n{table}\n\n{MARK[1]}{after}"
    before, _, rest = page.partition(PEERS[0])
    return f"{before}{PEERS[0]}\n\n{peers()}\n\n{PEERS[1]}{rest.partition(PEERS[1])[2]}"


def peers() -> str:
    """The table of what other libraries read, from ``benchmarks/results/peers.json``."""
    found = json.loads((ROOT / "benchmarks" / "results" / "peers.json").read_text(encoding="utf-8"))
    names = {"recbole": "RecBole", "lenskit": "LensKit", "cornac": "cornac", "rectools": "RecTools"}
    words = {"read": "read", "wrong": "reads other pairs", "refused": "own code"}
    header = ["source", "recsys-tui", *(f"{names[one]} {found[one]['version']}" for one in names)]
    rows = [header, ["---"] * len(header)]
    for title in found["cornac"]["sources"]:
        rows.append([title, "read", *(words[found[one]["sources"][title]["state"]] for one in names)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
