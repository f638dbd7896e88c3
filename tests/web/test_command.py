"""The serve command: what it refuses, and what it says."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from tui.cli import main

served = pytest.mark.skipif(find_spec("textual_serve") is None, reason="the extra serve is not installed")


def test_without_the_extra_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [one for one in sys.modules if one.startswith("tui.web.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert 'pip install "recsys-tui[serve]"' in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--token", "short"), 1, "too easy to guess"),
        (("--token", "x" * 15 + "\u00e9"), 1, "too easy to guess"),
        (("--public-url", "films.example.org"), 2, "must begin with http:// or https://"),
        (("--port", "65536"), 2, "65536"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    options: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *options]) == status
    assert said in capsys.readouterr().err


@served
def test_a_port_that_is_taken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    said = capsys.readouterr().err
    assert "choose another --port" in said
    assert said.count("\n") == 1


@served
@pytest.mark.parametrize(("host", "has_token"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_opened_wider_than_this_machine_it_makes_a_token(host: str, has_token: bool) -> None:
    command = [sys.executable, "-m", "tui.cli", "serve", "--host", host, "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        document = json.loads(server.stdout.readline())
        server.terminate()
        rest, said = server.communicate()
    assert (server.returncode, rest) == (0, "")
    assert (document["token"] is not None) is has_token
    assert document["url"].startswith(f"http://127.0.0.1:{document['port']}/")
    assert ("token=" in document["url"]) is has_token
    assert ("--with-token" in said) is not has_token
    assert ("not encrypted" in said) is has_token


@served
def test_the_app_gets_the_options_before_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.web import server

    commands: list[str] = []

    class Noted(server.WebServer):
        def __init__(self, command: str, *arguments: Any) -> None:
            commands.append(command)
            super().__init__(command, *arguments)

        async def run(self, started: object) -> None:
            pass

    monkeypatch.setattr(server, "WebServer", Noted)
    assert main(["--index", "a store", "--storage", "s3://b/p", "--on", "auto", "--fresh", "serve", "-d", "demo"]) == 0
    assert "'a store'" in commands[0]
    assert " -P -m tui.cli " in commands[0]
    assert commands[0].endswith("--storage s3://b/p --on auto --fresh")
    assert "--dataset demo" in commands[0]
