"""Measure how many neighbours in meaning the two pictures of the map keep near each other in the plane.

For 1,000 items, drawn at random from those on the map, the ten nearest by the cosine of their vectors are compared with
the ten nearest in the plane. The figures stand in ``docs/ui.md``.

Run ``python benchmarks/map_neighbours.py [--dataset NAME]`` with a data set that is stored and embedded.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from engine.runtime.job import Job
from engine.search.map.item_map import ItemMap, MapSource, draft_map, refined_map
from engine.search.map.neighbours import nearest_neighbours
from engine.session import open_session
from engine.session.datasets import open_workspace

ITEMS, NEAREST = 1_000, 10


def main() -> None:
    """Make both pictures, and print the share of the neighbours that each keeps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="anime")
    arguments = parser.parse_args()
    session = open_session(open_workspace(), arguments.dataset, device="cpu")
    dataset = session.data.dataset
    rows, stored = session.search.stored_vectors()
    catalogue = MapSource(dataset.items, rows, stored, np.zeros(dataset.num_items))
    for name, made in (("principal components", draft_map(catalogue)), ("t-SNE", refined_map(catalogue))):
        vectors = np.asarray(stored[rows[made.items - 1]], dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        print(f"{name:20} keeps {kept(made, vectors):.1%} of {len(made.items):,} items", flush=True)


def kept(made: ItemMap, vectors: npt.NDArray[np.float32]) -> float:
    """The mean share of the nearest neighbours that are among the nearest ones in the plane."""
    nearest = nearest_neighbours(vectors, NEAREST, Job())
    drawn = np.random.default_rng(0).choice(len(vectors), min(ITEMS, len(vectors)), replace=False)
    _, near = cKDTree(made.points).query(made.points[drawn], NEAREST + 1)  # the nearest point is the item itself
    return float(np.mean([len({*a} & {*b}) / NEAREST for a, b in zip(nearest[drawn], near, strict=True)]))


if __name__ == "__main__":
    main()
