"""Kill processes at random moments while they store things, and count what is lost: ``kills.py --kills 500``.

Each process replaces a data set, trains a model, embeds texts, or removes the data set, and is killed with SIGKILL at a
random moment of it. Then everything is opened as at the next start. The script prints as JSON, and keeps with
``--keep``, the number of things that were lost or not whole, of starts that were refused, and of files that stayed
behind. It ends with status 1 if there was any. It needs ``os.fork``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.reliability.outcomes import keep  # noqa: E402
from engine.data.dataset import Dataset  # noqa: E402
from engine.data.id_map import IdMap  # noqa: E402
from engine.data.items import ItemTable  # noqa: E402
from engine.interactions import Interactions  # noqa: E402
from engine.runtime.job import Job  # noqa: E402
from engine.search.encoder.model_files import ModelIdentity  # noqa: E402
from engine.search.semantic.vector_store import VectorStore, hash_texts  # noqa: E402
from engine.session import Session  # noqa: E402
from engine.workspace.dataset_store import Workspace  # noqa: E402
from engine.workspace.layout import DATASETS  # noqa: E402
from engine.workspace.model_store import ModelStore  # noqa: E402

NAME, MODEL = "films", "popular"
USERS, ITEMS, PER_USER, DIM = 2_000, 1_500, 50, 384
#: What may be in a workspace at rest, with the names of versions left out.
AT_REST = re.compile(
    r"\.lock|locks(/films(/popular\.lock)?)?|datasets(/films(/(manifest\.json|words\.npz|(items|users|interactions)-[0-9a-f]+\.parquet"
    r"|models(/popular(/(version\.json|v-[0-9a-f]+(/(model\.(json|safetensors)|report\.json))?))?)?"
    r"|embeddings(/(\.[^/]+\.(lock|begun)|fake-[0-9a-f]+(/(manifest\.json|(vectors|hashes)\.npy))?))?))?)?"
)


class HashEncoder:
    """An embedding model that takes no time: a text's vector is drawn with its hash as the seed."""

    dim, device, loaded = DIM, "cpu", True
    identity = ModelIdentity("fake", hashlib.sha256(b"fake").hexdigest())

    def load(self) -> None:
        """Nothing is to be loaded."""

    def encode_many(
        self, texts: Sequence[str], job: Job | None = None, batch_size: int | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(texts), 32):
            rows = np.arange(start, min(start + 32, len(texts)))
            yield rows, np.stack([vector_of(texts[row]) for row in rows])


def vector_of(text: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest())
    vector = np.random.RandomState(seed).standard_normal(DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def texts_of(count: int) -> list[str]:
    return [f"text number {number}" for number in range(count)]


def make_dataset(seed: int) -> Dataset:
    """A data set; those of even seeds have the same ids."""
    draw, users = np.random.RandomState(seed), USERS + seed % 2
    rows = users * PER_USER
    return Dataset(
        name=NAME,
        kind="table",
        title="Films",
        items=ItemTable(
            IdMap([f"film-{number}" for number in range(ITEMS)], first=1, name="item"),
            pa.table(
                {
                    "title": [f"Film {number}" for number in range(ITEMS)],
                    "year": pa.array([2000] * ITEMS, pa.int32()),
                    "genres": [["Drama"]] * ITEMS,
                    "text": texts_of(ITEMS),
                }
            ),
        ),
        users=IdMap(np.arange(users), name="user"),
        interactions=Interactions(
            np.repeat(np.arange(users), PER_USER).astype(np.int32),
            np.concatenate([np.arange(1, ITEMS + 1), draw.randint(1, ITEMS + 1, rows - ITEMS)]).astype(np.int32),
            ratings=draw.randint(1, 6, rows).astype(np.float32),
            timestamps=np.arange(rows),
            num_users=users,
            num_items=ITEMS + 1,
        ),
    )


def digest_of(dataset: Dataset) -> str:
    digest, log = hashlib.sha256(), dataset.interactions
    for column in (log.user_ids, log.item_ids, log.ratings, dataset.users.ids):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


class Rounds:
    """The rounds of a run: what is stored, one killed process each, and what was found afterwards."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self.workspace = workspace
        self.random = random.Random(seed)
        self.versions = {digest_of(one): one for one in map(make_dataset, range(4))}
        self.found: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.problems: list[str] = []

    def operations(self) -> dict[str, Callable[[], object]]:
        version = self.random.choice(list(self.versions.values()))
        return {
            "add --replace": lambda: self.workspace.add(version, replace=True),
            "train": self.train,
            "embed": lambda: self.embed(ITEMS),
            "remove": lambda: self.workspace.remove(NAME),
        }

    def train(self) -> None:
        Session(self.workspace, NAME, device="cpu").models.train(MODEL, {"half_life": self.random.randint(1, 99)})

    def embed(self, count: int) -> None:
        self.store.embed(texts_of(count), HashEncoder())  # type: ignore[arg-type]

    @property
    def store(self) -> VectorStore:
        return VectorStore(self.workspace.embeddings_folder(NAME), HashEncoder.identity)

    def prepare(self, operation: str) -> None:
        """Store what an operation begins with."""
        if NAME not in self.workspace:
            self.workspace.add(self.random.choice(list(self.versions.values())))
        if operation == "embed" and self.embedded() == ITEMS:
            self.workspace.remove(NAME)
            self.prepare(operation)
        if not self.is_trained():
            self.train()
        self.embed(64)

    def measure(self) -> dict[str, float]:
        """How long each operation takes that nobody kills, in a process of its own as in a round."""
        seconds = {}
        for name in self.operations():
            self.prepare(name)
            begin = time.monotonic()
            os.waitpid(self.begin(name), 0)
            seconds[name] = time.monotonic() - begin
        return seconds

    def begin(self, operation: str) -> int:
        run = self.operations()[operation]
        if process := os.fork():
            return process
        status = 1
        try:
            run()
            status = 0
        finally:
            os._exit(status)

    def round(self, operation: str, seconds: float) -> None:
        self.prepare(operation)
        before = digest_of(self.workspace.open(NAME)), self.is_trained(), self.embedded()
        process = self.begin(operation)
        time.sleep(self.random.uniform(0, 1.05 * seconds))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            self.killed[operation] += 1
        try:
            self.look(operation, before)
        except Exception as error:  # whatever it is, a person would be refused
            self.problem("refused", f"{operation}: {type(error).__name__}: {error}")

    def look(self, operation: str, before: tuple[str, bool, int]) -> None:
        """Open everything as the next start does, and compare it with what there was."""
        self.workspace.clear_leftovers()
        if NAME not in self.workspace:
            if operation != "remove":
                self.problem("lost", f"{operation}: the data set")
        else:
            digest = digest_of(self.workspace.open(NAME))
            if digest != before[0] and (operation != "add --replace" or digest not in self.versions):
                self.problem("lost", f"{operation}: the data set's content")
            if before[1] and digest == before[0] and not self.is_trained():
                self.problem("lost", f"{operation}: the model")
            if self.embedded() < before[2]:
                self.problem("lost", f"{operation}: embeddings")
        for path in self.workspace.folder.rglob("*"):
            name = str(path.relative_to(self.workspace.folder))
            if not AT_REST.fullmatch(name):
                self.problem("left over", f"{operation}: {name}")
        tables = list((self.workspace.folder / DATASETS).glob("*/*.parquet"))
        versions = [path for path in (self.workspace.folder / DATASETS).glob("*/models/*/v-*") if path.is_dir()]
        if len(tables) > 3 or len(versions) > 1:
            self.problem("left over", f"{operation}: {len(tables)} tables, {len(versions)} versions")

    def is_trained(self) -> bool:
        """Whether the model is stored, and answers."""
        store = ModelStore(self.workspace, self.workspace.manifest(NAME))
        trained = any(state.name == MODEL and state.trained for state in store.states())
        return trained and len(store.load(MODEL, "cpu").predict(0)) == ITEMS + 1

    def embedded(self) -> int:
        """How many texts have their vectors; a wrong one counts as lost."""
        store, texts = self.store, texts_of(ITEMS)
        rows, vectors = store.rows(hash_texts(texts)), store.vectors()
        done = np.flatnonzero(rows >= 0)
        for place in self.random.sample(done.tolist(), min(8, len(done))):
            if not np.array_equal(vectors[rows[place]], vector_of(texts[place])):
                self.problem("lost", "a vector")
        if store.damage:
            self.problem("lost", store.damage)
        return len(done)

    def problem(self, kind: str, what: str) -> None:
        self.found[kind] += 1
        self.problems.append(f"{kind}: {what}")
        print(self.problems[-1], file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep the figures for docs/reliability.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # of fork in a process with threads
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECSYS_TUI_HOME"] = folder
        rounds = Rounds(Workspace(Path(folder) / "data"), arguments.seed)
        seconds = rounds.measure()
        while rounds.killed.total() < arguments.kills:
            operation = rounds.random.choice(list(seconds))
            rounds.round(operation, seconds[operation])
    figures: dict[str, Any] = {
        "trials": rounds.killed.total(),
        "first_seed": arguments.seed,
        "by_operation": dict(rounds.killed),
        **{kind: rounds.found[kind] for kind in ("lost", "refused", "left over")},
        "problems": rounds.problems,
    }
    print(json.dumps(figures, indent=2))
    if arguments.keep:
        keep("kills", figures)
    return 1 if rounds.problems else 0


if __name__ == "__main__":
    sys.exit(main())
