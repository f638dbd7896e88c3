"""Tests of a place for shared values: what is stored comes back, and nobody else's files are touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.datasets.locations.shared_place import open_place, require_place
from engine.errors import DataError, OptionError
from engine.interactions import Interactions
from engine.storage import shared_storage, stored_value
from engine.storage.taken_apart import put_together, take_apart
from tests.engine.datasets.servers import serving

DAYS = 86_400


def some_dataset() -> Dataset:
    rng = np.random.RandomState(0)
    ids = [f"item {number} é" for number in range(2000)]
    table = pa.table(
        {
            "title": [f"Title {number}" for number in range(2000)],
            "year": pa.array([None if number % 3 else number for number in range(2000)], pa.int32()),
            "genres": [["a", "b"][: number % 3] for number in range(2000)],
            "text": ids,
        }
    )
    interactions = Interactions(
        rng.randint(0, 5000, 50_000), 1 + rng.randint(0, 2000, 50_000), ratings=rng.random_sample(50_000)
    )
    users = IdMap(np.arange(5000) * 7, name="user")
    return Dataset("made", "table", "Made", ItemTable(IdMap(ids, first=1, name="item"), table), users, interactions)


def test_a_data_set_comes_back_as_it_was_and_little_is_left_of_it() -> None:
    dataset = some_dataset()
    rest, parts = take_apart(dataset)
    back = put_together(rest, parts.__getitem__)
    assert isinstance(back, Dataset)
    assert back.items.table.equals(dataset.items.table, check_metadata=True)
    assert back.items.id_map.ids.tolist() == dataset.items.id_map.ids.tolist()
    assert back.users.fingerprint() == dataset.users.fingerprint()
    for column in ("user_ids", "item_ids", "ratings"):
        one, other = getattr(back.interactions, column), getattr(dataset.interactions, column)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert len(repr(rest)) < 3000


def test_arrays_of_any_layout_come_back() -> None:
    plain = np.arange(6000, dtype=np.float32).reshape(60, 100)
    same = np.arange(5000)
    value: Any = {
        "columns first": np.asfortranarray(plain),
        "every second": plain[:, ::2],
        "truth": plain > 7,
        "texts": np.array(["a\0", "", "é"] * 200, dtype=object),
        "no texts": np.array([1, "a", None] * 200, dtype=object),
        "no utf-8": np.array(["\udc80"] * 300, dtype=object),
        "dates": np.arange(5000).astype("datetime64[s]"),
        "twice": [same, (same, None, "text", 3)],
        "empty": np.zeros((0, 3)),
    }
    rest, parts = take_apart(value)
    back = put_together(rest, parts.__getitem__)
    assert back.keys() == value.keys()
    for name in ("columns first", "every second", "truth", "texts", "no texts", "no utf-8", "dates", "empty"):
        np.testing.assert_array_equal(back[name], value[name])
        assert back[name].dtype == value[name].dtype
    assert back["columns first"].flags.f_contiguous
    assert back["twice"][1][1:] == (None, "text", 3)
    assert back["twice"][0].base is back["twice"][1][0].base  # stored once


def test_tensors_come_back_as_tensors() -> None:
    plain = torch.arange(6000.0).reshape(60, 100)
    value = [plain, plain.T, plain[:, ::2], plain.bfloat16(), plain.to_sparse(), plain.clone().requires_grad_()]
    rest, parts = take_apart(value)
    assert len(parts) == 3
    back = put_together(rest, parts.__getitem__)
    for one, other in zip(back, value, strict=True):
        assert torch.equal(one.to_dense(), other.to_dense())
        assert (one.dtype, one.layout, one.requires_grad) == (other.dtype, other.layout, other.requires_grad)


def test_what_refers_to_itself_is_left_to_the_cluster(tmp_path: Path) -> None:
    value: list[Any] = [np.zeros(1 << 20)]
    value.append(value)
    assert open_place(str(tmp_path)).put(value) is None


def dead_run(folder: Path, name: str, age: float, *files: str) -> Path:
    run = folder / name
    run.mkdir()
    (run / "run.json").write_text(f'{{"program": "recsys-tui", "run": "{name}"}}')
    for file in files:
        (run / file).write_text("x")
    then = time.time() - age
    for file in run.iterdir():
        os.utime(file, (then, then))
    return run


def test_only_runs_that_are_surely_dead_are_removed(tmp_path: Path) -> None:
    def name(letter: str) -> str:
        return f"recsys-tui-run-{letter * 32}"

    dead = dead_run(tmp_path, name("0"), 2 * DAYS, "value-0.arrow", "alive")
    young = dead_run(tmp_path, name("1"), 0.9 * DAYS, "value-0.arrow")
    lives = dead_run(tmp_path, name("2"), 2 * DAYS, "value-0.arrow")
    (lives / "alive").write_text("")
    with_other = dead_run(tmp_path, name("3"), 2 * DAYS, "thesis.txt")
    no_marker = dead_run(tmp_path, name("4"), 2 * DAYS, "value-0.arrow")
    (no_marker / "run.json").write_text("[]")
    other_marker = dead_run(tmp_path, name("5"), 2 * DAYS, "value-0.arrow")
    (other_marker / "run.json").write_text(f'{{"program": "recsys-tui", "run": "{name("0")}"}}')
    for one in (no_marker, other_marker):
        os.utime(one / "run.json", (0, 0))
    other_name = dead_run(tmp_path, "recsys-tui-run-mine", 2 * DAYS, "value-0.arrow")
    open_place(str(tmp_path))
    assert not dead.exists()
    assert all((one / "value-0.arrow").exists() for one in (young, lives, no_marker, other_marker, other_name))
    assert [one.name for one in with_other.iterdir()] == ["thesis.txt"]


def test_a_bucket_is_used_like_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        place = f"s3://key:secret@bucket/data{server.options}"
        server.put("/bucket/data/thesis.txt", "x")

        def names() -> list[str]:
            return [path.rpartition("/")[2] for path, content in sorted(server.files.items()) if content]

        value = [np.arange(2_000_000)]  # more than one part of an upload
        kept = open_place(place).put(value)
        assert kept is not None
        assert names() == ["run.json", "value-0.arrow", "thesis.txt"]
        stored, rest = kept
        np.testing.assert_array_equal(stored.load(lambda: rest)[0], value[0])
        assert "secret" not in stored.address
        open_place(place)
        assert len(names()) == 3
        monkeypatch.setattr(shared_storage, "_DEAD", timedelta(-1))
        open_place(place)
        assert names() == ["thesis.txt"]
        with pytest.raises(DataError, match=r"needs access to it, by keys") as caught:
            stored.require_run()
        assert "secret" not in str(caught.value)


def test_a_run_that_goes_on_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_place(str(tmp_path))
    kept = storage.put([np.zeros(1 << 20)])
    (run,) = tmp_path.iterdir()
    storage.keep_alive()
    assert not (run / "alive").exists()
    monkeypatch.setattr(shared_storage, "_ALIVE_SECONDS", 0.0)
    storage.keep_alive()
    assert (run / "alive").exists()
    del kept
    assert list(tmp_path.iterdir()) == []


def test_small_values_are_not_stored(tmp_path: Path) -> None:
    assert open_place(str(tmp_path)).put([np.zeros(10_000), "text"]) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored_is_read_once_and_a_changed_file_is_refused(tmp_path: Path) -> None:
    storage = open_place(str(tmp_path))
    value = [np.arange(200_000), np.arange(300_000.0)]
    first, second = storage.put(value), storage.put(value)
    assert first is not None
    assert second is not None
    stored, rest = first
    (run,) = tmp_path.iterdir()
    assert run.stat().st_mode & 0o777 == 0o700
    back = stored.load(lambda: rest)
    assert stored.load(lambda: pytest.fail("read again")) is back
    for one, other in zip(back, value, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.ctypes.data % 64 == 0  # the last bits of a product may depend on it
    path = run / second[0].name
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    for spoilt in (bytes(content), bytes(content[:-5000]), b""):
        path.write_bytes(spoilt)
        with pytest.raises(DataError, match=r"value-1\.arrow was changed or cut off"):
            second[0].load(lambda: second[1])


def test_a_process_keeps_no_more_than_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_place(str(tmp_path))
    stored = [storage.put([np.full(200_000, number)]) for number in range(3)]
    monkeypatch.setattr(stored_value, "_bound", lambda is_mapped: 3_500_000)
    reads = []

    def load(number: int, *beside: int) -> None:
        one = stored[number]
        assert one is not None
        names = {kept[0].name for kept in (stored[other] for other in beside) if kept}
        (array,) = one[0].load(lambda: reads.append(number) or one[1], names)
        assert array[0] == number

    for number in (0, 1, 0, 2):
        load(number)
    assert reads == [0, 1, 2]
    load(0)  # 1 was used longest ago
    assert reads == [0, 1, 2]
    load(1, 0)
    load(0, 1)
    assert reads == [0, 1, 2, 1]


#: Stores a value, and ends as its argument says.
ENDS = """
import os, sys
import numpy as np
from engine.datasets.locations.shared_place import open_place
kept = open_place(sys.argv[1]).put([np.zeros(1 << 20)])
print(len(os.listdir(sys.argv[1])))
if sys.argv[2] == "fork" and os.fork() == 0:
    sys.exit()
if sys.argv[2] == "fork":
    os.wait()
    print(len(os.listdir(sys.argv[1])))
if sys.argv[2] == "fails":
    raise ValueError
"""


@pytest.mark.parametrize("how", ["ends", "fails", *(["fork"] if hasattr(os, "fork") else [])])
def test_a_process_takes_its_run_with_it(tmp_path: Path, how: str) -> None:
    done = subprocess.run([sys.executable, "-c", ENDS, str(tmp_path), how], capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == {"1"}, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "nothing", tmp_path / "file"):
        with pytest.raises(DataError, match=f"{place}: there is no such folder"):
            open_place(str(place))
    for place in ("gs://bucket/x", "https://host/x", "s3://", "postgresql://me:secret@host/x"):
        with pytest.raises(OptionError, match="a folder or s3://BUCKET/PREFIX") as caught:
            require_place(place)
        assert "secret" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match=r"cannot be written there \(permission denied\)"):
        open_place(str(tmp_path))
