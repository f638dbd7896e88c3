"""Groups: several processes that work together, each of which keeps what it has made from one call to the next.

The chunks of an :class:`engine.runtime.executor.Executor` know nothing of each other. The members of a group do: each
has a rank, and they can connect by what they write into a common store. If one is lost, so is the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from engine.errors import ErrorKind, RecsysError
from engine.runtime.job import Job


class MembersLostError(RecsysError):
    """A member of a group died, or the others cannot reach it."""

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message, kind=ErrorKind.CLUSTER_FAILED, **facts)


class Rendezvous(Protocol):
    """A store of bytes by name that all members of a group can reach."""

    def set(self, key: str, value: bytes) -> None:
        """Store a value."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return a value; None if there is none yet."""
        ...

    def add(self, key: str, number: int) -> int:
        """Add to the number that a key stands for, and return the sum. A new key stands for 0."""
        ...


@dataclass
class Member:
    """A member of a group, as its work sees it.

    Attributes
    ----------
    rank, size
        The number of the member, from 0, and the number of all members.
    threads
        The number of cores that are its own.
    gpu
        Whether it has a CUDA device of its own, which is then the only one that it sees.
    address
        The network address of its machine, by which the other machines reach it.
    rendezvous
        The store by which the members find each other.
    kept
        What its work keeps for the next call.
    """

    rank: int
    size: int
    threads: int
    gpu: bool
    address: str
    rendezvous: Rendezvous
    kept: dict[str, Any] = field(default_factory=dict)


class Group(Protocol):
    """Several processes that work together. It begins with ``with``, at whose end its processes end."""

    @property
    def size(self) -> int:
        """The number of members."""
        ...

    @property
    def machines(self) -> int:
        """The number of machines that they are on."""
        ...

    @property
    def gpus(self) -> bool:
        """Whether each member has a GPU of its own."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def start(self, job: Job) -> None:
        """Start the processes.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        RecsysError
            If the machines cannot be reached.
        """
        ...

    def run(
        self, work: Callable[..., Any], arguments: Sequence[Any], job: Job, patience: float | None = None
    ) -> list[Any]:
        """Have each member do the same work.

        Parameters
        ----------
        work
            A function of a module, called as ``work(job, member, *arguments)``.
        arguments
            The further arguments, the same for all members.
        job
            May pause and cancel the wait for the results. The members then finish their work.
        patience
            The seconds after which a group without results counts as lost; None waits.

        Returns
        -------
        list
            The results in the order of the ranks.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        MembersLostError
            If a member died.
        RecsysError
            What the function raises, and if the machines cannot be reached.
        """
        ...
