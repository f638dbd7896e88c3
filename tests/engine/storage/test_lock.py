"""Locks between processes: who holds one is said, waiting ends, and a dead holder holds nothing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import BusyError, CancelledError, DataError, ErrorKind
from engine.runtime.job import Job, Progress
from engine.storage import lock
from engine.storage.lock import Holder, locked, report_wait

HOLD = """
import sys
from pathlib import Path
from engine.storage.lock import locked
with locked(Path(sys.argv[1]), purpose="embedding films"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "writer.lock"


@pytest.fixture
def other(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_one_at_a_time(path: Path) -> None:
    with locked(path) as held:
        assert held
        with locked(path, wait=False) as held_twice:
            assert not held_twice
    with locked(path, wait=False) as held_again:
        assert held_again


def test_whoever_waits_is_told_for_whom_and_since_when(path: Path, other: subprocess.Popen[str]) -> None:
    told: list[Holder] = []

    def on_wait(holder: Holder) -> None:
        told.append(holder)
        assert other.stdin is not None
        other.stdin.close()  # the other one ends

    with locked(path, on_wait=on_wait) as held:
        assert held
    assert (told[0].pid, told[0].purpose) == (other.pid, "embedding films")
    assert f"process {other.pid}, embedding films since " in told[0].describe()


def test_waiting_ends_with_a_sentence(path: Path, other: subprocess.Popen[str]) -> None:
    with pytest.raises(BusyError, match="is still at work after 0 seconds") as raised, locked(path, timeout=0):
        pass
    assert raised.value.kind is ErrorKind.BUSY
    assert (raised.value.pid, raised.value.purpose) == (other.pid, "embedding films")
    assert len(str(raised.value)) < 400


def test_waiting_obeys_a_cancel(path: Path, other: subprocess.Popen[str]) -> None:
    reports: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        reports.append(progress)
        job.cancel()

    job = Job(on_progress)
    with pytest.raises(CancelledError), locked(path, on_wait=report_wait(job)):
        pass
    assert reports[0].stage.startswith(f"waiting for process {other.pid}, embedding films since ")


def test_waiting_obeys_an_interrupt(path: Path, other: subprocess.Popen[str]) -> None:
    code = f"""
import sys
from pathlib import Path
from engine.storage.lock import locked
def on_wait(holder): print("waiting", flush=True)
try:
    with locked(Path({str(path)!r}), on_wait=on_wait): pass
except KeyboardInterrupt:
    print("interrupted")
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == "waiting\n"
        waiting.send_signal(signal.SIGINT)
        assert waiting.stdout.read().endswith("interrupted\n")


def test_a_killed_holder_holds_nothing(path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    assert b"embedding films" in path.read_bytes()  # its name is still there, and must not matter
    with locked(path, wait=False) as held:
        assert held


def test_nothing_is_said_of_a_holder_that_is_done(path: Path) -> None:
    with locked(path, purpose="x"):
        assert b'"purpose": "x"' in path.read_bytes()
    assert path.read_bytes() == b""


@pytest.mark.parametrize("content", [b"", b"[" * 50_000, b"[]", b'{"pid": "x"}', b"\xff", b'{"pid": 1, "host": 2}'])
def test_a_spoilt_name_is_an_unknown_holder(path: Path, other: subprocess.Popen[str], content: bytes) -> None:
    path.write_bytes(content)
    told: list[Holder] = []
    with pytest.raises(BusyError, match="another process is still"), locked(path, timeout=0, on_wait=told.append):
        pass
    assert told == [Holder()]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"), locked(tmp_path / "file" / "x.lock"):
        pass


def test_an_error_in_the_block_is_no_error_of_the_lock(path: Path) -> None:
    with pytest.raises(OSError, match="own"), locked(path):
        raise OSError("its own")
    with locked(path, wait=False) as held:
        assert held


class TestWithoutLocks:
    """A file system that has no locks, such as some network ones."""

    @pytest.fixture(autouse=True)
    def no_locks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fcntl = pytest.importorskip("fcntl")

        def flock(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", flock)

    def claim(self, path: Path, holder: Holder | None, age: float = 0.0) -> Path:
        claim = path.with_name(f"{path.name}.holder")
        claim.parent.mkdir(parents=True, exist_ok=True)
        claim.write_bytes(b"" if holder is None else lock._encoded(holder))
        os.utime(claim, (time.time() - age, time.time() - age))
        return claim

    def test_one_at_a_time(self, path: Path) -> None:
        with locked(path, purpose="x") as held:
            assert held
            with locked(path, wait=False) as held_twice:
                assert not held_twice
        assert [one.name for one in path.parent.iterdir()] == ["writer.lock"]

    def test_threads_take_turns(self, path: Path) -> None:
        inside, most = [0], [0]

        def enter() -> None:
            for _ in range(20):
                with locked(path):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    inside[0] -= 1

        threads = [threading.Thread(target=enter) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == [1]

    def test_a_dead_holder_holds_nothing(self, path: Path) -> None:
        done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
        self.claim(path, Holder(int(done.stdout), lock.platform.node(), "", "x"))
        with locked(path, wait=False) as held:
            assert held

    def test_a_holder_that_never_wrote_its_name_holds_nothing_for_long(self, path: Path) -> None:
        self.claim(path, None, age=2)
        with locked(path, wait=False) as held:
            assert held

    def test_a_holder_on_another_machine_is_believed_for_a_day(self, path: Path) -> None:
        self.claim(path, Holder(1, "elsewhere", lock._now(), "training als"), age=3600)
        with pytest.raises(BusyError, match="process 1 on elsewhere, training als"), locked(path, timeout=0):
            pass
        self.claim(path, Holder(1, "elsewhere", lock._now(), "training als"), age=2 * 24 * 3600)
        with locked(path, wait=False) as held:
            assert held
