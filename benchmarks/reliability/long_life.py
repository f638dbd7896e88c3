"""Measure whether a session and the app stay as small as they began.

    python benchmarks/reliability/long_life.py [--operations N] [--rounds N] [--idle SECONDS]

The first part runs mixed operations in one session: searches, recommendations, next items, small trainings, and
openings of another data set. The second part runs the app in a pseudo-terminal under a script of keys, one round after
another, and then leaves it alone. Memory, threads and open files are taken after a warm-up and at the end.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.reliability.outcomes import keep  # noqa: E402

WORDS = ("heist", "robot", "love war", "space station", "a detective in the rain", "year:>=1990", "genre:comedy ghost")
#: The share of the operations, and the least number of the app's rounds, after which nothing new should be needed.
WARM_UP, WARM_ROUNDS = 0.2, 2 * len(WORDS)
#: How much more memory may be held at the end than after the warm-up, and how much of a core an idle app may use.
MOST_GROWTH, MOST_IDLE = 0.05, 0.01
F2, F3, F4, ENTER, DOWN, CTRL_Q = "\x1bOQ", "\x1bOR", "\x1bOS", "\r", "\x1b[B", "\x11"
#: Escape as the kitty protocol writes it: a busy app would take a bare one and the next key for one key.
ESCAPE = "\x1b[27u"
#: One round: search, look at results, recommend to a user, and make a sequence. None stands for the words.
ROUND = (F2, ESCAPE, None, ENTER, DOWN, DOWN, ENTER, ESCAPE, F3, "1", ENTER, DOWN, DOWN, F4, "the", ENTER, ESCAPE)
#: The number of keys of a round, without the letters.
KEYS = len(ROUND)

#: What was measured of one part, with its name and whether it ``held``.
Part = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Use:
    """What a process holds: bytes of memory, threads and open files."""

    memory: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Use:
        """Read what a process holds now."""
        words = {}
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            words[name] = value.split()
        files = len(os.listdir(f"/proc/{pid}/fd"))
        return cls(int(words["VmRSS"][0]) * 1024, number_of_threads(pid), files)

    def __str__(self) -> str:
        return f"{self.memory / 1e6:.0f} MB, {self.threads} threads, {self.files} files"


def number_of_threads(pid: int) -> int:
    """The threads of a process without those of Arrow's allocator, which starts up to one a core when it likes."""
    number = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            number += (task / "comm").read_text().strip() != "jemalloc_bg_thd"
    return number


def main() -> int:
    """Measure both parts, and return 1 if one of them did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=120, help="of the keys in the app")
    parser.add_argument("--idle", type=float, default=60.0, help="how long the app is left alone, in seconds")
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-life-") as home:
        os.environ |= {"RECSYS_TUI_HOME": home, "HF_HUB_OFFLINE": "1"}
        train_models()
        found = [*measure_session(arguments.operations), *measure_app(arguments.rounds, arguments.idle)]
    if arguments.keep:
        for part, figures in found:
            keep("long_life", figures, part=part)
    return 0 if all(figures["held"] for _, figures in found) else 1


def train_models() -> None:
    """Train the models that both parts ask."""
    from engine.session import open_session
    from engine.session.datasets import open_workspace

    session = open_session(open_workspace())
    for model in ("popular", "baseline", "markov", "als"):
        session.models.train(model, {"n_iter": 2} if model == "als" else None)


# -- a session ----------------------------------------------------------------------------------------------------
def measure_session(number: int) -> Iterator[Part]:
    """Run operations in one session, and compare what the process holds."""
    if number < 1:
        return
    begun, warm, counted = time.perf_counter(), None, {}
    for done, name in enumerate(operations(number), 1):
        counted[name] = counted.get(name, 0) + 1
        if done == max(1, int(number * WARM_UP)):
            warm = settled()
            print(f"session after {done:,} operations: {warm}", flush=True)
        elif done % max(1, number // 10) == 0 and done != number:
            print(f"  {done:,}: {Use.of(os.getpid())}", flush=True)
    assert warm is not None
    end = settled()
    print(f"session after {number:,} operations in {time.perf_counter() - begun:.0f} s: {end}")
    print("  " + ", ".join(f"{many:,} {name}" for name, many in sorted(counted.items())))
    yield "session", {"trials": number, "operations": counted, **compare(warm, end)}


def operations(number: int) -> Iterator[str]:
    """Run operations, chosen with a fixed seed, and yield the kind of each."""
    from engine.session import open_session
    from engine.session.datasets import open_workspace

    workspace = open_workspace()
    session = open_session(workspace)
    choose = random.Random(0)
    users = [one.user_id for one in session.users.find("", 50)]
    items = [one.item for one in session.search.highlights(50).results]

    def switch() -> None:
        nonlocal session
        session = open_session(workspace, session.name)

    kinds: dict[str, tuple[int, Callable[[], object]]] = {
        "searches": (40, lambda: session.search.search(choose.choice(WORDS), 10, "keyword")),
        "similar items": (
            10,
            lambda: session.search.search("", 10, like=choose.choice(items).item_id, like_by="taste"),
        ),
        "recommendations": (
            30,
            lambda: session.users.recommend(choose.choice(users), 10, choose.choice(["baseline", "als", "popular"])),
        ),
        "next items": (
            15,
            lambda: session.sequences.next_items([one.internal_id for one in choose.sample(items, 3)], 10),
        ),
        "explanations": (3, lambda: session.users.history(choose.choice(users))),
        "trainings": (1, lambda: session.models.train(choose.choice(["baseline", "popular", "markov"]))),
        "openings": (1, switch),
    }
    names, weights = list(kinds), [share for share, _ in kinds.values()]
    for name in choose.choices(names, weights, k=number):
        kinds[name][1]()
        yield name


def settled() -> Use:
    """What this process holds once nothing waits to be collected."""
    gc.collect()
    return Use.of(os.getpid())


# -- the app --------------------------------------------------------------------------------------------------------
def measure_app(rounds: int, idle: float) -> Iterator[Part]:
    """Run the app under a script of keys, and compare what it holds; then leave it alone."""
    if rounds < 1:
        return
    from terminal import Terminal

    command = [sys.executable, "-m", "tui.cli", "-d", "demo"]
    with Terminal(command, {**os.environ, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.wait_for("words, a title")
        warm = None
        for done in range(1, rounds + 1):
            one_round(terminal, WORDS[done % len(WORDS)])
            if done == min(rounds, max(WARM_ROUNDS, int(rounds * WARM_UP))):
                warm = Use.of(terminal.pid)
                print(f"app after {done} rounds of keys: {warm}", flush=True)
            elif done % max(1, rounds // 10) == 0 and done != rounds:
                print(f"  {done}: {Use.of(terminal.pid)}", flush=True)
        assert warm is not None
        end = Use.of(terminal.pid)
        print(f"app after {rounds} rounds of keys: {end}")
        yield "app", {"trials": rounds * KEYS, "rounds": rounds, **compare(warm, end)}
        if idle:
            read_for(terminal, 5.0)
            before = processor_seconds(terminal.pid)
            read_for(terminal, idle)
            share = (processor_seconds(terminal.pid) - before) / idle
            print(f"app left alone for {idle:.0f} s: {share:.1%} of a core")
            yield "idle app", {"seconds": idle, "share": round(share, 5), "held": share <= MOST_IDLE}
        terminal.press(CTRL_Q)
        terminal.wait_for_exit()


def one_round(terminal: object, words: str) -> None:
    """Search, look at results, recommend to a user, and make a sequence."""
    for keys in (words if key is None else key for key in ROUND):
        terminal.press(keys)  # type: ignore[attr-defined]
        read_for(terminal, 0.15)


def read_for(terminal: object, seconds: float) -> None:
    """Read what the app draws for some time, as a person's terminal does."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        terminal._read(left)  # type: ignore[attr-defined]


def processor_seconds(pid: int) -> float:
    """The processor time of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def compare(warm: Use, end: Use) -> dict[str, Any]:
    """Say whether the end is no larger than the state after the warm-up."""
    growth, threads, files = end.memory / warm.memory - 1, end.threads - warm.threads, end.files - warm.files
    print(f"  memory {growth:+.1%}, threads {threads:+d}, files {files:+d}")
    held = growth <= MOST_GROWTH and threads <= 0 and files <= 0
    return {"bytes": end.memory, "growth": round(growth, 4), "threads": threads, "files": files, "held": held}


if __name__ == "__main__":
    raise SystemExit(main())
