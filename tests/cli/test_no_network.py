"""No socket unless asked: no command and nothing in the app connects anywhere or looks up a name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

#: Imported by every Python that is started with it in its path: notes each attempt, and lets it fail.
GUARD = """
import os
import sys

def guard(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind") and len(arguments) > 1:
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a socket of this machine's file system
    elif event not in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        return
    with open(os.environ["GUARD_LOG"], "a") as log:
        log.write(f"{event} {arguments[1:]} {sys.argv}\\n")
    raise ConnectionRefusedError(event)

sys.addaudithook(guard)
"""
COMMANDS = """
import sys
from tui.cli import main

lines = [line.split() for line in sys.stdin.read().splitlines()]
print(*[(words[0], main(words)) for words in lines], file=sys.stderr)
"""
LINES = """
--version
paths --json
datasets list
datasets add demo
datasets info demo
models list -d demo
search a heist -d demo
search --like alien-1979 -d demo
search a heist -d demo --mode keyword --json
train popular -d demo
train markov -d demo
recommend scifi-70s-03 -d demo
next alien -d demo
evaluate popular baseline -d demo
tune baseline -d demo --trials 1
export recommendations -d demo --out lists.csv
export embeddings -d demo --out vectors.npy
datasets add films --ratings ratings.csv
datasets remove films
"""


@pytest.fixture
def guarded(tmp_path: Path, home: Path) -> dict[str, str]:
    """The environment of a program whose network is guarded."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    (tmp_path / "ratings.csv").write_text("user,item,rating\n1,2,3\n1,3,4\n2,3,5\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "guard"), str(REPOSITORY)])}
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        environment.pop(name, None)  # a person has not set them
    return {**environment, "GUARD_LOG": str(tmp_path / "attempts.txt"), "TERM": "xterm-256color"}


def attempts(environment: dict[str, str]) -> str:
    log = Path(environment["GUARD_LOG"])
    return log.read_text() if log.exists() else ""


def test_the_guard_notices(guarded: dict[str, str]) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')"
    done = subprocess.run([sys.executable, "-c", code], env=guarded, capture_output=True, check=False)
    assert done.returncode
    assert "socket." in attempts(guarded)


@pytest.mark.slow
def test_no_command_opens_a_socket(guarded: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        input=LINES.strip(),
        env=guarded,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    statuses = done.stderr.splitlines()[-1]
    assert statuses.count(", 0)") == len(LINES.split("\n")) - 2, done.stderr
    assert attempts(guarded) == ""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_the_app_opens_no_socket(guarded: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.tui.in_terminal import Terminal

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name)
    for name, value in guarded.items():
        monkeypatch.setenv(name, value)
    with Terminal((sys.executable, "-m", "tui.cli", "-d", "demo", "--device", "cpu")) as terminal:
        terminal.shows("ready")
        terminal.type(b"heist")
        terminal.shows("Results")
        terminal.type(b"\x1bOR")  # F3
        terminal.shows("users")
        terminal.type(b"\x1bOS")  # F4
        terminal.shows("Watched")
        terminal.type(b"\x11")
        terminal.type(b"y")
        assert terminal.ends() == 0
    assert attempts(guarded) == ""
