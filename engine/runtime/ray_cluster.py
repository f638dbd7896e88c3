"""Starting a Ray cluster on this machine, and joining one that runs.

Ray runs whatever code reaches it, so a cluster that is started here listens on the loopback interface only, asks every
connection for a random token, and has no dashboard. A cluster that is joined is asked for a token, too, unless
``RAY_AUTH_MODE`` says otherwise; see SECURITY.md.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from engine.errors import ErrorKind, RecsysError, missing_package
from engine.runtime.job import Job, Progress
from engine.runtime.memory import available
from engine.runtime.thread_pool import usable_cores

#: The most bytes of the object store of a cluster that is started here, and their share of the free memory.
_MOST_STORED, _SHARE_STORED = 4 << 30, 0.2
#: The fewest bytes that Ray accepts.
_LEAST_STORED = 80 << 20
#: Set before Ray is imported, it has Ray use the loopback interface.
_NETWORK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
_LOOPBACK = ("127.", "localhost", "[::1]")

#: The seconds in which a cluster that is joined must answer.
_PATIENCE = 60.0
#: The seconds in which the machine of a cluster must accept a connection.
_CONNECTING = 10.0

_lock = threading.Lock()
_connected: str | None = None
_attempt: _Attempt | None = None


def connect(where: str, job: Job | None = None) -> Any:
    """Connect this process to a cluster, once.

    Parameters
    ----------
    where
        See :func:`engine.runtime.executor.make_executor`.
    job
        The job that needs the cluster; when it is cancelled, it no longer waits.

    Returns
    -------
    module
        Ray.

    Raises
    ------
    RecsysError
        If Ray is not installed, or the cluster cannot be reached or does not answer, or this process belongs to another
        one.
    """
    global _connected, _attempt
    with _lock:
        ray = _import_ray(where)
        if ray.is_initialized() and _connected in (None, where):
            return ray  # the caller of this library has connected already, or we have
        if _connected is not None and ray.is_initialized():
            raise RecsysError(f"This process belongs to the Ray cluster {_connected!r}, and cannot join {where!r}.")
        if _attempt is None or _attempt.ended.is_set():
            _attempt = _Attempt(ray, where)
        elif _attempt.where != where:
            raise RecsysError(f"This process still tries to reach the Ray cluster {_attempt.where!r}, not {where!r}.")
        attempt = _attempt
    attempt.wait(job or Job())  # without the lock, so that each job that waits can be stopped
    _connected = where
    return ray


class _Attempt:
    """Starting or joining a cluster, in a thread of its own.

    Linux ends Ray's processes together with the thread that started them, so it lives as long as this process. Ray
    may try for a quarter of an hour, and cannot be told to stop.
    """

    def __init__(self, ray: Any, where: str) -> None:
        self.where, self.ended = where, threading.Event()
        self._ray = ray
        self._failure: BaseException | None = None
        self._attempting = "starting Ray" if where == "ray" else "joining the Ray cluster"
        threading.Thread(target=self._start, name="ray", daemon=True).start()

    def wait(self, job: Job) -> None:
        """Wait until the cluster answers; raises RecsysError if it does not."""
        job.report(Progress(self._attempting))
        until = time.monotonic() + _PATIENCE
        while not self.ended.wait(0.1):
            job.checkpoint()
            if self.where != "ray" and time.monotonic() > until:
                raise _unreachable(self.where, f"it did not answer within {_PATIENCE:.0f} seconds")
        if self._failure is not None:
            raise _unreachable(self.where, _words_of(self._failure)) from self._failure

    def _start(self) -> None:
        try:
            _require_listening(self.where)
            _start(self._ray, self.where)
        except BaseException as error:
            self._failure = error
        finally:
            self.ended.set()
        if self._failure is None:
            threading.Event().wait()


def _require_listening(where: str) -> None:
    """Raise ConnectionError if nothing accepts connections at the address of a cluster; Ray would try for minutes."""
    address = os.environ.get("RAY_ADDRESS", "") if where == "auto" else where
    parts = urlsplit(address if "://" in address else f"ray://{address}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    if parts.scheme != "ray" or host is None or port is None:
        return
    try:
        socket.create_connection((host, port), _CONNECTING).close()
    except OSError as error:
        raise ConnectionError(f"{host}:{port}: {error.strerror or error}") from error


def _import_ray(where: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    address = os.environ.get("RAY_ADDRESS", "")
    if where == "ray" or (where == "auto" and address.startswith(_LOOPBACK)):
        os.environ.setdefault(_NETWORK, "0")
    if where == "ray" and os.environ["RAY_AUTH_MODE"] == "token":
        # A token of the environment: Ray would write one into the home folder, where it stays.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray
    except ImportError as error:
        raise missing_package("Computing on a cluster needs", "ray") from error
    return ray


def _start(ray: Any, where: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if where == "ray":
        stored = int(min(_MOST_STORED, max(_LEAST_STORED, _SHARE_STORED * (available() or 0))))
        cores = usable_cores()
        ray.init("local", num_cpus=cores, include_dashboard=False, object_store_memory=stored, **quiet)
    else:
        ray.init(where, **quiet)


def _words_of(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _unreachable(where: str, why: str) -> RecsysError:
    action = "be started" if where == "ray" else "be reached"
    return RecsysError(f"The Ray cluster {where!r} cannot {action} ({why}).", kind=ErrorKind.CLUSTER_FAILED, name=where)


@contextmanager
def reachable(where: str) -> Iterator[None]:
    """Turn the errors of Ray into sentences about the cluster ``where``; those of the work are raised as they are."""
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError as error:
        cause = error.cause if isinstance(error.cause, Exception) else error
        if isinstance(cause, ModuleNotFoundError):
            raise _failed(where, f"a machine lacks the package {cause.name}") from error
        raise cause from error
    except (RayError, ConnectionError) as error:
        raise _failed(where, _words_of(error)) from error


def _failed(where: str, why: str) -> RecsysError:
    return RecsysError(
        f"The Ray cluster {where!r} cannot do the work ({why}).", kind=ErrorKind.CLUSTER_FAILED, name=where
    )
