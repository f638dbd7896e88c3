"""The app in terminals of several kinds: what they cannot show is not sent to them."""

from __future__ import annotations

import re
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.terminal.emulated import EmulatedTerminal

#: The first paint is enough; the data set is still being opened then.
APP = (sys.executable, "-m", "tui.cli", "-d", "demo")
#: A colour of any kind, and its numbers: of a palette of 256, of red, green and blue, or one of the first sixteen.
COLOUR = re.compile(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|(?<=[\[;])(?:3|4|9|10)[0-7](?=[;m])")
STYLE = re.compile(r"\x1b\[[\d;]*m")
BEYOND_THE_FONT = re.compile("[\u2800-\u28ff╭╮╰╯━╸▸▹★]")


def kind(colour: str) -> str:
    """What a colour takes of a terminal."""
    numbers = colour.split(";")[1:]
    if not numbers:
        return "sixteen"
    if numbers[0] == "5":
        return "greys" if int(numbers[1]) in (0, 15, 16, *range(231, 256)) else "palette"
    return "greys" if len(set(numbers[1:])) == 1 else "truecolor"


@pytest.mark.parametrize(
    ("environment", "has"),
    [
        ({"TERM": "linux"}, "sixteen"),
        ({"TERM": "tmux-256color"}, "palette"),
        ({"TERM": "screen-256color"}, "palette"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "greys"),
    ],
)
def test_each_terminal_gets_the_colours_and_characters_that_it_has(environment: dict[str, str], has: str) -> None:
    usual = {"COLORTERM": None, "NO_COLOR": None, "TEXTUAL_COLOR_SYSTEM": None}
    with EmulatedTerminal(APP, {**usual, **environment}, columns=80, rows=24) as terminal:
        terminal.see("F2 Search", "words, a title, a mood", "palette")
        shown, drawn = terminal.text, terminal.output
        terminal.type(b"\x1b[21~")
        assert terminal.ends() == 0
        assert terminal.is_restored()
    assert {kind(colour) for style in STYLE.findall(drawn.decode()) for colour in COLOUR.findall(style)} <= {
        "sixteen": {"sixteen"},
        "palette": {"palette", "greys"},
        "truecolor": {"truecolor", "greys"},
        "greys": {"greys"},
    }[has]
    assert bool(BEYOND_THE_FONT.search(shown)) is (environment["TERM"] != "linux")
