"""Training als on a Ray cluster of two nodes on this machine, with and without a storage that workers read from.

    python benchmarks/scale/storage.py [--interactions N] [--factors N] [--sweeps N] [--rounds N] [--storage FOLDER]

The interactions are generated. Both ways take turns, and the time of a round is that of the whole training, where the
reading is most of the difference; the object stores are looked at with each report, and the most counts. The results
must be equal to the last bit. A table after it compares the file format of the storage with Parquet: writing and
reading the numbers of 20 million ids and ratings, the fastest of three times.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from benchmarks.reliability.memory import generate  # noqa: E402
from benchmarks.scale.generated import sizes  # noqa: E402
from engine.datasets.locations.shared_place import open_place  # noqa: E402
from engine.factorization.als import AlternatingLeastSquaresModel  # noqa: E402
from engine.interactions import Interactions  # noqa: E402
from engine.runtime.executor import make_executor  # noqa: E402
from engine.runtime.job import Job, Progress  # noqa: E402

NODE = {"num_cpus": 1, "object_store_memory": 400 << 20, "include_dashboard": False, "node_ip_address": "127.0.0.1"}
VALUES = 20_000_000


def object_store_bytes() -> float:
    """The bytes in the object stores of all nodes."""
    from ray._private.internal_api import memory_summary

    (megabytes,) = re.findall(r"Plasma memory usage (\d+(?:\.\d+)?) MiB", memory_summary(stats_only=True))
    return float(megabytes) * (1 << 20)


def train(log: Interactions, factors: int, sweeps: int, storage: str | None) -> tuple[float, float, Any]:
    """Train the model; gives the seconds, the most bytes in the object stores, and the factors."""
    most = 0.0

    def watch(_: Progress) -> None:
        nonlocal most
        most = max(most, object_store_bytes())

    executor = make_executor("auto", None if storage is None else lambda: open_place(storage))
    model = AlternatingLeastSquaresModel(factors, sweeps, random_state=42)
    begun = time.perf_counter()
    model.fit(log, job=Job(watch), executor=executor)
    return time.perf_counter() - begun, most, model.factors()


def least(action: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return min(times)


def compare_formats(folder: Path) -> None:
    """Print a table of the seconds that Parquet and the format of the storage take."""
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(42)
    users, items = (rng.integers(0, most, VALUES, dtype=np.int32) for most in (270_000, 45_000))
    columns = [users, items, rng.random(VALUES, dtype=np.float32)]
    names = ["user", "item", "rating"]
    file = str(folder / "values.parquet")
    place = open_place(str(folder))
    print("| 20 million ids and ratings | s to write | s to read |\n| --- | --- | --- |")
    wrote = least(lambda: parquet.write_table(pa.table(columns, names), file))
    read = least(lambda: [column.to_numpy() for column in parquet.read_table(file).columns])
    print(f"| Parquet | {wrote:.2f} | {read:.2f} |")
    wrote = least(lambda: place.put(columns))
    found = place.put(columns)
    assert found is not None
    stored, rest = found
    read = least(lambda: [column.max() for column in stored.read(rest)])  # the pages are read where they are needed
    print(f"| the storage, with checksums | {wrote:.2f} | {read:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=4_000_000)
    parser.add_argument("--factors", type=int, default=32)
    parser.add_argument("--sweeps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--storage", help="the folder of the storage (default: a temporary one)")
    options = parser.parse_args()
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32), RAY_USAGE_STATS_ENABLED="0")
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # as the program does for a cluster on the loopback
    import ray
    from ray.cluster_utils import Cluster

    log = generate(options.interactions, *sizes(options.interactions))
    with tempfile.TemporaryDirectory(dir=options.storage) as folder:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {len(log):,} interactions", flush=True)
        cluster = Cluster(initialize_head=True, head_node_args=NODE)
        cluster.add_node(**NODE)
        os.environ["RAY_ADDRESS"] = cluster.address
        seconds: dict[str | None, list[float]] = {None: [], folder: []}
        most: dict[str | None, float] = {}
        factors: dict[str | None, Any] = {}
        train(log, options.factors, 1, None)  # starts the workers
        for _ in range(options.rounds):
            for storage in seconds:
                spent, most[storage], factors[storage] = train(log, options.factors, options.sweeps, storage)
                seconds[storage].append(spent)
        print(f"\n| {options.sweeps} sweeps of als | s | MB in the object stores |\n| --- | --- | --- |")
        for storage, name in ((None, "through Ray"), (folder, "from a storage")):
            print(f"| {name} | {', '.join(f'{one:.1f}' for one in seconds[storage])} | {most[storage] / 1e6:.0f} |")
        here, there = factors[None], factors[folder]
        equal = np.array_equal(here.users, there.users) and np.array_equal(here.items, there.items)
        print(f"\nEqual to the last bit: {'yes' if equal else 'no'}\n", flush=True)
        ray.shutdown()
        cluster.shutdown()
        compare_formats(Path(folder))
        print(f"\nload {os.getloadavg()[0]:.1f}")
    if not equal:
        sys.exit(1)


if __name__ == "__main__":
    main()
