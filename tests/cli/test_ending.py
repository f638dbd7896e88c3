"""Commands that are asked to end keep what they have, and leave the terminal as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from engine.session.datasets import open_workspace
from engine.storage.lock import locked
from tui.cli import main

#: A training that lasts until it is asked to end.
LONG = ("train", "explicit", "-d", "demo", "--set", "n_iter=5000")
RENAME = ("datasets", "rename", "demo", "films")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    assert main(["datasets", "add", "demo"]) == 0
    return tmp_path / "home"


def started(*words: str) -> subprocess.Popen[str]:
    """A command in a process of its own, whose reports can be read."""
    return subprocess.Popen(
        [sys.executable, "-m", "tui.entry", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_training_that_is_asked_to_end_is_kept(home: Path, name: str) -> None:
    with started(*LONG) as process:
        assert process.stderr is not None
        assert any(line.startswith("training") for line in process.stderr)
        process.send_signal(getattr(signal, name))
        said = process.stderr.read()
    assert process.returncode == 128 + getattr(signal, name)
    assert "Traceback" not in said
    assert "--resume" in said


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no terminals that hang up")
def test_a_command_that_ignores_hanging_up_goes_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["datasets", "list"]) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_put_back(home: Path) -> None:
    numbers = [one for one in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)) if one is not None]
    before = [signal.getsignal(one) for one in numbers]
    assert main(["datasets", "list"]) == 0
    assert [signal.getsignal(one) for one in numbers] == before


def test_a_command_says_for_whom_it_waits(home: Path) -> None:
    with locked(open_workspace().folder / ".lock", purpose="adding films"), started(*RENAME) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if "Waiting" in line)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == "Interrupted."
    assert f"process {os.getpid()}, adding films" in said
    assert process.returncode == 130


def test_an_interrupt_before_the_program_is_imported_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tui import cli, entry

    def interrupted() -> int:
        raise KeyboardInterrupt

    def end(status: int) -> NoReturn:
        raise SystemExit(status)

    monkeypatch.setattr(cli, "main", interrupted)
    monkeypatch.setattr(entry, "_end", end)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_training_whose_terminal_is_closed_is_kept(home: Path) -> None:
    import pty

    pid, terminal = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-m", "tui.entry", *LONG])
    seen = b""
    while b"training explicit" not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert (home / "data/datasets/demo/training/explicit").exists()


def test_what_a_library_does_while_it_is_taken_apart_changes_nothing(tmp_path: Path) -> None:
    late = (
        "import atexit, os, sys\n"
        "class Late:\n"
        "    def __del__(self, abort=os.abort):\n"
        "        abort()\n"
        "late = Late()\n"
        "atexit.register(print, 'an exit function', file=sys.stderr)\n"
        "sys.argv = ['recsys-tui', '--version']\n"
        "from tui.entry import main\n"
        "main()\n"
    )
    environment = {**os.environ, "RECSYS_TUI_HOME": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 0
    assert ended.stdout.startswith("recsys-tui ")
    assert ended.stderr == "an exit function\n"
