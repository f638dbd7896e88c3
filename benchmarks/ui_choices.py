"""Comparison of the app's own table, imports, garbage collection and Esc with the usual ones.

    python benchmarks/ui_choices.py [--rounds N] [--write]

Each row compares the app's solution with that of Textual or Python, both measured alternately in the same run. With
``--write`` the tables replace those between the two marks of ``docs/ui.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from terminal import Terminal

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ui.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
ESCAPE = "\x1b"
PLACEHOLDER = "words, a title"

#: A program that imports torch in a thread while the main thread wakes every two milliseconds.
IMPORTING = """
import gc, importlib, sys, threading, time
sys.path.insert(0, {root!r})
from engine.runtime.lazy_import import import_in_background
sys.setswitchinterval(0.0005)
work = {{"plain": lambda: importlib.import_module("torch"), "ours": lambda: import_in_background("torch")}}[{way!r}]
thread = threading.Thread(target=work)
begun, late = time.perf_counter(), 0.0
thread.start()
while thread.is_alive():
    before = time.perf_counter()
    time.sleep(0.002)
    late = max(late, time.perf_counter() - before - 0.002)
print(late, time.perf_counter() - begun)
"""

WITH_COLLECTOR = "import gc; gc.disable = lambda: None; "
WITH_TEXTUALS_DRIVER = "import textual.app, tui.app; del tui.app.RecsysApp.get_driver_class; "
RUN = "import sys; from tui.cli import main; sys.exit(main(['-d', 'demo']))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each row (default %(default)s)")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/ui.md")
    arguments = parser.parse_args()
    lines = [
        f"Measured by `python benchmarks/ui_choices.py --write` on {datetime.now(UTC):%Y-%m-%d}, "
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"medians of {arguments.rounds} rounds in turn.",
        "",
        *tables(),
        "",
        *imports(arguments.rounds),
        "",
        *launches(arguments.rounds),
    ]
    print("\n".join(lines))
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        PAGE.write_text(f"{before}{MARKS[0]}\n" + "\n".join(lines) + f"\n{MARKS[1]}{after}", encoding="utf-8")


# -- the table ------------------------------------------------------------------------------------------------
def tables() -> list[str]:
    lines = ["| first fill of a table, until it is drawn | Textual's DataTable | ours |", "|---|---|---|"]
    for rows in (100, 1_000, 10_000, 100_000):
        theirs = asyncio.run(fill(data_table, rows)) if rows <= 10_000 else None
        ours = asyncio.run(fill(our_table, rows))
        lines.append(f"| {rows:,} rows | {'not measured' if theirs is None else ms(theirs)} | {ms(ours)} |")
    return lines


async def fill(make: Callable[[], tuple[object, Callable[[int], None]]], rows: int) -> float:
    """The median time to fill a table in a running app and draw it, in seconds."""
    from textual.app import App, ComposeResult
    from textual.widget import Widget

    widget, show = make()
    assert isinstance(widget, Widget)

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield widget

    took = []
    app = Shown()
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(3):
            await pilot.pause()
            begun = time.perf_counter()
            show(rows)
            await pilot.pause()
            took.append(time.perf_counter() - begun)
    return statistics.median(took)


def data_table() -> tuple[object, Callable[[int], None]]:
    from textual.widgets import DataTable

    table: DataTable[str] = DataTable()

    def show(rows: int) -> None:
        table.clear(columns=True)
        table.add_columns("#", "Title", "Year")
        table.add_rows((str(row), f"Title {row}", "1999") for row in range(rows))

    return table, show


def our_table() -> tuple[object, Callable[[int], None]]:
    from tui.widgets.table import Column, Table

    columns = (
        Column("#", lambda row, _: str(row), width=7, right=True),
        Column("Title", lambda row, _: f"Title {row}"),
        Column("Year", lambda row, _: "1999", width=4),
    )
    table: Table[int] = Table(columns)
    return table, lambda rows: table.show(range(rows))


# -- imports --------------------------------------------------------------------------------------------------
def imports(rounds: int) -> list[str]:
    held: dict[str, list[float]] = {"plain": [], "ours": []}
    took: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(rounds):
        for way in held:
            program = IMPORTING.format(root=str(ROOT), way=way)
            done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            late, seconds = map(float, done.stdout.split())
            held[way].append(late)
            took[way].append(seconds)
    rows = (("longest hold of the interpreter", held), ("the import itself", took))
    lines = ["| `import torch` in a thread | plainly | by `import_in_background` |", "|---|---|---|"]
    return lines + [f"| {name} | {mid(values['plain'])} | {mid(values['ours'])} |" for name, values in rows]


# -- launches -------------------------------------------------------------------------------------------------
def launches(rounds: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="recsys-tui-bench-") as home:
        env = {
            **os.environ,
            "RECSYS_TUI_HOME": home,
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": f"{home}/compiled",  # as an installation has them
        }
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run([sys.executable, "-m", "tui.cli", "datasets", "add", "demo"], env=env, check=True)
        paints: dict[str, list[float]] = {"usual": [], "ours": []}
        escapes: dict[str, list[float]] = {"usual": [], "ours": []}
        for _ in range(rounds):
            for way, before in (("usual", WITH_COLLECTOR), ("ours", "")):
                with Terminal([sys.executable, "-c", before + RUN], env) as terminal:
                    paints[way].append(terminal.wait_for("Sequence") - terminal.started)
            for way, before in (("usual", WITH_TEXTUALS_DRIVER), ("ours", "")):
                with Terminal([sys.executable, "-c", before + RUN], env) as terminal:
                    terminal.wait_for("ready")
                    for _ in range(3):
                        terminal.press("zz")
                        terminal.wait_for(lambda text: PLACEHOLDER not in text)
                        time.sleep(0.4)
                        pressed = terminal.press(ESCAPE)
                        escapes[way].append(terminal.wait_for(PLACEHOLDER) - pressed)
    return [
        "| in a terminal | usual | ours |",
        "|---|---|---|",
        f"| first paint, the collector on or off until then | {mid(paints['usual'])} | {mid(paints['ours'])} |",
        f"| Esc until the line is empty, Textual's driver or ours | {mid(escapes['usual'])} | {mid(escapes['ours'])} |",
        f"| the slowest of these Escs | {ms(max(escapes['usual']))} | {ms(max(escapes['ours']))} |",
    ]


def mid(values: list[float]) -> str:
    return ms(statistics.median(values))


def ms(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


if __name__ == "__main__":
    main()
