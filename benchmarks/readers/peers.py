"""Try the documented readers of RecBole, LensKit, cornac and RecTools on the small files behind docs/data.md.

    python benchmarks/readers/peers.py recbole=VENV/bin/python lenskit=… cornac=… rectools=…

Each library runs in an environment of its own. One documented call is tried for each source that has a log, and is told
what a person knows of the file: its separator, whether it has a header and, where the call takes them, the names of its
columns. Compared are the pairs of user and item with those that this project reads. The result is
``benchmarks/results/peers.json``, of which ``docs/make_data_page.py`` makes the table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from docs.make_data_page import write_files  # noqa: E402
from engine.session import Workspace  # noqa: E402
from tests.engine.datasets.published import SOURCES, Source  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "peers.json"


def _described(source: Source, folder: Path) -> dict[str, Any] | None:
    """What a loader is told of a source; None for a catalogue alone."""
    from tui.cli import main

    write_files(source.files, folder, source.encoding)
    words = source.words.split()
    os.chdir(folder)
    os.environ["RECSYS_TUI_HOME"] = str(folder / "home")
    if main(["datasets", "add", "x", *words, "--json"]):
        raise SystemExit(f"{source.title} cannot be read")
    dataset = Workspace(folder / "home" / "data").open("x")
    log = dataset.interactions
    if not len(log):
        return None
    users, items = dataset.users.ids[log.user_ids].tolist(), dataset.items.id_map.ids[log.item_ids - 1].tolist()
    path = words[words.index("--ratings") + 1] if "--ratings" in words else next(iter(source.files))
    first = source.files[path].partition("\n")[0]
    columns = dataset.source.get("guessed_columns", {}).get(Path(path).name, {})
    return {
        "log": str(folder / path),
        "kind": dataset.kind,
        "lines": not source.files[path].startswith("["),
        "delimiter": max(("\t", ",", ";", "::"), key=first.count),
        "header": "#1" not in source.words
        and dataset.kind != "lastfm"
        and any(letter.isalpha() for letter in first.partition(",")[0]),
        "encoding": source.encoding,
        "columns": columns,
        "pairs": [[str(user), str(item)] for user, item in zip(users, items, strict=True)],
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sources = {}
        for number, source in enumerate(SOURCES):
            place = Path(folder) / str(number)
            place.mkdir()
            described = _described(source, place)
            if described is not None:
                sources[source.title] = described
        found = {}
        for peer in sys.argv[1:]:
            name, _, python = peer.partition("=")
            command = [python, str(Path(__file__).with_name("peer_loaders.py")), name]
            asked = json.dumps(sources)
            done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, cwd=folder)
            found[name] = json.loads(done.stdout.splitlines()[-1])
        os.chdir(ROOT)
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
