"""What the readers of other libraries make of files; run by the interpreter of an environment that holds one of them.

Takes from stdin, and gives on stdout, JSON: see :mod:`benchmarks.readers.peers`. A table that a library takes as a
frame is read by ``pandas.read_csv`` or ``pandas.read_json`` first, with the separator that the file has.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

#: Files of the releases of MovieLens that the small ones lack.
_OTHER_FILES = {
    "u.genre": "".join(f"genre {number}|{number}\n" for number in range(19)),
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
    "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
    "tags.csv": "userId,movieId,tag,timestamp\n1,31,good,1260759144\n",
    "links.csv": "movieId,imdbId,tmdbId\n31,0112792,9909\n",
}


def _frame(source: dict[str, Any]) -> Any:
    import pandas

    path = source["log"]
    if path.endswith((".json", ".jsonl")):
        return pandas.read_json(path, lines=source["lines"])
    return pandas.read_csv(path, sep=source["delimiter"], encoding=source["encoding"], engine="python")


def recbole(source: dict[str, Any]) -> set[tuple[str, str]]:
    from recbole.config import Config
    from recbole.data import create_dataset

    folder = Path(source["log"]).resolve().parent
    name = folder.name if source["log"].endswith(".inter") else "log"  # ml-100k would be the set in its wheel
    settings = {"data_path": str(folder.parent), "state": "ERROR", "checkpoint_dir": tempfile.mkdtemp()}
    dataset = create_dataset(Config(model="Pop", dataset=name, config_dict=settings))
    users, items = dataset.inter_feat["user_id"].to_numpy(), dataset.inter_feat["item_id"].to_numpy()
    return set(zip(dataset.id2token("user_id", users), dataset.id2token("item_id", items), strict=True))


def lenskit(source: dict[str, Any]) -> set[tuple[str, str]]:
    from lenskit.data import from_interactions_df, load_movielens

    if source["kind"] == "movielens":
        folder = Path(source["log"]).parent
        for name, content in _OTHER_FILES.items():
            if not (folder / name).exists():
                (folder / name).write_text(content)
        dataset = load_movielens(folder)
    else:
        columns = {
            f"{role}_col": name for role, name in source["columns"].items() if role in ("user", "item", "rating")
        }
        dataset = from_interactions_df(_frame(source), **columns)
    log = dataset.interaction_table(format="pandas", original_ids=True)
    return set(zip(log["user_id"].astype(str), log["item_id"].astype(str), strict=True))


def cornac(source: dict[str, Any]) -> set[tuple[str, str]]:
    from cornac.data import Reader

    found, refused = None, None
    for form in ("UIRT", "UIR", "UI"):
        try:
            rows = Reader().read(source["log"], fmt=form, sep=source["delimiter"], skip_lines=int(source["header"]))
        except Exception as error:
            refused = error
            continue
        pairs = {(str(row[0]), str(row[1])) for row in rows}
        found = pairs if found is None or pairs == {tuple(one) for one in source["pairs"]} else found
    if found is None:
        raise refused or ValueError("nothing read")
    return found


def rectools(source: dict[str, Any]) -> set[tuple[str, str]]:
    from rectools.dataset import Dataset

    log = Dataset.construct(_frame(source)).get_raw_interactions()
    return set(zip(log["user_id"].astype(str), log["item_id"].astype(str), strict=True))


def outcome(load: Any, source: dict[str, Any]) -> dict[str, str]:
    """``read``, ``wrong`` where it reads something else without a word, or ``refused`` with what it says."""
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            pairs = load(source)
    except BaseException as error:
        said = " ".join(str(error).replace(str(Path(source["log"]).parent.parent), "").split())
        return {"state": "refused", "detail": f"{type(error).__name__}: {said}"[:90]}
    meant = {tuple(one) for one in source["pairs"]}
    # pandas takes the zeros before a number away; who is meant can still be told.
    if {(user.lstrip("0"), item.lstrip("0")) for user, item in pairs} == {
        (user.lstrip("0"), item.lstrip("0")) for user, item in meant
    }:
        return {"state": "read", "detail": ""}
    return {"state": "wrong", "detail": f"{len(pairs - meant)} pairs too many, {len(meant - pairs)} missing"}


if __name__ == "__main__":
    name = sys.argv[1]
    loader = {"recbole": recbole, "lenskit": lenskit, "cornac": cornac, "rectools": rectools}[name]
    asked = json.load(sys.stdin)
    found = {title: outcome(loader, source) for title, source in asked.items()}
    print(json.dumps({"version": importlib.metadata.version(name), "sources": found}))
