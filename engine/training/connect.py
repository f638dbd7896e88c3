"""Connecting the ranks of a distributed training by ``torch.distributed``: gloo between processors, NCCL between GPUs.

The ranks find each other by the store of their group, which the cluster protects by its token, so that none of them
listens for others as ``torch.distributed`` usually does. They exchange gradients over the network that the cluster
itself uses, which is the loopback interface where the cluster is of one machine.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import time
from collections.abc import Sequence
from datetime import timedelta

import torch
import torch.distributed
from torch.distributed import Store  # type: ignore[attr-defined]

from engine.runtime.group import Member, MembersLostError, Rendezvous
from engine.training.collective import Collective

_log = logging.getLogger(__name__)

#: The time that a rank waits for the others: in a step, and while they start.
_PATIENCE = timedelta(minutes=2)
#: The seconds between two looks into the store.
_LOOK_AGAIN = 0.01
#: The loopback interface of Linux and of macOS.
_LOOPBACK = ("lo", "lo0")
#: Linux' request for the address of an interface (``SIOCGIFADDR``).
_ADDRESS_OF = 0x8915


def connect(member: Member) -> Collective:
    """Connect this process to the other members of its group.

    Raises
    ------
    MembersLostError
        If the others cannot be reached.
    """
    if member.size == 1:
        return Collective()
    if (interface := _interface(member.address)) is not None:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    try:
        torch.distributed.init_process_group(
            "nccl" if member.gpu else "gloo",
            store=_GroupStore(member.rendezvous),
            rank=member.rank,
            world_size=member.size,
            timeout=_PATIENCE,
        )
    except RuntimeError as error:
        _log.warning("the ranks cannot connect: %s", " ".join(str(error).split()[:40]))
        raise MembersLostError("The processes of the training cannot reach each other.") from error
    return Collective(member.rank, member.size)


class _GroupStore(Store):
    """The store of a group as ``torch.distributed`` expects one."""

    def __init__(self, rendezvous: Rendezvous) -> None:
        super().__init__()
        self._rendezvous = rendezvous

    def set(self, key: str, value: str | bytes) -> None:
        self._rendezvous.set(key, value.encode() if isinstance(value, str) else bytes(value))

    def get(self, key: str) -> bytes:
        self.wait([key])
        return self._rendezvous.get(key) or b""

    def add(self, key: str, number: int) -> int:
        return self._rendezvous.add(key, number)

    def check(self, keys: Sequence[str]) -> bool:
        return all(self._rendezvous.get(key) is not None for key in keys)

    def wait(self, keys: Sequence[str], patience: timedelta = _PATIENCE) -> None:
        until = time.monotonic() + patience.total_seconds()
        while not self.check(keys):
            if time.monotonic() > until:
                raise RuntimeError(f"no other rank has written {', '.join(keys)}")
            time.sleep(_LOOK_AGAIN)


def _interface(address: str) -> str | None:
    """The name of the network interface with an address; None where the system does not tell."""
    if address.startswith("127."):
        return next((name for _, name in socket.if_nameindex() if name in _LOOPBACK), None)
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for _, name in socket.if_nameindex():
                try:
                    answer = fcntl.ioctl(asking.fileno(), _ADDRESS_OF, struct.pack("256s", name.encode()[:15]))
                except OSError:  # it has no address
                    continue
                if socket.inet_ntoa(answer[20:24]) == address:
                    return name
    except (ImportError, OSError):
        pass
    return None
