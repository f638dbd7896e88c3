"""Write ``docs/reliability.md`` from what the scripts in this folder have kept with ``--keep``.

    python benchmarks/reliability/page.py

The page says for each promise of ``SECURITY.md`` how often it was tried, what came out, on which machine, from which
seed and of which commit. What no script has kept is named as not measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from tables import lines_of  # noqa: E402

from benchmarks.reliability.outcomes import RESULTS  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
Run = Mapping[str, Any]

INTRODUCTION = """# Reliability

Made by `python benchmarks/reliability/page.py` from `benchmarks/results/reliability/`; do not edit it by hand. The
scripts of `benchmarks/reliability/` try in large numbers what [SECURITY.md](../SECURITY.md) promises, and keep what
came out with `--keep`. Tests try a sample of the same at every change. A fault that a script found is mended and has a
test. A `+` after a commit stands for changes that were made to it.
"""


def _of_trials(run: Run) -> str:
    return (
        f"{run['faults']} faults: {run['answered']:,} answered, {run['refused']:,} refused in one sentence; at most "
        f"{run['slowest_seconds']:.1f} s of the processor and {run['peak_bytes'] >> 20:,} MB"
    )


#: The script, what it tries, and the words for what came out.
TRIED: tuple[tuple[str, str, Callable[[Run], str]], ...] = (
    (
        "kills",
        "processes killed at a random moment while they replace, train, embed or remove",
        lambda run: f"{run['lost']} lost, {run['refused']} refused starts, {run['left over']} left-overs",
    ),
    (
        "damaged_files",
        "stored files spoilt, one at a time",
        lambda run: f"{run['wrong']} not named, or others that did not answer",
    ),
    ("mutated_files", "spoilt files read by `datasets add`", _of_trials),
    ("mutated_queries", "spoilt query lines searched for", _of_trials),
    (
        "hostile_text",
        "hostile texts through every screen and every command",
        lambda run: (
            f"{run['violations']} violations in {run['app_bytes'] / 1e6:.0f} MB of the app's stream and the output of "
            f"{run['commands']:,} commands"
        ),
    ),
)
#: What only tests try, and where.
BY_TESTS = (
    (
        "every step of every operation × kill, power failure, interrupt, EIO, ENOSPC, EROFS",
        "the old version or the new one, whole",
        "tests/faults/test_every_step.py",
    ),
    (
        "errors injected at more than 20 places of the app",
        "one tab shows a page, the others answer",
        "tests/tui/test_containment.py",
    ),
    (
        "a socket guard over all commands and the app",
        "no socket unless it is asked for",
        "tests/cli/test_no_network.py",
    ),
    (
        "any bytes in the place of a stored file",
        "read, or refused in one sentence",
        "tests/engine/storage/test_guarded.py",
    ),
)

#: Bytes below which libraries, and not the data, decide what is measured.
_LEAST_COMPARED = 5_000_000


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(RESULTS), encoding="utf-8")


def page(results: Path) -> str:
    """The page of the figures in a folder."""
    runs = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}
    parts = [
        INTRODUCTION,
        *_tried(runs),
        *_long_life(runs),
        *_memory(runs),
        *_search_memory(runs),
        *_large(runs),
        *_tests(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _tried(runs: Mapping[str, Run]) -> Iterator[str]:
    yield "## In large numbers\n"
    rows = []
    for name, what, outcome in TRIED:
        run = runs.get(name)
        script = f"`{name}.py`"
        if run is None:
            rows.append((script, what, "–", "not measured", "–", "–"))
            continue
        rows += [
            (script, what, f"{part['trials']:,}", outcome(part), str(part["first_seed"]), _origin(part))
            for part in _parts_of(run)
        ]
    yield from lines_of(("script", "what", "trials", "outcome", "first seed", "commit, date"), rows)
    yield ""
    for name, _, _ in TRIED:
        for part in _parts_of(runs[name]) if name in runs else ():
            if note := part.get("note"):
                yield f"`{name}.py`: {note}\n"
    yield from _machines(part for name, _, _ in TRIED if name in runs for part in _parts_of(runs[name]))


def _parts_of(run: Run) -> list[Run]:
    """The runs of a script that was run once, or in parts from several seeds."""
    return [run] if "trials" in run else list(run.values())


def _long_life(runs: Mapping[str, Run]) -> Iterator[str]:
    yield "## Long life\n"
    yield (
        "Made by `long_life.py`: after a warm-up, memory may grow by 5 %, threads and open files not at all, and an\n"
        "app that is left alone may use 1 % of a core. The keys follow each other by 0.15 seconds; for a person who\n"
        "presses one every two seconds they are more than an hour.\n"
    )
    found = runs.get("long_life", {})
    rows = []
    for part, what in (("session", "mixed operations in one session"), ("app", "keys in one app")):
        if (run := found.get(part)) is None:
            rows.append((what, "–", "not measured", "–"))
        else:
            grown = f"memory {run['growth']:+.1%} to {run['bytes'] / 1e6:.0f} MB, threads {run['threads']:+d}"
            rows.append((what, f"{run['trials']:,}", f"{grown}, files {run['files']:+d}", _origin(run)))
    if (run := found.get("idle app")) is None:
        rows.append(("seconds alone", "–", "not measured", "–"))
    else:
        rows.append(("seconds alone", f"{run['seconds']:.0f}", f"{run['share']:.2%} of a core", _origin(run)))
    yield from lines_of(("what", "trials", "outcome", "commit, date"), rows)
    yield ""
    yield from _machines(found.values())


def _memory(runs: Mapping[str, Run]) -> Iterator[str]:
    yield "## What a training takes\n"
    yield (
        "Made by `memory.py`: the memory that a model states before its training, from the counts of users, items,\n"
        "interactions and dimensions, and what the training of one thread took beside the interactions. Trainings are\n"
        "short (two iterations), which changes nothing of the peak. The ratio is to be between 0.7 and 1.3; below\n"
        "5 MB it says nothing.\n"
    )
    found = runs.get("memory", {})
    rows = [
        (
            run["model"],
            *(f"{run[key]:,}" for key in ("interactions", "users", "items")),
            *((f"{run[key] / 1e6:,.0f}" if key in run else "over the limit") for key in ("stated", "measured")),
            f"{run['stated'] / run['measured']:.2f}" if run.get("measured", 0) > _LEAST_COMPARED else "–",
            _origin(run),
        )
        for run in sorted(found.values(), key=lambda run: (run["model"], run["interactions"]))
    ]
    yield from lines_of(
        ("model", "interactions", "users", "items", "stated, MB", "measured, MB", "ratio", "commit, date"),
        rows or [("–", *["–"] * 5, "not measured", "–")],
    )
    yield ""
    yield from _machines(found.values())


def _search_memory(runs: Mapping[str, Run]) -> Iterator[str]:
    yield "## What a search takes\n"
    yield (
        "Made by `search_memory.py`: building the keyword index of a generated catalogue, and holding its texts while\n"
        "they are embedded.\n"
    )
    found = runs.get("search_memory", {})
    rows = [
        (
            run["what"],
            *(f"{run[key]:,}" for key in ("items", "words")),
            *(f"{run[key] / 1e6:,.0f}" for key in ("stated", "measured")),
            f"{run['stated'] / max(1, run['measured']):.2f}",
            _origin(run),
        )
        for run in found.values()
    ]
    header = ("what", "items", "words of a text", "stated, MB", "measured, MB", "ratio", "commit, date")
    yield from lines_of(header, rows or [("–", "–", "–", "–", "not measured", "–", "–")])
    yield ""
    yield from _machines(found.values())


def _large(runs: Mapping[str, Run]) -> Iterator[str]:
    yield "## Twenty million ratings\n"
    yield (
        "Made by `large_data.py`: `recsys-tui train MODEL` of two iterations on generated ratings of 270,000 users\n"
        "with 45,000 items, as a process of its own that opens the data set, trains and stores the model. The peak is\n"
        "of the whole process and is to be at most 8 GB. With an address space of 3 GB, two of which the libraries\n"
        "map, each must be refused in one sentence.\n"
    )
    found = runs.get("large_data", {})
    rows = [
        (
            model,
            f"{run['interactions']:,}",
            run["whole"]["outcome"],
            f"{run['whole']['peak'] / 1e9:.1f}",
            run["small"]["outcome"],
            _origin(run),
        )
        for model, run in found.items()
    ]
    header = ("model", "ratings", "outcome", "peak, GB", "with 3 GB of addresses", "commit, date")
    yield from lines_of(header, rows or [("–", "–", "not measured", "–", "–", "–")])
    yield ""
    yield from _machines(found.values())


def _tests() -> Iterator[str]:
    yield "## By tests alone\n"
    yield from lines_of(("what", "must hold", "test"), [(what, holds, f"`{test}`") for what, holds, test in BY_TESTS])


def _origin(run: Run) -> str:
    return f"{run['commit']}, {run['date']}"


def _machines(runs: Iterable[Run]) -> Iterator[str]:
    machines = sorted({run["machine"] for run in runs})
    if machines:
        yield f"Machine: {'; '.join(machines)}.\n"


if __name__ == "__main__":
    main()
