"""Tests of clusters that cannot be joined: the program says so soon, or no longer waits when it is asked to stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from engine.errors import RecsysError
from engine.runtime.ray_cluster import connect

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra `cluster` is not installed")

#: Ray goes on trying in a thread that cannot be stopped, so this is a process of its own.
WAITING = """
from engine.errors import CancelledError, RecsysError
from engine.runtime import ray_cluster
from engine.runtime.job import Job

job = Job()
job.cancel()
try:
    ray_cluster.connect("auto", job)
except CancelledError:
    print("stopped")
ray_cluster._PATIENCE = 0
for where in "auto", "ray":
    try:
        ray_cluster.connect(where)
    except RecsysError as error:
        print(error)
"""


@pytest.fixture
def address() -> Iterator[tuple[str, socket.socket]]:
    """The address of a port of this machine that nothing listens to yet."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{server.getsockname()[1]}", server


def test_an_address_at_which_nothing_listens_is_refused_at_once(
    address: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address[0])
    for where in "auto", f"ray://{address[0]}":
        with pytest.raises(RecsysError, match=rf"The Ray cluster '{where}' cannot be reached \({address[0]}: Conn"):
            connect(where)
    monkeypatch.setenv("RAY_ADDRESS", f"ray://{address[0]}")
    with pytest.raises(RecsysError, match="cannot be reached"):
        connect("auto")


def test_an_address_that_does_not_answer_is_left(address: tuple[str, socket.socket]) -> None:
    where, server = address
    server.listen()
    done = subprocess.run(
        [sys.executable, "-c", WAITING],
        env={**os.environ, "RAY_ADDRESS": where, "RAY_AUTH_TOKEN": "0" * 32},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [
        "stopped",
        "The Ray cluster 'auto' cannot be reached (it did not answer within 0 seconds).",
        "This process still tries to reach the Ray cluster 'auto', not 'ray'.",
    ]
