from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import CancelledError, DamagedError, DataError, RecsysError
from engine.runtime.job import Job, Progress
from engine.search.semantic import append_npy as growing
from engine.search.semantic import quantization_cache as kept_codes
from engine.search.semantic import vector_index as index_module
from engine.search.semantic.vector_index import QuantizedIndex
from engine.search.semantic.vector_store import VectorStore, hash_texts
from tests.engine.search.fakes import FakeEncoder, vector_of

TEXTS = [f"text number {number} " + "word " * (number % 7) for number in range(23)]


def make_store(folder: Path, encoder: FakeEncoder | None = None) -> VectorStore:
    return VectorStore(folder, (encoder or FakeEncoder()).identity)


def assert_right(store: VectorStore, texts: list[str]) -> int:
    """Check that each embedded text has its own vector, and return the number of embedded texts."""
    rows, vectors = store.rows(hash_texts(texts)), store.vectors()
    for text, row in zip(texts, rows, strict=True):
        if row >= 0:
            np.testing.assert_array_equal(vectors[row], vector_of(text))
    return int((rows >= 0).sum())


def stop_after(texts: int) -> Job:
    def on_progress(progress: Progress) -> None:
        if progress.stage == "embedding" and progress.done >= texts:
            job.cancel()

    job = Job(on_progress)
    return job


def test_every_text_gets_its_vector_and_a_second_start_computes_nothing(tmp_path: Path) -> None:
    state = make_store(tmp_path).embed(TEXTS, FakeEncoder(), batch_size=4)
    assert state.complete
    assert state.done == len(TEXTS)

    again, encoder = make_store(tmp_path), FakeEncoder()
    assert again.state(hash_texts(TEXTS)).complete
    assert again.embed(TEXTS, encoder).complete
    assert not encoder.loaded
    assert assert_right(again, TEXTS) == len(TEXTS)


def test_progress_counts_every_batch_up_to_all_texts(tmp_path: Path) -> None:
    told: list[Progress] = []
    make_store(tmp_path).embed(TEXTS, FakeEncoder(), Job(told.append), batch_size=4)
    counts = [(one.done, one.total, one.unit) for one in told if one.stage == "embedding"]
    assert counts == [(done, 23, "texts") for done in (0, 4, 8, 12, 16, 20, 23)]


def test_what_was_embedded_before_a_cancel_is_kept_and_not_embedded_again(tmp_path: Path) -> None:
    first = FakeEncoder()
    with pytest.raises(CancelledError):
        make_store(tmp_path).embed(TEXTS, first, stop_after(8), batch_size=4)

    store, second = make_store(tmp_path), FakeEncoder()
    assert store.state(hash_texts(TEXTS)).done == 8 == assert_right(store, TEXTS)
    store.embed(TEXTS, second, batch_size=4)
    assert sorted(first.encoded + second.encoded) == sorted(TEXTS)
    assert assert_right(store, TEXTS) == len(TEXTS)


def test_texts_of_items_that_are_not_complete_are_counted(tmp_path: Path) -> None:
    make_store(tmp_path).embed(["one", "two"], FakeEncoder())
    state = make_store(tmp_path).state(
        np.stack([hash_texts(["one", "two", "three"]), hash_texts(["one", "2", "3"])], axis=1)
    )
    assert (state.done, state.total) == (1, 3)
    assert (state.texts_done, state.num_texts) == (2, 5)


def test_only_changed_texts_are_embedded_anew(tmp_path: Path) -> None:
    make_store(tmp_path).embed(TEXTS, FakeEncoder())
    changed = ["something new", *TEXTS[5:], "text number 3 changed"]
    store, encoder = make_store(tmp_path), FakeEncoder()
    assert store.state(hash_texts(changed)).done == len(TEXTS) - 5
    store.embed(changed, encoder)
    assert sorted(encoder.encoded) == ["something new", "text number 3 changed"]
    assert assert_right(store, changed) == len(changed)
    assert assert_right(store, TEXTS) == len(TEXTS), "the old texts come back with the old catalogue"


def test_equal_texts_share_one_vector(tmp_path: Path) -> None:
    texts = ["the same", "another", "the same", "the same"]
    store, encoder = make_store(tmp_path), FakeEncoder()
    assert store.embed(texts, encoder).done == 4
    assert sorted(encoder.encoded) == ["another", "the same"]
    assert len(store) == 2


def test_what_stands_first_in_the_catalogue_is_embedded_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.search.semantic.vector_store._WINDOW", 6)
    encoder = FakeEncoder()
    make_store(tmp_path).embed(TEXTS, encoder, batch_size=3)
    assert set(encoder.encoded[:6]) == set(TEXTS[:6])


def test_vectors_of_two_models_are_never_mixed(tmp_path: Path) -> None:
    make_store(tmp_path).embed(TEXTS, FakeEncoder())
    other = FakeEncoder(version="2")
    store = make_store(tmp_path, other)
    assert store.state(hash_texts(TEXTS)).done == 0
    with pytest.raises(ValueError, match="holds vectors of"):
        store.embed(TEXTS, FakeEncoder())
    store.embed(TEXTS, other)
    assert make_store(tmp_path).state(hash_texts(TEXTS)).complete, "the first model's are still there"


def test_lone_surrogates_and_emoji_are_texts_too(tmp_path: Path) -> None:
    texts = ["\udcff", "🎬", ""]
    assert make_store(tmp_path).embed(texts, FakeEncoder()).complete


class Killed(BaseException):
    pass


def _dying(after: int, share: float, die: Callable[[], None]) -> Any:
    """A ``_write_at`` whose ``after``-th call stops in the middle of the write."""
    calls, write_at = iter(range(10_000)), growing._write_at

    def write(file: Any, offset: int, data: bytes) -> None:
        if next(calls) == after:
            write_at(file, offset, data[: int(len(data) * share)])
            die()
        write_at(file, offset, data)

    return write


def _raise_killed() -> None:
    raise Killed


# Each batch has four writes: vectors, their header, hashes, their header. A header is written at once: the kernel
# does not stop within 128 bytes.
@pytest.mark.parametrize(
    ("after", "share"),
    [(after, share) for after in range(0, 16, 2) for share in (0.0, 0.5, 0.999)] + [(1, 0.0), (3, 0.0), (9, 0.0)],
)
def test_a_write_that_stops_in_the_middle_loses_one_batch_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, share: float
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(growing, "_write_at", _dying(after, share, _raise_killed))
        with pytest.raises(Killed):
            make_store(tmp_path).embed(TEXTS, FakeEncoder(), batch_size=4)
    store, encoder = make_store(tmp_path), FakeEncoder()
    done = assert_right(store, TEXTS)
    assert done == after // 4 * 4
    assert not store.damage
    store.embed(TEXTS, encoder, batch_size=4)
    assert assert_right(store, TEXTS) == len(TEXTS)
    assert len(encoder.encoded) == len(TEXTS) - done


def _embed_until_killed(folder: Path, after: int) -> None:
    growing._write_at = _dying(after, 0.3, lambda: os.kill(os.getpid(), signal.SIGKILL))
    make_store(folder).embed(TEXTS, FakeEncoder(), batch_size=4)


@pytest.mark.skipif(os.name != "posix", reason="needs a kill that cannot be caught")
def test_a_killed_process_leaves_no_lock_and_no_wrong_vector(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_embed_until_killed, args=(tmp_path, 10))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    store = make_store(tmp_path)
    assert assert_right(store, TEXTS) == 8
    assert store.embed(TEXTS, FakeEncoder()).complete
    assert assert_right(store, TEXTS) == len(TEXTS)


MANY = [f"text number {number} " + "word " * (number % 7) for number in range(2000)]


class TellingEncoder(FakeEncoder):
    """An encoder that reports each batch before it yields it, when all earlier batches are stored."""

    def __init__(self, told: Any) -> None:
        super().__init__()
        self.told = told

    def encode_many(self, *arguments: Any, **options: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in super().encode_many(*arguments, **options):
            self.told.send(len(self.encoded))
            yield batch


def _embed_and_tell(folder: Path, told: Any) -> None:
    make_store(folder).embed(MANY, TellingEncoder(told), batch_size=4)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a kill that cannot be caught")
def test_killed_at_random_moments_at_most_a_batch_is_lost_each_time(tmp_path: Path) -> None:
    random, before = np.random.RandomState(0), 0
    for _ in range(12):
        # The child continues while the parent reads, so it is killed at a random point of a batch or a write.
        pipe, end = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=_embed_and_tell, args=(tmp_path, end))
        process.start()
        end.close()
        told = [pipe.recv() for _ in range(random.randint(1, 12))]
        process.kill()
        process.join()
        with contextlib.suppress(EOFError, OSError):
            while True:
                told.append(pipe.recv())
        assert process.exitcode == -signal.SIGKILL
        store = make_store(tmp_path)
        done = assert_right(store, MANY)
        assert not store.damage
        assert before + told[-1] - 4 <= done <= before + told[-1]
        before = done
    assert 0 < before < len(MANY)
    store.embed(MANY, FakeEncoder())
    assert assert_right(store, MANY) == len(MANY)


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("vectors.npy", lambda content: content[:-1]),
        ("vectors.npy", lambda content: content[:128] + b"\xff" * (len(content) - 128)),
        ("vectors.npy", lambda content: content[:1000] + bytes(range(100)) + content[1100:]),
        ("hashes.npy", lambda content: b"junk" + content[4:]),
        ("hashes.npy", lambda content: b""),
        ("manifest.json", lambda content: content[: len(content) // 2]),
        ("manifest.json", lambda content: b"[]"),
        ("manifest.json", lambda content: content.replace(b'"dim": 16', b'"dim": 17')),
    ],
)
def test_a_damaged_folder_is_set_aside_and_named(tmp_path: Path, file: str, spoil: Callable[[bytes], bytes]) -> None:
    store = make_store(tmp_path)
    folder = store.folder
    store.embed(TEXTS, FakeEncoder())
    (folder / file).write_bytes(spoil((folder / file).read_bytes()))

    damaged = make_store(tmp_path)
    assert damaged.state(hash_texts(TEXTS)).done == 0
    aside = folder.with_name(folder.name + ".damaged-1")
    assert str(aside) in damaged.damage
    assert (aside / file).is_file()
    assert damaged.embed(TEXTS, FakeEncoder()).complete
    assert assert_right(make_store(tmp_path), TEXTS) == len(TEXTS)


def test_a_folder_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.embed(TEXTS, FakeEncoder())
    manifest = store.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(RecsysError, match="newer"):
        make_store(tmp_path).state(hash_texts(TEXTS))
    assert manifest.is_file()


def test_a_full_disk_is_one_sentence_and_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(growing, "_write_at", _dying(8, 0.5, full))
        with pytest.raises(DataError, match="no space left on device") as raised:
            make_store(tmp_path).embed(TEXTS, FakeEncoder(), batch_size=4)
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)
    store = make_store(tmp_path)
    assert assert_right(store, TEXTS) == 8
    assert store.embed(TEXTS, FakeEncoder()).complete


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        make_store(tmp_path / "file").embed(TEXTS, FakeEncoder())


def test_of_two_at_once_the_second_waits_and_embeds_nothing_twice(tmp_path: Path) -> None:
    waits = threading.Event()
    second_encoder = FakeEncoder()

    def wait_for_the_first() -> None:
        job = Job(lambda progress: waits.set() if progress.stage.startswith("waiting for process") else None)
        make_store(tmp_path).embed(TEXTS, second_encoder, job, batch_size=4)

    second = threading.Thread(target=wait_for_the_first)

    def intrude(progress: Progress) -> None:
        if progress.done == 4 and not waits.is_set():
            second.start()
            assert waits.wait(60)
            assert assert_right(make_store(tmp_path), TEXTS) == 4, "but it may read what is there"

    store = make_store(tmp_path)
    store.embed(TEXTS, FakeEncoder(), Job(intrude), batch_size=4)
    second.join()
    assert assert_right(store, TEXTS) == len(TEXTS)
    assert second_encoder.encoded == []


def test_waiting_for_another_that_embeds_can_be_cancelled(tmp_path: Path) -> None:
    def intrude(progress: Progress) -> None:
        if progress.done == 4:
            job = Job(lambda progress: job.cancel() if progress.stage.startswith("waiting") else None)
            with pytest.raises(CancelledError):
                make_store(tmp_path).embed(TEXTS, FakeEncoder(), job, batch_size=4)

    make_store(tmp_path).embed(TEXTS, FakeEncoder(), Job(intrude), batch_size=4)


# -- quantization ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower all thresholds, so that a few texts count as very many."""
    for name, size in {"LARGE": 10, "_AT_A_TIME": 4}.items():
        monkeypatch.setattr(kept_codes, name, size)
    monkeypatch.setattr(index_module, "_FEW", 1)


def codes_of(store: VectorStore, texts: list[str]) -> str:
    """Check that a search finds all texts, and return the kind of its quantizer."""
    index = store.index(hash_texts(TEXTS))
    assert len(index) == len(texts)
    for item, text in enumerate(texts):
        assert index.search(vector_of(text)[None], 1)[0][0, 0] == item
    return type(index._quantizer).__name__ if isinstance(index, QuantizedIndex) else "none"


@pytest.mark.usefixtures("small_codes")
def test_very_many_vectors_are_searched_by_codes_that_grow_with_them(tmp_path: Path) -> None:
    store, kinds = make_store(tmp_path), []
    for count in (9, 12, 17, 23):
        store.embed(TEXTS[:count], FakeEncoder())
        kinds.append(codes_of(store, TEXTS[:count]))
    assert kinds == ["none", "BinaryQuantizer", "BinaryQuantizer", "BinaryQuantizer"]


@pytest.mark.usefixtures("small_codes")
def test_nothing_is_made_beforehand_of_few(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.embed(TEXTS[:9], FakeEncoder())
    store.expect_searches()
    assert codes_of(store, TEXTS[:9]) == "none"


@pytest.mark.usefixtures("small_codes")
def test_making_codes_can_be_stopped_and_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, job = make_store(tmp_path), Job()
    store.embed(TEXTS[:15], FakeEncoder())
    job.cancel()
    with pytest.raises(CancelledError):
        store.expect_searches(job)
    assert codes_of(store, TEXTS[:15]) == "BinaryQuantizer"


@pytest.mark.usefixtures("small_codes")
def test_codes_serve_also_whoever_read_the_vectors_a_little_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path)
    store.expect_searches()
    store.embed(TEXTS, FakeEncoder())
    vectors = np.array(store.vectors())
    codes = kept_codes.QuantizationCache()
    for count in (23, 17, 15, 11, 15, 23):
        codes.expect(vectors[:count], "file", Job())
        found = codes.of(vectors[:count], "file")
        assert found is not None
        assert len(found.nearest(vectors[0], count)) == count
    assert 0 in codes.of(vectors[::-1][:11], "another file").nearest(vectors[22], 11)  # type: ignore[union-attr]


def test_what_another_process_put_in_its_place_is_read_afresh(tmp_path: Path) -> None:
    store, hashes = make_store(tmp_path), hash_texts(TEXTS)
    store.embed(TEXTS, FakeEncoder())
    assert len(store.index(hashes)) == len(TEXTS)
    before = store.version
    shutil.rmtree(store.folder)
    assert len(store) == len(store.index(hashes)) == 0
    make_store(tmp_path).embed(TEXTS[::-1][:9], FakeEncoder())
    assert store.version != before
    assert assert_right(store, TEXTS) == 9
    index = store.index(hashes)
    assert len(index) == 9
    for item in range(len(TEXTS) - 9, len(TEXTS)):
        assert index.search(vector_of(TEXTS[item])[None], 1)[0][0, 0] == item


def test_an_embedding_that_was_not_ended_is_known_to_be_begun(tmp_path: Path) -> None:
    store, hashes = make_store(tmp_path), hash_texts(TEXTS)
    with pytest.raises(CancelledError):
        store.embed(TEXTS, FakeEncoder(), stop_after(8), batch_size=4)
    assert make_store(tmp_path).state(hashes).interrupted

    def look(progress: Progress) -> None:
        if progress.done == 12:
            assert not make_store(tmp_path).state(hashes).interrupted, "somebody is at it"

    store.embed(TEXTS, FakeEncoder(), Job(look), batch_size=4)
    assert not store.state(hashes).interrupted
    assert not store.state(hash_texts([*TEXTS, "new"])).interrupted, "what is new since was never begun"


def test_a_folder_that_another_process_made_anew_in_a_moment_is_noticed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.embed(TEXTS, FakeEncoder())
    for texts in (TEXTS[::-1], TEXTS[:5], [f"other {number}" for number in range(40)]):
        shutil.rmtree(store.folder)
        make_store(tmp_path).embed(texts, FakeEncoder())
        assert assert_right(store, texts) == len(texts)
        assert len(store.index(hash_texts(texts))) == len(texts)


def test_a_file_that_is_replaced_between_two_looks_is_not_taken_for_the_first(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_store(tmp_path / name).embed(TEXTS, FakeEncoder())
    path = make_store(tmp_path / "one").folder / "vectors.npy"
    array = growing.AppendableArray(path)
    assert len(array.read()) == len(TEXTS)
    os.replace(make_store(tmp_path / "two").folder / "vectors.npy", path)
    with pytest.raises(DamagedError, match="replaced"):
        array.read()
    path.unlink()
    with pytest.raises(DamagedError, match="missing"):
        array.read()


@pytest.mark.usefixtures("small_codes")
def test_searching_goes_on_while_others_embed_and_get_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_codes, "LARGE", 150)
    texts = [f"text number {number}" for number in range(300)]
    hashes, store, over = hash_texts(texts), make_store(tmp_path), threading.Event()
    store.embed(texts[:4], FakeEncoder())
    failures: list[Exception] = []

    def repeat(work: Callable[[], Any]) -> None:
        try:
            while not over.is_set():
                work()
        except Exception as error:
            failures.append(error)

    def search() -> None:
        index = store.index(hashes)
        found = index.search(vector_of(texts[2])[None], 3, np.arange(len(texts)) != 1)[0]
        assert 1 not in found

    threads = [threading.Thread(target=repeat, args=(work,)) for work in (search, search, store.expect_searches)]
    for thread in threads:
        thread.start()
    store.embed(texts, FakeEncoder(), batch_size=3)
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
