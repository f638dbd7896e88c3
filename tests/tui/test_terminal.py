"""How the app ends and pauses, in a real pseudo-terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.tui.in_terminal import APP, Terminal
from tui.driver import Output
from tui.log import log_path

OPENED = "The Movies Dataset"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=lambda one: str(one)
)
def test_a_signal_ends_the_app_and_restores_the_terminal(home, number, status):
    with Terminal() as terminal:
        terminal.shows(OPENED)
        terminal.process.send_signal(number)
        assert terminal.ends() == status
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output
    assert f"ended by the signal {signal.Signals(number).name}" in log_path().read_text()


def test_a_signal_ends_the_app_also_while_it_trains(home):
    with Terminal((*APP, "train")) as terminal:
        terminal.shows("raining sequence")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.ends() == 143
        assert terminal.is_restored()


def test_a_signal_ends_the_app_while_it_asks_whether_to_quit(home):
    with Terminal((*APP, "train")) as terminal:
        terminal.shows("raining sequence")
        terminal.type(b"\x11")
        terminal.shows("Quit while a job runs?")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.ends() == 143
        assert terminal.is_restored()


def test_a_terminal_that_is_closed_ends_the_app(home):
    """The session's leader gets SIGHUP, as behind an ssh connection that broke."""
    with Terminal() as terminal:
        terminal.shows(OPENED)
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process.wait(60) == 129


def test_a_closed_terminal_ends_the_app_also_where_the_signal_is_ignored(home):
    with Terminal(("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *APP)) as terminal:
        terminal.shows(OPENED)
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process.wait(60) == 129


@pytest.mark.parametrize(
    ("redirected", "named"), [("< /dev/null", "input"), ("> /dev/null", "output"), ("2> err.txt", "error output")]
)
def test_without_a_terminal_one_sentence_is_said(home, tmp_path, redirected, named):
    with Terminal(("sh", "-c", f"cd {tmp_path}; {sys.executable} -m tui.cli {redirected}")) as terminal:
        assert terminal.ends() == 1
        said = terminal.output.decode()
    if (tmp_path / "err.txt").exists():
        said = (tmp_path / "err.txt").read_text()
    assert f"its {named} is not one" in said
    assert said.count("\n") == 1
    assert len(said) < 400


def test_without_any_terminal_one_sentence_is_said(home):
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_a_terminal_that_cannot_place_text_is_refused(home):
    with Terminal(("env", "TERM=dumb", sys.executable, "-m", "tui.cli")) as terminal:
        assert terminal.ends() == 1
        assert b"'dumb'" in terminal.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash, whose job control is needed")
def test_the_app_is_suspended_and_comes_back_whole(home, monkeypatch):
    monkeypatch.setenv("PYTHON", APP[0])
    monkeypatch.setenv("PROGRAM", APP[2])
    with Terminal(("bash", "--norc", "--noprofile", "-i")) as shell:
        shell.shows("$ ")
        shell.type(b'"$PYTHON" -c "$PROGRAM"\n')
        shell.shows(OPENED)
        shell.type(b"heat")
        shell.shows("heat")
        shell.type(b"\x1a")
        shell.shows("Stopped")
        assert b"\x1b[?1049h" not in shell.output
        shell.shows("$ ")
        shell.type(b"echo silent: $(stty -a | grep -c -e ' -echo ')\n")
        shell.shows("silent: 0")
        shell.type(b"fg\n")
        shell.shows("\x1b[?1049h")
        shell.shows(OPENED)
        shell.shows("heat")
        shell.type(b"\x11")
        shell.shows("\x1b[?1049l")
        shell.type(b"echo ended $?\n")
        shell.shows("ended 0")


def test_suspending_is_refused_where_nothing_could_bring_the_app_back(home):
    with Terminal() as terminal:
        terminal.shows(OPENED)
        terminal.type(b"\x1a")
        terminal.shows("There is no shell here")
        terminal.type(b"\x11")
        assert terminal.ends() == 0


def test_quitting_asks_once_while_a_job_runs(home):
    with Terminal((*APP, "train")) as terminal:
        terminal.shows("raining sequence")
        terminal.type(b"\x11")
        terminal.shows("Quit while a job runs?")
        terminal.type(b"\x11")
        assert terminal.ends() == 0
        assert terminal.is_restored()


class Broken:
    """A file that fails so many times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)

    def flush(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


def test_what_is_written_to_a_terminal_that_is_gone_is_dropped_and_said_once():
    gone = []
    output = Output(Broken(OSError(5, "Input/output error"), OSError(5, "")), lambda: gone.append(1))
    for _ in range(3):
        output.write("x")
        output.flush()
    assert gone == [1]


def test_a_terminal_that_is_full_is_waited_for():
    file = Broken(BlockingIOError(), BlockingIOError())
    output = Output(file, lambda: pytest.fail("it is not gone"))
    output.write("x")
    output.flush()
    assert file.written == ["x"]
    assert not file.errors
