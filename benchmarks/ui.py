"""Times to first paint and from key to paint, and delays of the app's event loop.

    python benchmarks/ui.py [--runs N] [--data DIR]

All programs run in a pseudo-terminal with a temporary home folder. First paint and key to paint are compared with a
minimal Textual app, both measured alternately. The catalogue and the ratings are real if DIR (../shared/data) has them,
and generated otherwise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from terminal import Terminal

HERE = Path(__file__).parent
BARE = """
from textual.app import App
from textual.widgets import Input, Static
class Bare(App):
    def compose(self):
        yield Static("bare app")
        yield Input()
Bare().run()
"""
#: The placeholder of the query line, which shows that the line is drawn.
FIRST_PANE = "words, a title"
#: The seconds for which the output is read after the key of a tab, before the screen is followed.
_FOLLOWED = 0.4
CTRL_Q, ESCAPE = "\x11", "\x1b"
DOWN, F6 = "\x1b[B", "\x1b[17~"
#: Each tab, its key, and what its frame says.
TABS = (
    ("Search", "\x1bOQ", "─ Search"),
    ("User", "\x1bOR", "─ User ─"),
    ("Sequence", "\x1bOS", "─ Add a title"),
    ("Models", F6, "─ Models and runs"),
    ("Data", "\x1b[18~", "─ SQL ─"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="the number of launches of each app (default %(default)s)")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-bench-") as folder:
        bench = Bench(Path(folder), arguments.data)
        bench.prepare()
        bench.paints(arguments.runs)
        bench.lags()
        bench.queued()
        bench.quits()


class Bench:
    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.data = data
        self.env = {
            **os.environ,
            "RECSYS_TUI_HOME": str(folder / "home"),
            "HF_HUB_OFFLINE": "1",
            # As an installation has them, even if the environment forbids writing compiled modules.
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    # -- data sets -------------------------------------------------------------------------------------------
    def prepare(self) -> None:
        self.ratings = generate_ratings(self.folder / "ratings.csv", 1_000_000)
        self.command("datasets", "add", "demo")
        self.catalogue, self.rated = "demo", "demo"
        if (self.data / "anime.csv").is_file():
            self.command("datasets", "add", "anime", "--items", self.data / "anime.csv")
            self.catalogue = "anime"
        if (self.data / "ml-100k").is_dir():
            self.command("datasets", "add", "ml-100k", "--from", self.data / "ml-100k")
            self.rated = "ml-100k"

    def command(self, *words: object) -> None:
        program = [sys.executable, "-m", "tui.cli", *map(str, words)]
        subprocess.run(program, env=self.env, check=True, capture_output=True)

    # -- paints -----------------------------------------------------------------------------------------------
    def paints(self, runs: int) -> None:
        print("\n| | bare Textual app | recsys-tui | ratio |\n|---|---|---|---|")
        bare = [sys.executable, "-c", BARE]
        ours = [sys.executable, "-m", "tui.cli", "-d", "demo"]
        first: dict[str, list[float]] = {"bare": [], "ours": []}
        keys: dict[str, list[float]] = {"bare": [], "ours": []}
        for _ in range(runs):
            for name, program, shown, ready in (
                ("bare", bare, "bare app", "bare app"),
                ("ours", ours, "Sequence", "ready"),
            ):
                with Terminal(program, self.env) as terminal:
                    first[name].append(terminal.wait_for(shown) - terminal.started)
                    terminal.wait_for(ready)
                    for number in range(1, 4):
                        typed = "z" * number
                        # The list of results is repainted as well, as in normal use.
                        keys[name].append(-terminal.press("z") + terminal.wait_for(typed))
        for label, values in (("first paint", first), ("key to paint", keys)):
            bare_s, ours_s = (statistics.median(values[name]) for name in ("bare", "ours"))
            print(f"| {label}, median | {ms(bare_s)} | {ms(ours_s)} | {ours_s / bare_s:.2f} |")

    # -- lag of the event loop --------------------------------------------------------------------------------
    def lags(self) -> None:
        print("\n| event loop's lag while | p50 | p95 | p99 | max | for |\n|---|---|---|---|---|---|")
        acknowledged = []
        with self.probe("idle", self.rated) as (terminal, ticks):
            mounted = terminal.wait_for(FIRST_PANE)
            opened = terminal.wait_for("ready")
            report("the first pane is laid out", ticks, terminal.started, mounted)
            report("the data set opens and torch is imported", ticks, mounted, opened)
            time.sleep(0.5)
            follow(terminal, 3)
            report("nothing happens", ticks, time.monotonic() - 3, time.monotonic())
            for tab, model in (("2", "bayesian"), ("3", "blend")):
                terminal.press(f"\x1bO{'QR'[int(tab) - 2]}")  # F2, F3 open the tab
                terminal.press({"2": "\x1bOR", "3": "\x1bOS"}[tab])
                terminal.wait_for(f"train {model}")
                begun = terminal.press("\x1b[15~")  # F5 trains
                terminal.wait_for(f"raining {model}")
                ended = terminal.wait_for(lambda text: "done in" in text or "raining " not in text, 300)
                report(f"{model} is trained", ticks, begun, ended)
        with self.probe("embed", self.catalogue) as (terminal, ticks):
            terminal.wait_for("ready")
            begun = terminal.press("\x1b[15~")  # F5 embeds
            terminal.wait_for("mbedding")
            follow(terminal, 20)
            pressed = terminal.press(ESCAPE)
            acknowledged.append(terminal.wait_for(lambda text: "topping" in text) - pressed)
            report("sentence-transformers is imported and a catalogue embedded", ticks, begun, pressed)
        with self.probe("read", self.rated, self.ratings) as (terminal, ticks):
            mounted = terminal.wait_for(FIRST_PANE)
            opened = terminal.wait_for("ready", 120)
            report("1,000,000 ratings are read and stored", ticks, mounted, opened)
        print(f"\nEsc acknowledged while embedding: {ms(max(acknowledged))}")

    # -- a queue of trainings ---------------------------------------------------------------------------------
    def queued(self) -> None:
        """The keys of all tabs, first when each is made, then with the lag while one run trains and three wait."""
        paints: dict[str, list[float]] = {name: [] for name, _, _ in TABS}
        with self.probe("queue", self.rated) as (terminal, ticks):
            terminal.wait_for("ready", 120)
            follow(terminal, 1.0)
            print("\n| a tab is opened for the first time | until it is painted |\n|---|---|")
            for name, key, shown in TABS[1:]:
                print(f"| {name} | {ms(-terminal.press(key) + terminal.shown_at(shown, 1.0))} |")
            terminal.press(F6)
            terminal.wait_for("models trained")
            begun = time.monotonic()
            for _ in range(4):
                terminal.press("t")
                follow(terminal, 0.1)
                terminal.press(DOWN)
                follow(terminal, 0.1)
            terminal.wait_for("3 waiting")
            for _ in range(5):
                for name, key, shown in TABS:
                    paints[name].append(-terminal.press(key) + terminal.shown_at(shown, _FOLLOWED))
            if "3 waiting" not in terminal.text():
                terminal.press(F6)
                follow(terminal, 0.3)
            queue = "to the end" if "3 waiting" in terminal.text() else "only for a part of the time"
            ended = time.monotonic()
            print("\n| key to paint while one run trains and three wait | median | max |\n|---|---|---|")
            for name, values in paints.items():
                print(f"| {name} | {ms(statistics.median(values))} | {ms(max(values))} |")
            print("\n| event loop's lag while | p50 | p95 | p99 | max | for |\n|---|---|---|---|---|---|")
            report(f"one run trains and three wait ({queue})", ticks, begun, ended)

    def probe(self, name: str, dataset: str, *ratings: Path) -> Probe:
        ticks = self.folder / f"{name}.ticks"
        program = [sys.executable, str(HERE / "ui_probe.py"), str(ticks), dataset, *map(str, ratings)]
        return Probe(program, {**self.env, "PYTHONPATH": str(HERE.parent)}, ticks)

    # -- leaving ----------------------------------------------------------------------------------------------
    def quits(self) -> None:
        print("\n| leaving | seconds until the process has ended |\n|---|---|")
        ours = [sys.executable, "-m", "tui.cli", "-d", "demo"]
        for wait in (None, *QUIT_AFTER):
            label = "when idle" if wait is None else f"{1000 * wait:.0f} ms after the first paint"
            with Terminal(ours, self.env) as terminal:
                terminal.wait_for("Sequence")
                if wait is None:
                    terminal.wait_for("ready")
                else:
                    follow(terminal, wait)
                pressed = terminal.press(CTRL_Q)
                print(f"| {label} | {terminal.wait_for_exit() - pressed:.3f} |")


QUIT_AFTER = (0.05, 0.2, 0.5, 1.0, 1.5)


class Probe:
    def __init__(self, program: list[str], env: dict[str, str], ticks: Path) -> None:
        self.ticks = ticks
        self.terminal = Terminal(program, env)

    def __enter__(self) -> tuple[Terminal, Path]:
        return self.terminal, self.ticks

    def __exit__(self, *_: object) -> None:
        self.terminal.close()


def follow(terminal: Terminal, seconds: float) -> None:
    """Read the output for some seconds, so that a full pipe does not block the program."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal._read(0.02)


def report(label: str, ticks: Path, begun: float, ended: float) -> None:
    values = np.array(list(struct.iter_unpack("dd", ticks.read_bytes())))
    lags = np.sort(values[(values[:, 0] >= begun) & (values[:, 0] <= ended), 1])
    p50, p95, p99 = (lags[int(len(lags) * share)] for share in (0.5, 0.95, 0.99))
    print(f"| {label} | {ms(p50)} | {ms(p95)} | {ms(p99)} | {ms(lags[-1])} | {ended - begun:.1f} s |", flush=True)


def generate_ratings(path: Path, count: int) -> Path:
    """Write a file of ratings with about the size of MovieLens 1M and a long tail of rare items."""
    random = np.random.RandomState(0)
    users = random.randint(1, 6041, count)
    items = np.minimum(random.zipf(1.3, count), 3700)
    ratings = random.randint(1, 6, count)
    times = 900_000_000 + np.arange(count) * 60
    rows = np.column_stack([users, items, ratings, times])
    np.savetxt(path, rows, fmt="%d", delimiter=",", header="userId,movieId,rating,timestamp", comments="")
    return path


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


if __name__ == "__main__":
    main()
