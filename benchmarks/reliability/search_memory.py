"""Measure the memory of indexing the words of a catalogue and of its texts, and compare it with what is stated.

``python benchmarks/reliability/search_memory.py`` does so at three sizes of generated catalogues, each in a process of
its own, and prints the stated and the measured memory.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from benchmarks.reliability.memory import peak, reset_peak, status  # noqa: E402
from benchmarks.reliability.outcomes import keep  # noqa: E402

KINDS = ("keyword index", "texts")
#: The number of items and the mean number of words in a text.
SIZES = ((20_000, 40), (20_000, 120), (60_000, 20))
#: How many words there are; a few of them are frequent.
VOCABULARY = 60_000


def generate(num_items: int, words: int, seed: int = 0) -> Any:
    """Make a catalogue of titles of four words and texts of many, with an overview that is most of the text."""
    import pyarrow as pa

    from engine.data.id_map import IdMap
    from engine.data.items import ItemTable

    random = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    known = ["".join(letters[random.integers(0, 26, size)]) for size in random.integers(2, 9, VOCABULARY)]
    chosen = (VOCABULARY * random.random((num_items, words)) ** 3).astype(int)
    titles = [" ".join(known[one] for one in row[:4]) for row in chosen]
    overviews = [" ".join(known[one] for one in row[4:]) for row in chosen]
    texts = [f"{title} {overview}" for title, overview in zip(titles, overviews, strict=True)]
    columns = {
        "title": titles,
        "year": pa.array([2000] * num_items, pa.int32()),
        "genres": [["Drama"]] * num_items,
        "text": texts,
        "overview": overviews,
    }
    return ItemTable(IdMap(np.arange(num_items), first=1, name="item"), pa.table(columns))


def measure(kind: str, num_items: int, words: int) -> dict[str, float]:
    """Build in this process: the stated memory, and by how much the peak exceeds what was held before."""
    from engine.search import memory
    from engine.search.lexical.inverted_index import InvertedIndex
    from engine.search.semantic.passages import passages
    from engine.search.semantic.vector_store import hash_texts

    def build(items: Any) -> object:
        if kind == "keyword index":
            return InvertedIndex.of(items, np.zeros(len(items)))
        wanted = [text for pair in zip(items.texts(), passages(items), strict=True) for text in pair]
        return wanted, np.unique(hash_texts(wanted), return_index=True, return_counts=True)

    stated = {"keyword index": memory.keyword_index, "texts": memory.texts}[kind]
    build(generate(50, words))  # what libraries set up at their first use
    items = generate(num_items, words)
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)  # what the generation has freed would be used again
    reset_peak()
    before = status("VmRSS")
    kept = build(items)
    grown = peak() - before
    del kept
    return {"stated": stated(items), "measured": grown}


def in_a_process(kind: str, num_items: int, words: int) -> dict[str, float]:
    """Measure in a new process, in which nothing was held before."""
    command = [sys.executable, __file__, "--one", kind, str(num_items), str(words)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    result: dict[str, float] = json.loads(made.stdout)
    return result


def main() -> None:
    """Measure and print; ``--keep`` keeps the figures for docs/reliability.md."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], *map(int, sys.argv[3:]))))
        return
    for kind in KINDS:
        for size in SIZES:
            got = in_a_process(kind, *size)
            print(kind, *size, *(f"{got[key] / 1e6:,.0f} MB {key}" for key in ("stated", "measured")), flush=True)
            if "--keep" in sys.argv:
                part = f"{kind}, {size[0]:,} items of {size[1]} words"
                keep("search_memory", {"what": kind, "items": size[0], "words": size[1], **got}, part=part)


if __name__ == "__main__":
    main()
