"""Time and quality on a CUDA device, beside the CPU of the same machine in the same run.

    python benchmarks/gpu.py [--parts tests,search,embedding,explicit,…] [--write docs/gpu.md]

tests        the tests that need a CUDA device
search       the ten nearest of a million vectors, for one query and for 64 at once
embedding    texts of one to five sentences; the CPU embeds fewer of them
MODEL        a model's training on generated data of the size of MovieLens 1M: 6,040 people, 3,706 items, 1,000,209
             ratings, in which half of the items follow from the item before

Each model is trained on a hundredth of the data before it is timed, so that starting the device is left out. A tenth of
the ratings, or of the people for models of sequences, is held out for the quality. ``--cpu`` measures the CPU alone.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tables import lines_of, write_between

from engine import models
from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.datasets.bundled import demo_folder
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.interactions import Interactions
from engine.runtime.device import describe
from engine.search.encoder.encoder import Encoder
from engine.search.encoder.model_files import DEFAULT_MODEL
from engine.search.semantic.binary_quantization import BinaryQuantizer
from engine.search.semantic.vector_index import ExactIndex, QuantizedIndex

REPOSITORY = Path(__file__).resolve().parent.parent
SEED, K = 0, 10
USERS, ITEMS, RATINGS = 6_040, 3_706, 1_000_209
VECTORS, DIM, QUERIES, AT_ONCE = 1_000_000, 384, 30, 64
TEXTS, TEXTS_ON_CPU = 45_000, 3_000
#: Passes over the data, where the default number would take the CPU minutes.
MODELS: dict[str, dict[str, Any]] = {
    "explicit": {"n_iter": 10},
    "svd": {},
    "bayesian": {"n_iter": 20, "burn_in": 4},
    "als": {},
    "implicit": {"n_iter": 3},
    "sequence": {"n_iter": 2},
    "attention": {"n_iter": 2},
}
#: Other options of the same models, which use a GPU better.
LARGER_STEPS: dict[str, dict[str, Any]] = {"attention": {"batch_size": 128, "learning_rate": 4e-3}}
PARTS = ("tests", "search", "embedding", *MODELS)
MARK = "gpu"
HEADER = ("what", "CPU", "GPU", "times faster", "quality on the CPU", "on the GPU")

Row = tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--embedding-model", default=DEFAULT_MODEL, help="default %(default)s")
    parser.add_argument("--cpu", action="store_true", help="leave the GPU out")
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes, for trying this program")
    parser.add_argument("--write", type=Path, help="put the table into a document")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}")
    if not arguments.cpu and not torch.cuda.is_available():
        parser.error("there is no CUDA device; --cpu measures the CPU alone")
    os.environ["HF_HUB_OFFLINE"] = "1"
    devices = ("cpu",) if arguments.cpu else ("cpu", "cuda")
    rows: list[Row] = []
    lines = [machine()]
    for part in parts:
        say(f"{part} …")
        begun = time.perf_counter()
        if part == "tests":
            lines.append(tests())
            say(lines[-1])
            continue
        if part == "search":
            found = search(devices, arguments.scale)
        elif part == "embedding":
            found = embedding(devices, arguments.scale, arguments.embedding_model)
        else:
            found = training(part, devices, arguments.scale)
        for row in found:
            say("  ".join(row))
            rows.append(row)
        say(f"{part} took {time.perf_counter() - begun:.0f} s")
    table = [" ".join(lines), "", *lines_of(HEADER, rows)]
    print("\n".join(table))
    if arguments.write:
        write_between(arguments.write, MARK, table)


def machine() -> str:
    """What measures, in a sentence."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"model name\s*: (.*)", info)
    gpu = describe(torch.device("cuda", 0)).partition(" ")[2] if torch.cuda.is_available() else "no GPU"
    return f"{gpu}; {name[1] if name else 'CPU'} with {os.cpu_count()} cores; torch {torch.__version__}."


def tests() -> str:
    """What the tests that need a CUDA device say."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "tests"], cwd=REPOSITORY, capture_output=True, text=True
    )
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    if done.returncode:
        say(done.stdout[-6000:] + done.stderr[-2000:])
    return f"Tests that need a GPU: {last}."


# -- search -----------------------------------------------------------------------------------------------------------
def search(devices: Sequence[str], scale: float) -> Iterator[Row]:
    """The nearest of many vectors, which lie in clusters as those of sentences do."""
    random = np.random.default_rng(SEED)
    count = int(VECTORS * scale)
    centres = random.standard_normal((2_000, DIM), dtype=np.float32)
    vectors = centres[random.integers(0, len(centres), count)]
    vectors += random.standard_normal((count, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[random.integers(0, count, AT_ONCE)] + 0.04 * random.standard_normal((AT_ONCE, DIM), np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact = ExactIndex(vectors)
    right = exact.search(queries, K)[0]
    allowed = random.random(count) < 0.02
    on_cpu: dict[str, Any] = {"exact": exact, "binary codes": QuantizedIndex(vectors, None, codes_of(vectors))}
    on_gpu = ExactIndex(vectors, device="cuda") if "cuda" in devices else None
    few = queries[:QUERIES]
    for name, index in on_cpu.items():
        for what, given, mask in (
            (f"one query, {name}", few, None),
            (f"one query with a filter that keeps 2 %, {name}", few, allowed),
        ):
            cpu = p50(lambda query: index.search(query[None], K, mask), given)  # noqa: B023 - called at once
            gpu = p50(lambda query: on_gpu.search(query[None], K, mask), given) if on_gpu else None  # noqa: B023
            recalls = [
                "" if one is None else f"recall@{K} {recall(one, given, mask, exact):.3f}" for one in (index, on_gpu)
            ]
            yield row(f"search of {count:,} vectors, {what}", cpu, gpu, "ms", recalls)
    cpu = least(lambda: exact.search(queries, K), 3)
    gpu = least(lambda: on_gpu.search(queries, K), 5) if on_gpu else None
    if on_gpu is not None:
        assert (on_gpu.search(queries, K)[0] == right).mean() > 0.99
    yield row(f"search of {count:,} vectors, {AT_ONCE} queries at once, exact", 1e3 * cpu, gpu and 1e3 * gpu, "ms")


def codes_of(vectors: np.ndarray) -> BinaryQuantizer:
    begun = time.perf_counter()
    codes = BinaryQuantizer().grown(vectors)
    say(f"binary codes took {time.perf_counter() - begun:.1f} s")
    return codes


def recall(index: ExactIndex, queries: np.ndarray, mask: np.ndarray | None, exact: ExactIndex) -> float:
    right, found = exact.search(queries, K, mask)[0], [index.search(query[None], K, mask)[0][0] for query in queries]
    return float(np.mean([np.isin(one, wanted).mean() for one, wanted in zip(found, right, strict=True)]))


# -- embedding --------------------------------------------------------------------------------------------------------
def embedding(devices: Sequence[str], scale: float, model: str) -> Iterator[Row]:
    """Texts a second; a text has one to five sentences of the bundled catalogue, as the overview of a film has."""
    random = np.random.default_rng(SEED)
    sentences = pd.read_csv(demo_folder() / "items.csv")["about"].astype(str).to_numpy()
    lengths = random.integers(1, 6, int(TEXTS * scale))
    made = [" ".join(random.choice(sentences, length)) for length in lengths]
    rates, vectors = [], []
    for device in devices:
        some = made[: int(TEXTS_ON_CPU * scale)] if device == "cpu" else made
        encoder = Encoder(model, device=device)
        encoder.encode(made[:200])
        begun = time.perf_counter()
        vectors.append(encoder.encode(some)[: int(TEXTS_ON_CPU * scale)])
        rates.append(len(some) / (time.perf_counter() - begun))
    same = "" if len(vectors) == 1 else f"cosine with the CPU's at least {(vectors[0] * vectors[1]).sum(1).min():.4f}"
    yield row("embedding of texts", rates[0], rates[1] if len(rates) > 1 else None, "texts a second", ["", same])


# -- models -----------------------------------------------------------------------------------------------------------
def training(name: str, devices: Sequence[str], scale: float) -> Iterator[Row]:
    """Seconds of training, and how good the model is then."""
    spec = models.get(name)
    train, quality = held_out(name, generate(scale))
    small = held_out(name, generate(0.01))[0]
    for more in ({}, LARGER_STEPS.get(name)):
        if more is None:
            continue
        options, seconds, qualities = MODELS[name] | more, [], []
        for device in devices:
            models.create(name, **options, device=device, random_state=SEED).fit(small)
            model = models.create(name, **options, device=device, random_state=SEED)
            begun = time.perf_counter()
            model.fit(train)
            if device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - begun)
            qualities.append(quality(model))
        passes = options.get("n_iter", spec.options["n_iter"].default)
        what = ", ".join(
            [name, f"{passes} {spec.options['n_iter'].meaning}", *(f"{key}={one}" for key, one in more.items())]
        )
        yield row(what, seconds[0], seconds[1] if len(seconds) > 1 else None, "s", qualities)


def held_out(name: str, log: Interactions) -> tuple[Any, Callable[[Any], str]]:
    """What a model learns from, and a function that says how good it is on the rest."""
    state = np.random.RandomState(SEED)
    if models.get(name).task == "sequence":
        train, test = (part.to_sequence() for part in user_based_train_test_split(log, 0.1, random_state=state))
        return train, lambda model: f"MRR {sequence_mrr_score(model, test).mean():.4f}"
    train, test = random_train_test_split(log, 0.1, random_state=state)
    if name in ("explicit", "svd", "bayesian"):
        return train, lambda model: f"RMSE {rmse_score(model, test):.4f}"
    return train, lambda model: f"MRR {mrr_score(model, test, train=train).mean():.4f}"


def generate(scale: float) -> Interactions:
    """People who go on from one item to a certain other one half of the time, and choose by popularity otherwise."""
    random = np.random.RandomState(SEED)
    users, items, size = max(60, int(USERS * scale)), max(200, int(ITEMS * scale)), int(RATINGS * scale)
    activity = random.lognormal(0, 1, users)
    owners = np.sort(random.choice(users, size, p=activity / activity.sum()))
    popularity = (np.arange(items) + 10.0) ** -0.9
    chosen = random.choice(items, size, p=popularity / popularity.sum())
    after, goes_on = random.permutation(items), random.random_sample(size) < 0.5
    goes_on[np.flatnonzero(np.diff(owners, prepend=-1))] = False
    for row_number in np.flatnonzero(goes_on):
        chosen[row_number] = after[chosen[row_number - 1]]
    tastes, kinds = random.normal(0, 0.5, (users, 6)), random.normal(0, 1, (items, 6))
    liked = 3.6 + random.normal(0, 0.4, items)[chosen] + random.normal(0, 0.4, users)[owners]
    liked += np.einsum("ij,ij->i", tastes[owners], kinds[chosen]) / 2 + random.normal(0, 0.7, size)
    return Interactions(
        owners.astype(np.int32),
        chosen.astype(np.int32) + 1,
        ratings=np.clip(np.round(liked), 1, 5).astype(np.float32),
        timestamps=np.arange(size, dtype=np.int64),
        num_users=users,
        num_items=items + 1,
    )


# -- figures ----------------------------------------------------------------------------------------------------------
def row(what: str, cpu: float, gpu: float | None, unit: str, quality: Sequence[str] = ()) -> Row:
    """A row of the table; of rates more is better, of times less."""
    both = [*quality, "", ""][:2]
    said = [f"{one:,.0f} {unit}" if one >= 100 else f"{one:.3g} {unit}" for one in (cpu, gpu) if one is not None]
    if gpu is None:
        return what, said[0], "", "", *both
    times = gpu / cpu if unit.startswith("texts") else cpu / gpu
    return what, *said, f"{times:.2g}", *both


def p50(ask: Callable[[Any], Any], questions: Sequence[Any]) -> float:
    """Milliseconds for a question, the median."""
    ask(questions[0])
    return statistics.median(1e3 * least(lambda: ask(one), 1) for one in questions)  # noqa: B023 - called at once


def least(action: Callable[[], Any], repeat: int) -> float:
    """The least seconds."""
    found = []
    for _ in range(repeat):
        begun = time.perf_counter()
        action()
        found.append(time.perf_counter() - begun)
    return min(found)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
