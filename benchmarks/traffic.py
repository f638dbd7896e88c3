"""Bytes that the app writes to the terminal, with and without the setting ``low-traffic``, side by side.

    python benchmarks/traffic.py [--keys N] [--write]

The app runs in a pseudo-terminal of 120x36 on the embedded demo, once with ``low-traffic = "off"`` and once with
``"on"``, and the same keys are pressed in both: the cursor walks down a list at eight keys a second, a query is typed,
tabs and pop-ups are opened. What is written in the seconds after the last key counts, too. ``--write`` puts the figures
into docs/ui.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tables import write_between
from terminal import Terminal

PAGE = Path(__file__).parent.parent / "docs" / "ui.md"
DOWN, ESCAPE = "\x1b[B", "\x1b"
F2, F3, F4, F6, F7 = "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[17~", "\x1b[18~"
#: Seconds between two keys of a walk, which is slower than a held key and faster than reading.
STEP = 0.125
#: Seconds in which an answer comes and is drawn.
SETTLES = 2.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=40, help="keys of each walk (default %(default)s)")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/ui.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-bench-") as folder:
        env = {**os.environ, "RECSYS_TUI_HOME": str(Path(folder) / "home"), "HF_HUB_OFFLINE": "1"}
        for words in (["datasets", "add", "demo"], ["embed", "-d", "demo"], ["train", "popular", "-d", "demo"]):
            subprocess.run([sys.executable, "-m", "tui.cli", *words], env=env, check=True, capture_output=True)
        measured = {setting: measure(env, setting, arguments.keys) for setting in ("off", "on")}
    lines = ["| | unit | `off` | `on` | less |", "|---|---|---|---|---|"]
    for name, (unit, usual) in measured["off"].items():
        low = measured["on"][name][1]
        lines.append(f"| {name} | {unit} | {usual:,.0f} | {low:,.0f} | {1 - low / max(usual, 1):.0%} |")
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        when = datetime.now(UTC).date()
        head = f"Measured by `python benchmarks/traffic.py --write` on {when}, {os.cpu_count()} cores "
        head += f"({platform.machine()}), Python {platform.python_version()}; a terminal of 120×36 with 24-bit colours."
        write_between(PAGE, "traffic", [head, "", *lines])


def measure(env: dict[str, str], setting: str, keys: int) -> dict[str, tuple[str, float]]:
    """The bytes of each activity with a setting, with their unit."""
    found: dict[str, tuple[str, float]] = {}
    program = [sys.executable, "-m", "tui.cli", "-d", "demo", "--fresh"]
    with Terminal(program, {**env, "RECSYS_TUI_LOW_TRAFFIC": setting}) as terminal:
        terminal.wait_for("ready")
        settled(terminal)

        def walk(name: str, first: str = DOWN) -> None:
            terminal.press(first)
            settled(terminal)
            before = terminal.num_bytes
            for _ in range(keys):
                terminal.press(DOWN)
                terminal.drain(STEP)
            settled(terminal)
            found[name] = "bytes a key", (terminal.num_bytes - before) / keys

        def act(name: str, *presses: str) -> None:
            before = terminal.num_bytes
            for press in presses:
                terminal.press(press)
                settled(terminal)
            found[name] = "bytes", (terminal.num_bytes - before) / len(presses)

        before = terminal.num_bytes
        for letter in "robots in love":
            terminal.press(letter)
            terminal.drain(STEP)
        settled(terminal)
        found["typing a query"] = "bytes a key", (terminal.num_bytes - before) / len("robots in love")
        walk("walking through results with their details")
        act("another tab", F4, F7, F2)
        terminal.press(F3)
        settled(terminal)
        walk("walking through users with their recommendations")
        act("a pop-up, opened and closed", "?", ESCAPE)
    return found


def settled(terminal: Terminal) -> None:
    """Read until what was asked for has been answered and drawn."""
    terminal.drain(SETTLES)


if __name__ == "__main__":
    main()
