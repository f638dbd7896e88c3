"""Speed of search, compared with the tutorial's pipeline in the same run.

    python benchmarks/search [--data DIR] [--texts N] [--parts words,titles,meaning,launch,films,scale,kills]

Without ``--parts`` all parts except the two long ones (scale and kills) run. The parts measure:

words, titles   building and searching the keyword index and the title index of the 45 thousand films
meaning         embedding N texts of the anime catalogue (all 12,017 take two minutes on two cores), and searching them
launch          the time from the start of a process to its first answer, by keyword and by meaning
films           the judged queries over the 45 thousand films, each asked once in one of the modes, so that nothing is
                read or encoded already; the vectors are those of the anime catalogue, since only the time matters
scale           a million vectors, each a mixture of two anime vectors with noise; the queries are plots of films
kills           embedding that is killed at twenty moments and resumed each time

"Held" is the longest time that another thread had to wait for the interpreter lock.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.items import ItemTable
from engine.datasets import read
from engine.datasets.ingest import add
from engine.runtime.job import Job
from engine.search import SearchIndex
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL, locate
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.passages import passages
from engine.search.semantic.vector_index import ExactIndex, QuantizedIndex
from engine.search.semantic.vector_store import VectorStore, hash_texts
from engine.text.title_matcher import TitleMatcher
from engine.workspace.dataset_store import Workspace

sys.path.append(str(Path(__file__).parents[1]))
from judged import read_queries
from lag import Lag

#: The number of spaces that are appended to the queries of a round, so that each query is new.
ASKED = itertools.count(1)
PARTS = ("words", "titles", "meaning", "launch", "films", "scale", "kills")
LONG = ("scale", "kills")
ANIME, FILMS = "anime", "movies"
#: The query of the tutorial.
TUTORIAL = "Funny anime I can watch with friends"
QUERIES = [
    TUTORIAL,
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
#: The tutorial's pipeline as a separate process: import, load the model, read the vectors, search.
TUTORIALS_LAUNCH = """
import sys, numpy as np
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
vectors = np.load(sys.argv[2])
vector = model.encode([sys.argv[3]], show_progress_bar=False)[0]
print(np.argsort(-(vectors @ vector / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vector)))[:10])
"""
EMBEDDING = """
import sys
from pathlib import Path
from engine.search.encoder.encoder import Encoder
from engine.search.semantic.vector_store import VectorStore
from engine.workspace.dataset_store import Workspace
class Telling(Encoder):
    def encode_many(self, *arguments, **options):
        for rows, vectors in super().encode_many(*arguments, **options):
            print(len(rows), flush=True)  # all batches before this one are stored by now
            yield rows, vectors
texts = Workspace(Path(sys.argv[1])).open("anime").items.texts()
encoder = Telling(cache=Path(sys.argv[2]))
VectorStore(Path(sys.argv[2]), encoder.identity).embed(texts, encoder)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    parser.add_argument("--texts", type=int, default=12_017, help="texts to embed (default: all %(default)s)")
    parser.add_argument("--parts", default=",".join(part for part in PARTS if part not in LONG))
    parser.add_argument("--vectors", type=int, default=1_000_000, help="for scale (default %(default)s)")
    arguments = parser.parse_args()
    parts = set(arguments.parts.split(","))
    if unknown := parts - set(PARTS):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}")
    show("load average, cores", f"{os.getloadavg()[0]:.1f}", str(os.cpu_count()))
    films = read(
        FILMS,
        FILMS,
        items=arguments.data / "movies_metadata_rebuilt.csv.gz",
        ratings=arguments.data / "ratings_small.csv",
        links=arguments.data / "links.csv",
    )
    if "words" in parts:
        measure_words(films.items)
    if "titles" in parts:
        measure_titles(films.items, np.bincount(films.interactions.item_ids, minlength=len(films.items) + 1)[1:])
    if not parts - {"words", "titles"}:
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["RECSYS_TUI_HOME"] = folder  # of the processes too
        workspace = Workspace(home / "data")
        add(workspace, ANIME, kind="anime", items=first_lines(arguments.data / "anime.csv", home, arguments.texts))
        vectors = measure_meaning(workspace, home, compare="meaning" in parts)
        if "launch" in parts:
            measure_launch(home, vectors)
        if "films" in parts:
            measure_films(films.items, vectors, home)
        if "scale" in parts:
            measure_scale(vectors, films.items.texts(), arguments.vectors, home)
        if "kills" in parts:
            measure_kills(workspace, vectors, home)


def measure_words(items: ItemTable) -> None:
    titles, texts = items.titles(), items.texts()
    with Lag() as lag:
        index, seconds = timed(lambda: SearchIndex(items))
        _, seconds = timed(index.prepare_keywords)
    show(f"keyword index, {len(items):,} films", f"{seconds:.2f} s", held(lag))
    try:
        import bm25s
    except ImportError:
        pass
    else:
        words = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
        tokenise = lambda: bm25s.tokenize(words, show_progress=False)  # noqa: E731
        _, seconds = timed(lambda: bm25s.BM25().index(tokenise(), show_progress=False))
        show("  keyword index by bm25s", f"{seconds:.2f} s")
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


def measure_meaning(workspace: Workspace, home: Path, *, compare: bool) -> np.ndarray:
    """Embed the anime catalogue, and return its vectors in the order of the items."""
    items = workspace.open(ANIME).items
    texts, encoder = items.texts(), Encoder(cache=home / "cache")
    encoder.identity  # noqa: B018 - the first access on a machine reads and checks 90 MB
    with Lag() as lag:
        _, seconds = timed(encoder.load)
    show("loading the model", f"{seconds:.2f} s", held(lag))
    store = VectorStore(workspace.embeddings_folder(ANIME), encoder.identity)
    if not compare:
        store.embed(texts, encoder)
        return store.vectors()[store.rows(hash_texts(texts))]

    from sentence_transformers import SentenceTransformer

    tutorial, seconds = timed(lambda: SentenceTransformer(str(locate(DEFAULT_MODEL)), device="cpu"))
    show("  tutorial, already imported", f"{seconds:.2f} s")
    # Both encode alternate pieces, so that changes of the machine's speed affect both. Both are started before: one
    # creates its threads, the other measures which of its ways to compute is faster.
    tutorial.encode(texts[:64], show_progress_bar=False)
    encoder.encode([f"{text} {text}" for text in texts[:64]])
    spent, theirs = {"tutorial": 0.0, "ours": 0.0}, []
    with Lag() as lag:
        for piece in np.array_split(np.arange(len(texts)), max(1, len(texts) // 1500)):
            some = [texts[row] for row in piece]
            found, seconds = timed(lambda some=some: tutorial.encode(some, show_progress_bar=False))  # type: ignore[misc]
            theirs.append(found)
            spent["tutorial"] += seconds
            spent["ours"] += timed(lambda some=some: store.embed(some, encoder))[1]  # type: ignore[misc]
    rates = {who: len(texts) / seconds for who, seconds in spent.items()}
    show(f"embedding {len(texts):,} texts, tutorial", f"{rates['tutorial']:.0f}/s")
    show(
        "  recsys-tui, stored on disk",
        f"{rates['ours']:.0f}/s",
        f"{rates['ours'] / rates['tutorial']:.2f} x",
        held(lag),
    )
    ours, reference = store.vectors()[store.rows(hash_texts(texts))], np.concatenate(theirs)
    show("  lowest cosine with the tutorial's", f"{np.einsum('ij,ij->i', ours, reference).min():.6f}")
    index = SearchIndex(items, store, encoder)
    titles = [result.item.title for result in index.search(TUTORIAL, 5, "semantic").results]
    same = titles == [items.titles()[row] for row in tutorials_query(tutorial, reference, TUTORIAL)[:5]]
    show("  first five titles of the tutorial", "the same" if same else f"differ: {titles}")

    def second_start() -> Any:
        again = SearchIndex(items, VectorStore(store.folder.parent, encoder.identity), encoder)
        state = again.semantic.state()
        again.search("robots", 10, "semantic")
        return state

    state, seconds = timed(second_start)
    show("second start, to the first answer", f"{seconds * 1e3:.0f} ms", f"{state.done:,} of {state.total:,}")
    ask = lambda query: tutorials_query(tutorial, reference, query)  # noqa: E731
    show(f"query over {len(items):,}, tutorial", *spread(ask, QUERIES))
    for mode in ("semantic", "hybrid"):
        show(f"  recsys-tui, {mode}", *spread(lambda query, mode=mode: index.search(query, 10, mode), QUERIES))  # type: ignore[misc]
    show("  of which encoding the query", *spread(lambda query: encoder.encode_queries([query]), QUERIES))
    return ours


def measure_launch(home: Path, vectors: np.ndarray) -> None:
    """Time whole processes from their start to their end, after a first run that fills the file cache.

    Compiled modules are written to a temporary folder, even if the environment forbids writing them, since an
    installation has them as well.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    file = home / "tutorial.npy"
    np.save(file, vectors)
    command = [sys.executable, "-m", "tui.cli", "search", "-d", ANIME, "-k", "10", TUTORIAL]
    for name, words in {
        "keyword": [*command, "--mode", "keyword"],
        "semantic": [*command, "--mode", "semantic"],
        "hybrid": [*command, "--mode", "hybrid"],
        "tutorial": [sys.executable, "-c", TUTORIALS_LAUNCH, str(locate(DEFAULT_MODEL)), str(file), TUTORIAL],
    }.items():
        run = lambda words=words: subprocess.run(  # type: ignore[misc] # noqa: E731
            words, check=True, capture_output=True, env=environment
        )
        run()
        times = [timed(run)[1] for _ in range(5)]
        show(f"launch to first answer, {name}", f"{statistics.median(times):.2f} s", f"least {min(times):.2f} s")


def measure_films(items: ItemTable, vectors: np.ndarray, home: Path) -> None:
    encoder = Encoder(cache=home / "cache")
    store = VectorStore(home / "films", encoder.identity)
    hashes = np.unique(hash_texts([*items.texts(), *filter(None, passages(items))]))
    with store._writing(vectors.shape[1], Job()) as content:
        content.append(np.resize(vectors, (len(hashes), vectors.shape[1])), hashes)
    index = SearchIndex(items, store, Encoder(cache=home / "cache"))
    times: dict[str, list[float]] = {"keyword": [], "semantic": [], "hybrid": []}
    for mode in times:
        index.search(TUTORIAL, 10, mode)
    queries = [one.query for one in read_queries() if one.dataset == FILMS]
    for query, mode in zip(queries, itertools.cycle(times)):
        times[mode].append(timed(lambda query=query, mode=mode: index.search(query, 10, mode))[1])  # type: ignore[misc]
    for mode, of_mode in times.items():
        show(f"query over {len(items):,}, {mode}", *percentiles(of_mode))


def measure_scale(real: np.ndarray, plots: list[str], count: int, home: Path) -> None:
    random, dim = np.random.default_rng(0), real.shape[1]
    path = home / "million.npy"
    vectors = np.lib.format.open_memmap(path, "w+", np.float32, (count, dim))
    for start in range(0, count, 50_000):
        size = min(50_000, count - start)
        one, other = real[random.integers(len(real), size=(2, size))]
        share = random.uniform(0.5, 1, (size, 1)).astype(np.float32)
        noise = random.standard_normal((size, dim), dtype=np.float32) * (0.4 / np.sqrt(dim)).astype(np.float32)
        mixed = share * one + (1 - share) * other + noise
        vectors[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    vectors.flush()
    vectors = np.load(path, mmap_mode="r")
    encoder = Encoder(cache=home / "cache")
    sample = random.choice(len(plots), 200, replace=False)
    queries = np.concatenate([encoder.encode_queries([plots[row]]) for row in sample])
    before = resident()
    codes, seconds = timed(lambda: BinaryQuantizer().grown(vectors))
    size = sum(block.nbytes for block in (*codes.blocks, *codes.scales, *codes.offsets))
    show(f"{count:,} x {dim}: on disk, binary codes", f"{path.stat().st_size / 1e9:.2f} GB", f"{size / 1e6:.0f} MB")
    show("  encoding, memory without mapped files", f"{seconds:.2f} s", f"{resident() - before:.0f} MB")
    indexes = {"binary codes": QuantizedIndex(vectors, None, codes)}
    exact = ExactIndex(vectors)
    allowed = random.random(count) < 0.1
    for name, mask in (("", None), (", a tenth allowed", allowed), (", 1 in 1,000", random.random(count) < 0.001)):
        truths, times = [], []
        some = queries[:, None] if mask is None else queries[:50, None]
        for query in some:
            truth, seconds = timed(lambda query=query, mask=mask: exact.search(query, 10, mask))  # type: ignore[misc]
            truths.append(truth[0])
            times.append(seconds)
        show(f"  exact{name}", *percentiles(times))
        for kind, index in indexes.items():
            hits, times = [], []
            for query, truth in zip(some, truths, strict=True):
                found, seconds = timed(lambda query=query, mask=mask, index=index: index.search(query, 10, mask))  # type: ignore[misc]
                times.append(seconds)
                hits.append(len(np.intersect1d(found[0], truth)) / 10)
            show(f"  {kind}{name}", *percentiles(times), f"recall@10 {np.mean(hits):.3f}")


def measure_kills(workspace: Workspace, reference: np.ndarray, home: Path, kills: int = 20) -> None:
    random, folder = np.random.default_rng(0), home / "killed"
    hashes = hash_texts(workspace.open(ANIME).items.texts())
    identity = Encoder(cache=home / "cache").identity
    done, most_lost, least_cosine = 0, 0, 1.0
    for _ in range(kills):
        words = [sys.executable, "-c", EMBEDDING, str(home / "data"), str(folder)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.uniform(0, 1.0))
        process.kill()
        told = [int(line) for line in process.stdout if line.endswith("\n")]
        process.wait()
        store = VectorStore(folder, identity)
        rows = store.rows(hashes)
        embedded = rows >= 0
        cosines = np.einsum("ij,ij->i", store.vectors()[rows[embedded]], reference[embedded])
        least_cosine = min(least_cosine, float(cosines.min(initial=1.0)))
        handed_over = 64 + sum(told)
        most_lost = max(most_lost, handed_over - (len(store) - done))
        done = len(store)
        if process.returncode != -signal.SIGKILL or store.damage:
            show("KILLED WRONGLY", str(process.returncode), store.damage)
    show(f"killed {kills} times, then embedded", f"{done:,} of {len(hashes):,}")
    show("  most lost at once, lowest cosine", f"{most_lost} texts", f"{least_cosine:.6f}")


def tutorials_query(model: Any, vectors: np.ndarray, query: str) -> np.ndarray:
    vector = model.encode([query], show_progress_bar=False)[0]
    cosine = vectors @ vector / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector))
    return np.argsort(-cosine)[:10]


def first_lines(file: Path, folder: Path, count: int) -> Path:
    """Write a file with the header and the first lines of another one."""
    shortened = folder / file.name
    with open(file, encoding="utf-8") as lines:
        shortened.write_text("".join(line for line, _ in zip(lines, range(count + 1), strict=False)), encoding="utf-8")
    return shortened


def resident() -> float:
    """The peak of resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def spread(work: Callable[[str], Any], inputs: list[str], rounds: int = 8) -> tuple[str, str]:
    """The median and the 95th percentile of the time; no query is repeated, so that caches of queries do not help."""
    work(inputs[0])
    times = []
    for _ in range(rounds):
        end = " " * next(ASKED)
        times += [timed(lambda text=text + end: work(text))[1] for text in inputs]  # type: ignore[misc]
    return percentiles(times)


def percentiles(times: list[float]) -> tuple[str, str]:
    return f"p50 {statistics.median(times) * 1e3:.1f} ms", f"p95 {np.percentile(times, 95) * 1e3:.1f} ms"


def held(lag: Lag) -> str:
    return f"held {lag.worst * 1e3:.0f} ms"


def show(what: str, *figures: str) -> None:
    print(f"{what:<44}" + "".join(f"{figure:>20}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
