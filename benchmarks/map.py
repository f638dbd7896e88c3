"""Time to the first picture of the map, and pictures a second while it is moved, through the app.

    python benchmarks/map.py [--dataset NAME]… [--seconds N] [--refined]

Each data set must be stored and embedded; it is copied to a temporary home folder without a map. The app runs in a
pseudo-terminal of 120×36. The first picture is timed from the key that opens the map to the heading above the picture.
Then arrow keys are sent, each as soon as the picture after the one before is drawn, magnified and not.
The map is refined meanwhile; with ``--refined``, moving is also measured after that.

On a busy machine the times mean little. The processor time of a picture hardly depends on other programs: it is that of
the app's main thread from one picture to the next, so its inverse is the rate that one free core could reach.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import struct
import sys
import tempfile
import time
from pathlib import Path

from terminal import Terminal

#: A picture is counted with the time and the processor time of the main thread.
RECORD = struct.Struct("dd")
#: The most steps in one direction, and the seconds after which a key has drawn nothing: the cursor is at an edge.
_STEPS, _EDGE = 20, 0.1
LEFT, DOWN, UP, RIGHT = "\x1b[D", "\x1b[B", "\x1b[A", "\x1b[C"


def main() -> None:
    if sys.argv[1:2] == ["--inside"]:
        run_app(sys.argv[2], sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", action="append", help="default: demo and movies")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement (default %(default)s)")
    parser.add_argument("--refined", action="store_true", help="measure moving on the refined map, too")
    arguments = parser.parse_args()
    print(
        "| data set | first picture | moved | pictures a second | processor time of a picture |\n|---|---|---|---|---|"
    )
    for name in arguments.dataset or ["demo", "movies"]:
        with tempfile.TemporaryDirectory(prefix="recsys-tui-bench-") as folder:
            measure(name, Path(folder), arguments.seconds, arguments.refined)


def measure(name: str, folder: Path, seconds: float, refined: bool) -> None:
    """Print the rows of one data set."""
    from engine.storage.paths import find_paths

    stored = find_paths().data / "datasets" / name
    shutil.copytree(stored, folder / "data" / "datasets" / name, ignore=shutil.ignore_patterns("map*.npz"))
    frames = folder / "frames"
    frames.touch()
    env = {**os.environ, "RECSYS_TUI_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    with Terminal([sys.executable, __file__, "--inside", str(frames), name], env) as terminal:
        terminal.wait_for("ready", 120)
        terminal.press("\x1bOR")  # F3: a letter would be typed into the line of the Search tab
        terminal.wait_for(lambda text: "History of user" in text or "No users" in text, 120)
        begun = terminal.press("M")
        first = terminal.wait_for("by meaning: what is near is alike", 120) - begun
        parts = ["while it is refined"]
        for part in [*parts, *["refined"] * refined]:
            if part == "refined":
                terminal.wait_for(lambda text: "first picture" not in text, 600)
            for magnified, keys in ((False, ""), (True, "+++")):
                terminal.press(keys)
                terminal.drain(1.0)
                rate, cost = moving(terminal, frames, seconds)
                how = f"{part}, {'magnified' if magnified else 'whole'}"
                print(f"| {name} | {first:.2f} s | {how} | {rate:.0f} | {1000 * cost:.1f} ms |", flush=True)
                terminal.press("---" if magnified else "")


def moving(terminal: Terminal, frames: Path, seconds: float) -> tuple[float, float]:
    """The pictures a second while arrow keys are sent, and the processor seconds of one."""
    before = seen = frames.stat().st_size
    directions = itertools.cycle((RIGHT, DOWN, LEFT, UP))
    direction, left = next(directions), _STEPS
    pressed = begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        size = frames.stat().st_size
        is_edge = time.monotonic() - pressed > _EDGE
        if size != seen or is_edge:
            if is_edge or not left:
                direction, left = next(directions), _STEPS
            left -= 1
            seen, pressed = size, terminal.press(direction)
        terminal.drain(0.001)
    ended = time.monotonic()
    records = list(RECORD.iter_unpack(frames.read_bytes()[before:]))
    drawn = [record for record in records if record[0] <= ended]
    if len(drawn) < 2:
        return 0.0, float("nan")
    return len(drawn) / seconds, (drawn[-1][1] - drawn[0][1]) / (len(drawn) - 1)


def run_app(frames: str, dataset: str) -> None:
    """Run the app, and note each picture of the canvas that is drawn and painted."""
    from tui import collector
    from tui.launch import ESCAPE_DELAY, SWITCH_INTERVAL, leave, make_app

    os.environ.setdefault("ESCDELAY", ESCAPE_DELAY)
    from tui.map.canvas import MapCanvas

    sys.setswitchinterval(SWITCH_INTERVAL)
    collector.rest()  # until the first paint, as in the program
    file = os.open(frames, os.O_WRONLY | os.O_APPEND)
    draw, paint = MapCanvas._draw, MapCanvas.render_lines
    is_new = False

    def noted(self, one):  # type: ignore[no-untyped-def]
        nonlocal is_new
        is_new = True
        return draw(self, one)

    def painted(self, crop):  # type: ignore[no-untyped-def]
        nonlocal is_new
        lines = paint(self, crop)
        if is_new:
            is_new = False
            os.write(file, RECORD.pack(time.monotonic(), time.thread_time()))
        return lines

    MapCanvas._draw = noted  # type: ignore[method-assign]
    MapCanvas.render_lines = painted  # type: ignore[method-assign]
    app = make_app(dataset, "auto")
    app.run()
    leave(app)


if __name__ == "__main__":
    main()
