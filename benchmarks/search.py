"""How fast search is, beside the tutorial's pipeline in the same run.

    python benchmarks/search.py [--data DIR] [--texts N]

Embeds N of the anime catalogue's texts (all 12,017 take a minute or two on two cores), asks queries of it, and indexes
the words and titles of the 45 thousand films. "Held" is the longest time that another thread had to wait for
the interpreter.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from lag import Lag

from engine.datasets import read
from engine.items import ItemTable
from engine.search import SearchIndex
from engine.search.embedding import Encoder
from engine.search.model_files import DEFAULT_MODEL, locate
from engine.search.store import EmbeddingStore
from engine.titles import TitleMatcher

QUERIES = [
    "Funny anime I can watch with friends",
    "giant robots fighting in space",
    "a love story in high school",
    "a boy who trains to be a ninja",
    "detective solves murders",
    "sports team that never gives up",
    "slice of life with music",
    "cowboy bebop",
]
TYPED = [
    "s",
    "st",
    "star w",
    "star wrs",
    "matr",
    "matrx",
    "harry potter and the",
    "shwshank redem",
    "zzzz",
    "lord of the rigns",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--texts", type=int, default=2000, help="texts to embed (default %(default)s)")
    arguments = parser.parse_args()
    anime = read("anime", "anime", items=arguments.data / "anime.csv").items
    films = read(
        "movies",
        "movies",
        items=arguments.data / "movies_metadata_rebuilt.csv.gz",
        ratings=arguments.data / "ratings_small.csv",
        links=arguments.data / "links.csv",
    )
    measure_words(films.items)
    measure_titles(films.items, np.bincount(films.interactions.item_ids, minlength=len(films.items) + 1)[1:])
    with tempfile.TemporaryDirectory() as folder:
        measure_meaning(anime, min(arguments.texts, len(anime)), Path(folder))


def measure_words(items: ItemTable) -> None:
    titles, texts = items.titles(), items.texts()
    with Lag() as lag:
        index, seconds = timed(lambda: SearchIndex(items))
        _, seconds = timed(index.prepare_keywords)
    show(f"keyword index, {len(items):,} films", f"{seconds:.2f} s", held(lag))
    try:
        import bm25s
    except ImportError:
        return
    tokens = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
    _, seconds = timed(lambda: bm25s.BM25().index(bm25s.tokenize(tokens, show_progress=False), show_progress=False))
    show("  the same by bm25s", f"{seconds:.2f} s")
    show("  keyword query", *spread(lambda query: index.search(query, mode="keyword"), QUERIES))


def measure_titles(items: ItemTable, popularity: np.ndarray) -> None:
    with Lag() as lag:
        matcher, seconds = timed(lambda: TitleMatcher(items, popularity))
    show(f"title matcher, {len(items):,} films", f"{seconds:.2f} s", held(lag))
    matcher.resolve("star wrs")
    for rated in (True, False):
        with Lag() as lag:
            times = spread(lambda text, rated=rated: matcher.complete(text, rated=rated), TYPED)  # type: ignore[misc]
        show(f"  completion, {'rated' if rated else 'all'} titles", *times, held(lag))


def measure_meaning(items: ItemTable, num_texts: int, folder: Path) -> None:
    encoder = Encoder(cache=folder)
    with Lag() as lag:
        _, seconds = timed(encoder.load)
    show("import and load of the model", f"{seconds:.2f} s", held(lag))

    from sentence_transformers import SentenceTransformer

    tutorial = SentenceTransformer(str(locate(DEFAULT_MODEL)), device="cpu")
    # In turns, piece by piece, so that both meet the same machine.
    pieces = np.array_split(np.linspace(0, len(items) - 1, num_texts).astype(int), 4)
    texts, spent, vectors = items.texts(), {"tutorial": 0.0, "ours": 0.0}, []
    store = EmbeddingStore(folder, encoder.identity)
    with Lag() as lag:
        for piece in pieces:
            its_texts = [texts[row] for row in piece]
            found, seconds = timed(lambda its_texts=its_texts: tutorial.encode(its_texts, show_progress_bar=False))  # type: ignore[misc]
            vectors.append(found)
            spent["tutorial"] += seconds
            spent["ours"] += timed(lambda its_texts=its_texts: store.embed(its_texts, encoder))[1]  # type: ignore[misc]
    rates = {who: num_texts / seconds for who, seconds in spent.items()}
    show(f"embedding {num_texts:,} texts, tutorial", f"{rates['tutorial']:.0f}/s")
    show("  ours, stored on disk", f"{rates['ours']:.0f}/s", f"{rates['ours'] / rates['tutorial']:.2f} x", held(lag))

    rows = np.concatenate(pieces)
    part = ItemTable(_prefix(items, num_texts), items.table.take(rows))
    index = SearchIndex(part, store, encoder)
    cosine = np.einsum("ij,ij->i", store.vectors()[store.rows(index._hashes)], np.concatenate(vectors))
    show("  least cosine with the tutorial's", f"{cosine.min():.6f}")
    again, seconds = timed(
        lambda: SearchIndex(part, EmbeddingStore(folder, encoder.identity), encoder).embedding_state()
    )
    show("second start: state of the store", f"{seconds * 1e3:.0f} ms", f"{again.done:,} of {again.total:,}")

    # The full size of the catalogue, with what was embedded repeated.
    whole = np.resize(np.concatenate(vectors), (len(items), vectors[0].shape[1]))
    show(
        f"tutorial's query over {len(items):,}", *spread(lambda query: tutorials_query(tutorial, whole, query), QUERIES)
    )
    if num_texts == len(items):
        for mode in ("semantic", "hybrid"):
            index._query_vectors.clear()
            show(f"ours, {mode}", *spread(lambda query, mode=mode: index.search(query, 10, mode), QUERIES))  # type: ignore[misc]


def tutorials_query(model: Any, vectors: np.ndarray, query: str) -> np.ndarray:
    vector = model.encode([query], show_progress_bar=False)[0]
    cosine = vectors @ vector / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector))
    return np.argsort(-cosine)[:10]


def _prefix(items: ItemTable, count: int) -> Any:
    from engine.vocabulary import Vocabulary

    return Vocabulary(items.vocabulary.ids[:count], first=1, name="item")


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def spread(work: Callable[[str], Any], inputs: list[str], rounds: int = 8) -> tuple[str, str]:
    """Median and 95th percentile; each query is asked once, so that no memory of it helps."""
    work(inputs[0])
    times = [timed(lambda text=text + " " * turn: work(text))[1] for turn in range(rounds) for text in inputs]  # type: ignore[misc]
    return f"p50 {statistics.median(times) * 1e3:.1f} ms", f"p95 {np.percentile(times, 95) * 1e3:.1f} ms"


def held(lag: Lag) -> str:
    return f"held {lag.worst * 1e3:.0f} ms"


def show(what: str, *figures: str) -> None:
    print(f"{what:<44}" + "".join(f"{figure:>18}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
