"""Vectors of texts on disk, looked up by the hash of the text; one folder per model."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.data.results import EmbeddingState
from engine.errors import DamagedError, DataError, MissingError, OptionError, RecsysError
from engine.runtime.executor import Executor
from engine.runtime.job import Job, Progress
from engine.search import memory
from engine.search.encoder.distributed import encode_texts
from engine.search.encoder.encoder import Encoder, Vectors
from engine.search.encoder.model_files import ModelIdentity
from engine.search.semantic.append_npy import AppendableArray
from engine.search.semantic.quantization_cache import QuantizationCache
from engine.search.semantic.vector_index import ExactIndex, QuantizedIndex
from engine.search.semantic.vector_table import TableIndex, VectorTable, push, require_filled
from engine.storage.atomic import (
    describe_os_error,
    make_folder,
    set_aside,
    sync_committed,
    sync_folder,
    write_json,
)
from engine.storage.guarded import convert_file, read_json, require_checksum, with_checksum
from engine.storage.lock import LONG_WAIT, locked, report_wait

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

SCHEMA_VERSION = 1
MANIFEST, VECTORS, HASHES = "manifest.json", "vectors.npy", "hashes.npy"
#: The number of texts that are sorted by length at a time: enough that batches need little padding, and few enough
#: that the first items of the catalogue, which have ratings, are embedded first.
_WINDOW = 4096
#: The number of texts that another machine encodes at a time: what is lost at most if it dies.
_CHUNK = 512
_CHECKED_ROWS = 16_384


def _count_texts(hashes: Hashes, is_stored: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The texts of all items that are stored, and all of them; a text that an item has twice counts once."""
    is_other = np.ones(hashes.shape, dtype=bool)
    is_other[:, 1:] = hashes[:, 1:] != hashes[:, :1]
    return int(np.count_nonzero(is_stored & is_other)), int(np.count_nonzero(is_other))


def hash_texts(texts: Iterable[str]) -> Hashes:
    """A 64-bit hash of each text: the same on every machine, and different for different texts in any catalogue."""
    digests = b"".join(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64, copy=False)


class VectorStore:
    """The vectors of one model in one folder.

    Rows are only appended to ``vectors.npy`` and ``hashes.npy``, in the order of embedding, and the vectors of a batch
    are on disk before their hashes are committed. So if a writer is killed, each stored hash has its vector and at most
    one batch is lost; and if a catalogue changes, only its changed texts are embedded again.

    Parameters
    ----------
    folder
        The folder of a data set's embeddings, in which each model has its own folder.
    model
        The identity of the model that computes the vectors (:attr:`engine.search.encoder.encoder.Encoder.identity`).

    table
        Another store that holds these vectors too, and finds the nearest; None to compare them here.

    Attributes
    ----------
    damage
        A sentence about damaged files that were found and set aside; empty if there were none.
    """

    def __init__(self, folder: Path, model: ModelIdentity, table: VectorTable | None = None) -> None:
        self.model = model
        self.folder = folder / model.slug
        self.damage = ""
        self._table = table
        self._opening = threading.RLock()
        self._content: _Content | None = None
        self._quantized = QuantizationCache()

    @property
    def version(self) -> Hashable:
        """A value that changes whenever :meth:`index` would return a different index."""
        content = self._open()
        return None if content is None else (content.stamp, len(content.hashes))

    def __len__(self) -> int:
        """The number of stored vectors, including those of texts that the catalogue no longer has."""
        content = self._open()
        return 0 if content is None else len(content.hashes)

    def state(self, hashes: Hashes) -> EmbeddingState:
        """How many items are embedded; no vectors are read. Files that cannot be read count as none, and
        :attr:`damage` says so.

        Parameters
        ----------
        hashes
            The hashes of the texts of each item, shape (num_items,) or (num_items, texts per item). An item is embedded
            if all of its texts are.
        """
        try:
            of_items = hashes if hashes.ndim > 1 else hashes[:, None]
            is_stored = self.rows(np.ascontiguousarray(of_items)) >= 0
            done = int(np.count_nonzero(is_stored.all(axis=1)))
        except DataError as error:
            self.damage = str(error)
            return EmbeddingState(0, len(hashes), self.model.name)
        incomplete = done < len(hashes)
        texts = _count_texts(of_items, is_stored) if incomplete else (0, 0)
        return EmbeddingState(done, len(hashes), self.model.name, incomplete and self._was_interrupted(), *texts)

    def rows(self, hashes: Hashes) -> Rows:
        """The row of each text in :meth:`vectors`, or -1 if the text is not embedded yet."""
        content = self._open()
        return _find_rows(hashes, *content.sorted_hashes()) if content is not None else _find_rows(hashes)

    def vectors(self) -> Vectors:
        """All vectors, memory-mapped: unit length, shape (len(self), dim).

        Raises
        ------
        DataError
            If the vectors cannot be read.
        """
        return self._read()[0]

    def index(self, hashes: Hashes, device: str = "cpu") -> ExactIndex:
        """An index over the texts that are embedded by now.

        Parameters
        ----------
        hashes
            The hash of each text, shape (num_texts,).
        device
            The torch device to compute on; the CPU where it has no room for the vectors. On a CPU a large number of
            vectors is searched with quantized vectors first.

        Raises
        ------
        DataError
            If the vectors cannot be read.
        """
        vectors, file, sorted_hashes = self._read()
        rows = _find_rows(hashes, *sorted_hashes)
        if self._table is not None and len(vectors):
            require_filled(self._table, self._in_order(sorted_hashes))
            return TableIndex(vectors, rows, self._table)
        if device != "cpu" and memory.vectors_fit(len(vectors), vectors.shape[1], len(rows), device):
            self._quantized.drop()
            return ExactIndex(vectors, rows, device=device)
        quantizer = self._quantized.of(vectors, file)
        return ExactIndex(vectors, rows) if quantizer is None else QuantizedIndex(vectors, rows, quantizer)

    def push(
        self, item_hashes: Hashes, item_ids: Sequence[str], titles: Sequence[str], job: Job | None = None
    ) -> tuple[int, int]:
        """Push all vectors to the other store; see :func:`engine.search.semantic.vector_table.push`.

        Parameters
        ----------
        item_hashes
            The hashes of the texts of each item, shape (num_items, texts per item).
        item_ids, titles
            The ids, as text, and the titles of the items.
        job
            Receives the progress and may cancel.

        Returns
        -------
        added, total
            The number of rows that were added, and that there are.
        """
        if self._table is None:
            raise OptionError("There is no other store to push vectors to.")
        vectors, _, sorted_hashes = self._read()
        of_item: list[int] = [-1] * len(vectors)
        rows = _find_rows(np.ascontiguousarray(item_hashes), *sorted_hashes)
        for item, row in sorted(((item, row) for item, both in enumerate(rows.tolist()) for row in both), reverse=True):
            if row >= 0:
                of_item[row] = item  # the first item that has the text
        ids, names = ([None if item < 0 else one[item] for item in of_item] for one in (item_ids, titles))
        return push(self._table, self._in_order(sorted_hashes), vectors, ids, names, job), len(vectors)

    @staticmethod
    def _in_order(sorted_hashes: tuple[Rows, Hashes]) -> Hashes:
        """The hashes in the order of the rows."""
        rows, hashes = sorted_hashes
        in_order = np.empty_like(hashes)
        in_order[rows] = hashes
        return in_order

    def expect_searches(self, job: Job | None = None) -> None:
        """Quantize the vectors now for many searches on the CPU, and quantize new vectors from now on."""
        vectors, file, _ = self._read()
        self._quantized.expect(vectors, file, job or Job())

    def embed(
        self,
        texts: Sequence[str],
        encoder: Encoder,
        job: Job | None = None,
        *,
        batch_size: int | None = None,
        executor: Executor | None = None,
    ) -> EmbeddingState:
        """Embed the texts that have no vector yet.

        Parameters
        ----------
        texts
            The texts of the catalogue, the most important first.
        encoder
            An encoder with the model of this store.
        job
            Receives the progress after each batch and may cancel; the texts embedded until then stay stored.
        batch_size
            The number of texts to encode at a time, which is also the most that is lost if the process is killed; None
            chooses what suits the device.
        executor
            What encodes the texts, on several machines, each of which has the model under the same name; None encodes
            them here.

        Raises
        ------
        CancelledError
            If the job is cancelled.
        DataError
            If the folder cannot be written, or another process that is embedding into it does not end. What that
            process has embedded is not embedded again.
        """
        if encoder.identity != self.model:
            raise ValueError(f"the store holds vectors of {self.model}, not of {encoder.identity}")
        job = job or Job()
        hashes = hash_texts(texts)
        state = self.state(hashes)
        if state.complete:
            return state
        job.report(Progress("loading the embedding model"))
        encoder.load()
        job.checkpoint()
        try:
            with self._writing(encoder.dim, job) as content:
                self._in_progress.touch()
                state = self._embed(content, texts, hashes, encoder, job, batch_size, executor)
                self._in_progress.unlink(missing_ok=True)
                return state
        except OSError as error:
            self._require_dataset()
            raise DataError(
                f"{self.folder}: the embeddings cannot be written ({describe_os_error(error)}): "
                "free some space or make the folder writable, then continue; the texts embedded so far are kept."
            ) from error

    def _embed(
        self,
        content: _Content,
        texts: Sequence[str],
        hashes: Hashes,
        encoder: Encoder,
        job: Job,
        batch_size: int | None,
        executor: Executor | None,
    ) -> EmbeddingState:
        missing = np.flatnonzero(self.rows(hashes) < 0)
        done, total = len(hashes) - len(missing), len(hashes)
        # Equal texts share one vector.
        _, first, copies = np.unique(hashes[missing], return_index=True, return_counts=True)
        in_order = np.argsort(first)
        todo, copies = missing[first[in_order]], copies[in_order]
        job.report(Progress("embedding", done, total, "texts"))
        size = _WINDOW if executor is None else _CHUNK
        windows = [(start, todo[start : start + size]) for start in range(0, len(todo), size)]
        for places, vectors in self._encoded(texts, windows, encoder, job, batch_size, executor):
            content.append(vectors, hashes[todo[places]])
            done += int(copies[places].sum())
            job.report(Progress("embedding", done, total, "texts"))
        return EmbeddingState(done, total, self.model.name)

    def _encoded(
        self,
        texts: Sequence[str],
        windows: Sequence[tuple[int, Rows]],
        encoder: Encoder,
        job: Job,
        batch_size: int | None,
        executor: Executor | None,
    ) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors of the texts in some windows, with the places of these texts, as they are computed."""
        if executor is None:
            for start, window in windows:
                for places, vectors in encoder.encode_many([texts[row] for row in window], job, batch_size):
                    yield start + places, vectors
            return
        chunks = (([texts[row] for row in window],) for _, window in windows)
        shared = encoder.name, self.model, batch_size
        for number, vectors in executor.run(encode_texts, shared, chunks, job):
            start = windows[number][0]
            yield np.arange(start, start + len(vectors)), vectors

    # -- the folder -----------------------------------------------------------------------------------------
    def _read(self) -> tuple[Vectors, Hashable, tuple[Rows, Hashes]]:
        """The current vectors, a stamp of their file, and the rows sorted by hash with these hashes."""
        for _ in range(2):
            content = self._open()
            if content is None:
                break
            sorted_hashes = content.sorted_hashes()
            try:
                return content.vectors.read()[: len(sorted_hashes[0])], content.stamp, sorted_hashes
            except DamagedError:  # another process has replaced the files, so they are opened again
                with self._opening:
                    self._content = None
            except OSError as error:
                raise DataError(f"{self.folder}: cannot be read ({describe_os_error(error)}).") from error
        return np.zeros((0, 0), dtype=np.float32), None, (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64))

    def _open(self) -> _Content | None:
        """The stored content, or None if there is none; a damaged folder is set aside."""
        with self._opening:
            if self._content is not None and self._content.stamp != _stamp(self.folder):
                self._content = None
            if self._content is None and self.folder.exists():
                try:
                    try:
                        self._content = _Content.read(self.folder, self.model)
                    except DamagedError:
                        with self._locked():  # while another process writes, it is not damage
                            self._content = self._read_or_set_aside()
                except OSError as error:
                    raise DataError(f"{self.folder}: cannot be read ({describe_os_error(error)}).") from error
            return self._content

    def _read_or_set_aside(self) -> _Content | None:
        """Like :meth:`_open`, for a caller that holds the writer's lock."""
        if not self.folder.exists():
            return None
        try:
            return _Content.read(self.folder, self.model)
        except DamagedError as why:
            aside = set_aside(self.folder)
            reason = str(why).removeprefix(f"{self.folder}{os.sep}").rstrip(".")  # the path is named once
            self.damage = (
                f"The embeddings were damaged ({reason}); they are set aside as {aside} and must be computed again."
            )
            return None

    @property
    def _in_progress(self) -> Path:
        """A marker file that exists from the start of an embedding until it is complete."""
        return self.folder.with_name(f".{self.folder.name}.begun")

    def forget_interruption(self) -> None:
        """Take back that an embedding was begun and not finished: whoever stopped it does not want it continued.

        Raises
        ------
        OSError
            If the mark cannot be removed.
        """
        self._in_progress.unlink(missing_ok=True)

    def _was_interrupted(self) -> bool:
        try:
            if not self._in_progress.exists():
                return False
            with self._locked():
                return True
        except (DataError, OSError):  # another process is embedding
            return False

    @contextlib.contextmanager
    def _writing(self, dim: int, job: Job) -> Iterator[_Content]:
        self._require_dataset()
        make_folder(self.folder.parent)
        with self._locked(job):
            content = self._read_or_set_aside()  # read again, since another process may have added to it
            if content is None:
                content = _Content.create(self.folder, self.model, dim)
            content.repair()
            with self._opening:
                self._content = content
            yield content

    def _require_dataset(self) -> None:
        """Raise DataError if the data set was removed: its folder must not come back with embeddings alone."""
        if not self.folder.parent.parent.is_dir():
            raise DataError(
                f"{self.folder.parent.parent}: the data set was removed, so its embeddings cannot be stored.",
                file=str(self.folder.parent.parent),
            )

    @contextlib.contextmanager
    def _locked(self, job: Job | None = None) -> Iterator[None]:
        """Hold the lock of the writer; with a job, wait for another process that is embedding."""
        path = self.folder.with_name(f".{self.folder.name}.lock")
        on_wait = None if job is None else report_wait(job)
        with locked(
            path, wait=job is not None, purpose="embedding the catalogue", timeout=LONG_WAIT, on_wait=on_wait
        ) as is_held:
            if not is_held:
                raise DataError(
                    f"{self.folder}: another recsys-tui is embedding this catalogue: wait for it to finish, or stop it."
                )
            yield


@dataclass
class _Content:
    """The two arrays of a store, with the hashes in memory."""

    vectors: AppendableArray
    stored_hashes: AppendableArray
    hashes: Hashes
    #: Identifies this folder, so that a replacement by another process is noticed.
    stamp: Hashable
    _sorted: tuple[Rows, Hashes] | None = None

    @classmethod
    def read(cls, folder: Path, model: ModelIdentity) -> _Content:
        """Open and check a folder.

        Raises
        ------
        DamagedError
            If the folder's content is not what was written there.
        RecsysError
            If a newer version of the program wrote the folder.
        """
        stamp = _stamp(folder)
        stored_model, dim = read_manifest(folder)
        if stored_model != model:
            raise DamagedError(f"{MANIFEST} describes another model")
        # The hashes are read first, since a writer that adds rows meanwhile adds the vectors before the hashes.
        hashes = AppendableArray(folder / HASHES)
        vectors = AppendableArray(folder / VECTORS)
        if vectors.dtype != np.float32 or vectors.row_shape != (dim,):
            raise DamagedError(f"{VECTORS} does not have the shape given in {MANIFEST}")
        if hashes.dtype != np.uint64 or hashes.row_shape:
            raise DamagedError(f"{HASHES} does not hold hashes")
        if len(vectors) < len(hashes):
            raise DamagedError(f"{VECTORS} has fewer rows than {HASHES}")
        content = cls(vectors, hashes, np.array(hashes.read()), stamp)
        content.check()
        return content

    @classmethod
    def create(cls, folder: Path, model: ModelIdentity, dim: int) -> _Content:
        """Create an empty store atomically."""
        unfinished = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(unfinished)
        AppendableArray.create(unfinished / VECTORS, np.float32, (dim,))
        AppendableArray.create(unfinished / HASHES, np.uint64)
        write_json(
            unfinished / MANIFEST,
            with_checksum({"schema": SCHEMA_VERSION, "model": asdict(model), "dim": dim, "dtype": "float32"}),
        )
        sync_folder(unfinished)
        unfinished.rename(folder)
        sync_committed(folder.parent)
        return cls.read(folder, model)

    def check(self) -> None:
        """Check that the vectors have unit length; of a large store a sample is checked."""
        vectors = self.vectors.read()[: len(self.hashes)]
        step = max(1, len(vectors) // _CHECKED_ROWS)
        for start in range(0, len(vectors), 4096 * step):
            sample = vectors[start : start + 4096 * step : step]
            if not np.all(is_unit_length(sample)):
                raise DamagedError(f"{VECTORS} has rows that are not of unit length")

    def append(self, vectors: Vectors, hashes: Hashes) -> None:
        """Store a batch, vectors first, so that no hash is ever stored without its vector."""
        self.vectors.append(vectors)
        self.stored_hashes.append(hashes)
        self.hashes, self._sorted = np.concatenate([self.hashes, hashes]), None

    def repair(self) -> None:
        """Discard vectors that a killed writer left without a hash."""
        if len(self.vectors) > len(self.hashes):
            self.vectors.truncate(len(self.hashes))

    def sorted_hashes(self) -> tuple[Rows, Hashes]:
        """The rows sorted by hash, and these hashes."""
        hashes, known = self.hashes, self._sorted
        if known is None or len(known[1]) != len(hashes):
            order = np.argsort(hashes, kind="stable")
            self._sorted = known = order, hashes[order]
        return known


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What the manifest of a store says."""

    model: ModelIdentity
    dim: int
    dtype: Literal["float32"]


def read_manifest(folder: Path) -> tuple[ModelIdentity, int]:
    """The model of a store, and the number of dimensions of its vectors.

    Raises
    ------
    DamagedError
        If there is no manifest, or it is damaged.
    DataError
        If it cannot be read.
    RecsysError
        If a newer version of the program wrote it.
    """
    path = folder / MANIFEST
    try:
        raw = read_json(path, dict[str, Any])
    except MissingError:
        raise DamagedError(f"{MANIFEST} is missing") from None
    schema = raw.get("schema")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise RecsysError(f"{folder}: was written by a newer version of recsys-tui: update recsys-tui.")
    if schema != SCHEMA_VERSION:
        raise DamagedError(f"{MANIFEST} describes another format")
    require_checksum(path, raw)
    manifest = convert_file(path, raw, _Manifest)
    return manifest.model, manifest.dim


def is_unit_length(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Whether each vector is finite and of unit length. A model may encode an empty text as zeros, which is allowed."""
    with np.errstate(all="ignore"):  # damaged rows hold anything
        squares = np.einsum("ij,ij->i", vectors, vectors)
        fits: npt.NDArray[np.bool_] = (np.abs(squares - 1) < 1e-2) | (squares == 0)
    return fits


def _stamp(folder: Path) -> Hashable:
    """An identifier of a store, taken from its manifest, which is written once; None if there is none."""
    try:
        about = os.stat(folder / MANIFEST)
    except OSError:
        return None
    return about.st_dev, about.st_ino, about.st_mtime_ns


def _find_rows(hashes: Hashes, order: Rows | None = None, stored: Hashes | None = None) -> Rows:
    """The row of each hash, or -1 if the hash is not stored."""
    if order is None or stored is None or not len(stored):
        return np.full(hashes.shape, -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(stored, hashes), len(stored) - 1)
    return np.where(stored[place] == hashes, order[place], -1)
