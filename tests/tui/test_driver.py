"""Esc in a real pseudo-terminal: read by itself, and not torn out of a longer key."""

from __future__ import annotations

import os
import select
import sys
import threading

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has a driver of its own", allow_module_level=True)

from tui.driver import PromptDriver


class Reader(PromptDriver):
    """The reading half alone, over a pipe."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self.exit_event = threading.Event()
        self._debug = False
        self.keys: list[str] = []

    def terminal_gone(self) -> None:
        self.keys.append("gone")

    def process_message(self, message) -> None:
        self.keys.append(message.key)


def taken(source: int) -> None:
    """Wait until the reader has taken what was written, so that pieces come to it as pieces."""
    while select.select([source], [], [], 0)[0]:
        threading.Event().wait(0.001)


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        ([b"\x1b"], ["escape"]),
        ([b"a\x1b"], ["a", "escape"]),
        ([b"\x1b[A"], ["up"]),
        (["é".encode()[:1], "é".encode()[1:]], ["é"]),
    ],
)
def test_keys_are_read_as_they_were_pressed(pieces: list[bytes], keys: list[str]) -> None:
    source, sink = os.pipe()
    reader = Reader(source)
    thread = threading.Thread(target=reader.run_input_thread)
    thread.start()
    for piece in pieces:
        os.write(sink, piece)
        taken(source)
    for _ in range(30_000):  # half a minute is never needed, and keeps a broken reader from hanging
        if len(reader.keys) >= len(keys):
            break
        threading.Event().wait(0.001)
    os.close(sink)  # the end of the input ends the thread
    thread.join()
    os.close(source)
    assert reader.keys == [*keys, "gone"]
