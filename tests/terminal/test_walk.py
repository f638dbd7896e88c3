"""The installed program in a terminal, as a person uses it: the demo, the real engine, keys, mouse and paste."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.terminal.emulated import EmulatedTerminal

#: The program as it is installed beside this Python; elsewhere the same entry point.
INSTALLED = shutil.which("recsys-tui", path=str(Path(sys.executable).parent))
PROGRAM = (INSTALLED,) if INSTALLED else (sys.executable, "-m", "tui.cli")

ENTER, ESC, DOWN = b"\r", b"\x1b", b"\x1b[B"
F2, F3, F4, F5, F10 = b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~", b"\x1b[21~"
LEFT_BUTTON, WHEEL_DOWN = 0, 65
LISTED = "1. Alien\n2. The Godfather\n3. No film of this name\n\n- Heat\n"
BRAILLE = re.compile("[\u2801-\u28ff]")


def title_at(terminal: EmulatedTerminal, rank: int) -> str:
    """The title of a row of the list, without its mark and number."""
    for line in terminal.lines:
        if row := re.search(rf"│[▹▸ ]\s*{rank}  (.+?)  ", line):
            return row[1]
    raise AssertionError(f"there is no row {rank}:\n{terminal.text}")


def marked(terminal: EmulatedTerminal) -> str | None:
    """The title under the cursor, if the list has it."""
    row = re.search(r"│▸\s*\d+  (.+?)  ", terminal.text)
    return row and row[1]


@pytest.mark.slow
def test_a_session_from_the_first_search_to_the_end() -> None:
    with EmulatedTerminal((*PROGRAM, "-d", "demo")) as terminal:
        see, wait, press = terminal.see, terminal.wait, terminal.type

        # The first start says what the demo holds; embedding begins, and everything else goes on meanwhile.
        see("Demo · 656 items", "Most popular", "F5 embeds with")
        press(F5)
        see("Embedding")

        # Words are searched for, and the details follow the cursor. Once the catalogue is embedded, titles change their
        # places, and the cursor stays on its title.
        press(b"heist" + ENTER)
        see("Results · ")
        first = title_at(terminal, 1)
        press(DOWN)
        wait(lambda text: first != marked(terminal) and f"{marked(terminal)} (" in text, "the next title's details")
        second = marked(terminal)

        # More like the marked one, and the first of those into the sequence.
        press(b"m")
        see(f"More like {second}")
        first = title_at(terminal, 1)
        press(b"a")
        see(f"{first} (", "is number 1 of the sequence")

        # A short training goes before the rest of a long embedding; then the model recommends.
        press(b":train popular" + ENTER)
        see("Training popular done")
        press(F3)
        see("840 users", "Recommended for all-rounder-01 · popular", "│▹   1  Avatar")
        press(DOWN)
        see("Recommended for all-rounder-02 · popular")

        # A pasted list of titles is added to the sequence, and what is unknown is named.
        press(F4)
        see("Watched · 1", first[:12])
        terminal.paste(LISTED)
        see("3 titles added. Not found: “No film of this name”.")
        press(ESC)
        see("Watched · 4")
        press(DOWN)
        see("x remove")
        press(b":train markov" + ENTER)
        see("What comes next · markov")

        # The map, once the catalogue is embedded.
        wait(lambda text: "Embedding done" in text or "Embedding" not in text, "the end of embedding")
        press(b"M")
        wait(lambda text: len(BRAILLE.findall(text)) > 50, "the dots of the map")

        # A smaller window is filled to its edges, by the map and by the tab behind it.
        terminal.resize(90, 26)
        wait(lambda text: len(BRAILLE.findall(text)) > 30 and text.split("\n")[-1].strip(), "the map, smaller")
        press(ESC)
        press(F2)
        wait(lambda text: text.split("\n")[2].rstrip().endswith("─╮"), "the frame of the line up to the right edge")

        # The mouse: a click marks a row, the wheel moves the list, once that has the room of the details.
        wait(lambda text: re.search(r"│[▹▸ ]\s*3  ", text) is not None, "ranks in the list")
        terminal.mouse(LEFT_BUTTON, 12, terminal.row_of(title_at(terminal, 3)))
        wait(lambda text: re.search(r"│▸\s*3  ", text) is not None, "the cursor at the row that was clicked")
        third = title_at(terminal, 3)
        top = title_at(terminal, 1)
        for _ in range(4):
            terminal.mouse(WHEEL_DOWN, 12, terminal.row_of(third))
        wait(lambda text: f"  1  {top}" not in text, "other rows, after the wheel was turned")

        press(F10)
        assert terminal.ends() == 0
        assert terminal.is_restored()
        assert b"Traceback" not in terminal.output
