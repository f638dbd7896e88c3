"""Executors: one function is applied to many chunks of work, on this machine or on a cluster.

A piece of work is a function of a module, so that another process can import it. It is called as
``work(job, *shared, *chunk)``. What all chunks share is given once, by :meth:`Executor.share`, and reaches each machine
once. Tensors may arrive as read-only arrays, so work that takes either calls :func:`torch.as_tensor`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from engine.errors import OptionError
from engine.runtime.group import Group
from engine.runtime.job import Job
from engine.runtime.storage import Storage

R = TypeVar("R")

#: What computes unless another executor is asked for.
LOCAL: Final = "local"
#: The names of executors that are no address.
EXECUTORS: Final = (LOCAL, "ray", "auto")
_CLIENT: Final = "ray://"
#: The most chunks that are worked on at the same time in this process. Each takes memory, for whose bandwidth more of
#: them would wait.
MOST_THREADS: Final = 16


class Executor(Protocol):
    """Applies functions to chunks."""

    @property
    def slots(self) -> int:
        """The number of chunks that are worked on at the same time."""
        ...

    def portions(self, pieces: int) -> Iterator[range]:
        """Divide small pieces of work into chunks that are worth sending.

        Parameters
        ----------
        pieces
            The number of pieces, all of about the same size.

        Yields
        ------
        range
            The pieces of each chunk.
        """
        ...

    def share(self, value: Any) -> Any:
        """Prepare an argument that many chunks have in common.

        Parameters
        ----------
        value
            An array, a tensor, or a plain object that can be pickled. It must not be changed any more.

        Returns
        -------
        object
            What stands for the value in ``shared`` and in the chunks of :meth:`run`.
        """
        ...

    def run(
        self, work: Callable[..., R], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, R], None, None]:
        """Apply a function to each chunk.

        Parameters
        ----------
        work
            A function of a module, called as ``work(job, *shared, *chunk)``. It must give the same result when it is
            called again, since a chunk whose machine dies is worked on once more.
        shared
            Arguments that all chunks have in common.
        chunks
            The further arguments of each chunk. They are asked for as they are needed.
        job
            May pause and cancel the work.

        Yields
        ------
        number, result
            The number of a chunk and its result, in the order in which the results arrive.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        RecsysError
            What the function raises, and if the machines cannot be reached.
        """
        ...


@runtime_checkable
class FormsGroups(Executor, Protocol):
    """An executor that can form groups, which take what it shares, too."""

    def group(self, gpus: bool) -> Group:
        """Plan a group of a size that suits the machines.

        Parameters
        ----------
        gpus
            Whether to have a member for each GPU, if the machines have any.

        Raises
        ------
        RecsysError
            If the machines cannot be reached.
        """
        ...


class LocalExecutor:
    """Works on one chunk after the other, in the calling thread."""

    @property
    def slots(self) -> int:
        """One chunk at a time; see :attr:`Executor.slots`."""
        return 1

    def portions(self, pieces: int) -> Iterator[range]:
        """Give each piece by itself, so that the work can be stopped between any two; see :meth:`Executor.portions`."""
        return (range(piece, piece + 1) for piece in range(pieces))

    def share(self, value: Any) -> Any:
        """Give the value itself; see :meth:`Executor.share`."""
        return value

    def run(
        self, work: Callable[..., R], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, R], None, None]:
        """Apply a function to each chunk, in their order; see :meth:`Executor.run`."""
        for number, chunk in enumerate(chunks):
            job.checkpoint()
            yield number, work(job, *shared, *chunk)


def in_order(results: Generator[tuple[int, R], None, None]) -> Generator[R, None, None]:
    """The results of :meth:`Executor.run` in the order of their chunks; those that are early are kept until then.

    Closing it gives up what is not computed yet.
    """
    early: dict[int, R] = {}
    wanted = 0
    with closing(results):
        for number, result in results:
            early[number] = result
            while wanted in early:
                yield early.pop(wanted)
                wanted += 1


def as_tensor(result: Any, device: Any) -> Any:
    """A tensor of a chunk's result, on a device of torch. One that comes from elsewhere is an array until then."""
    import torch

    # An array is copied, since one from elsewhere cannot be written to, which torch warns of.
    return result if isinstance(result, torch.Tensor) else torch.tensor(result, device=device)


def make_executor(where: str, storage: Callable[[], Storage] | None = None, job: Job | None = None) -> Executor:
    """The executor of a name or an address.

    Parameters
    ----------
    where
        ``"local"`` for this process; ``"ray"`` for a Ray cluster that is started on this machine, and ends with this
        process; ``"auto"`` for the Ray cluster that runs on this machine or that the environment names;
        ``"ray://HOST:PORT"`` for one elsewhere.
    storage
        Opens the place in which a cluster shares large values; without it they are sent to its machines.
    job
        The job that needs it; when it is cancelled, it does not wait for a cluster any longer.

    Raises
    ------
    OptionError
        If it is none of these.
    RecsysError
        If Ray is not installed, the cluster cannot be reached, or nothing can be stored in the place.
    """
    require_executor(where)
    if where == LOCAL:
        return LocalExecutor()
    from engine.runtime.ray_executor import RayExecutor

    return RayExecutor(where, None if storage is None else storage(), job)


def require_executor(where: str) -> None:
    """Raise OptionError unless a text is the name of an executor, or an address of a cluster."""
    if where in EXECUTORS:
        return
    host, _, port = where.removeprefix(_CLIENT).rpartition(":")
    if where.startswith(_CLIENT) and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
        return
    raise OptionError(
        f"{where!r} is no place to compute; possible are {', '.join(EXECUTORS)} and ray://HOST:PORT.",
        name=where,
        choices=EXECUTORS,
    )
