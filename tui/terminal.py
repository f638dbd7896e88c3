"""The terminal that the app runs in: whether there is one, whether there is a shell behind it, and signals to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from engine.errors import RecsysError

if TYPE_CHECKING:
    from textual.app import App

logger = logging.getLogger(__name__)

#: How a picture is drawn: as two pixels a cell in their colours, as one shade a cell, or by the terminal.
Protocol: TypeAlias = Literal["half-cell", "unicode", "kitty"]

#: The exit status of a program whose terminal is gone, as a shell reports one that was ended by SIGHUP.
TERMINAL_GONE = 129
#: The frames a second over a slow connection; Textual draws up to sixty.
_FEW_FRAMES = "12"
#: What a terminal is called at the end where it has more than sixteen colours, and terminals that say so by their name.
_MORE_COLOURS = ("256color", "direct", "truecolor", "24bit", "kitty", "ghostty")
_COLOURFUL = ("alacritty", "foot", "wezterm", "contour", "rio")
#: Terminals that can neither move the cursor nor clear the screen.
_DUMB = ("dumb", "unknown")


def require_terminal() -> None:
    """Raise RecsysError if there is no terminal to draw in and to read keys from, nor a web page in its place."""
    if is_served():
        return
    streams = (("input", sys.__stdin__), ("output", sys.__stdout__), ("error output", sys.__stderr__))
    for name, stream in streams:
        if stream is None or stream.closed or not stream.isatty():
            raise RecsysError(
                f"The app needs a terminal, and its {name} is not one: start it without redirecting, or use a command, "
                "which needs no terminal (`recsys-tui --help` lists them)."
            )
    if (kind := os.environ.get("TERM", "")) in _DUMB:
        raise RecsysError(
            f"The app needs a terminal that can place text, and this one is said to be {kind!r} (TERM): start it in "
            "another one, or use a command, which needs no terminal (`recsys-tui --help` lists them)."
        )


def is_served() -> bool:
    """Whether the app is drawn on a web page, to which another driver of Textual sends it."""
    return "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")


def is_remote(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the app is used over SSH."""
    return bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))


def has_few_colours(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal says that it has no more than sixteen colours, or does not say that it has more."""
    if sys.platform == "win32" or environment.get("TEXTUAL_COLOR_SYSTEM", "auto") != "auto":
        return False
    name = environment.get("TERM", "").casefold()
    colourful = name in _COLOURFUL or name.rpartition("-")[2] in _MORE_COLOURS
    return not (colourful or environment.get("COLORTERM", "").strip().casefold() in ("truecolor", "24bit"))


def has_few_characters(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the font of the terminal has little more than the lines and blocks of the IBM PC: the Linux console."""
    return environment.get("TERM", "") in ("linux", "linux-16color", "linux-c")


def image_protocol(setting: str, colours: str, environment: Mapping[str, str] = os.environ) -> Protocol | None:
    """How pictures are drawn, by the setting of that name and by how many colours are drawn; None for not at all.

    Without colours every half cell would look the same, and of sixteen only few pixels are near to one.
    """
    if setting == "off":
        return None
    if colours == "none" or environment.get("NO_COLOR"):
        return "unicode"
    if setting == "kitty" and (colours in ("256", "16") or is_served()):  # the colour of a cell is its picture
        return "unicode" if colours == "16" else "half-cell"
    if setting in ("half-cell", "unicode", "kitty"):
        return cast("Protocol", setting)
    few = colours == "16" or (colours == "auto" and has_few_colours(environment))
    return "unicode" if few else "half-cell"


def is_slow(traffic: str) -> bool:
    """Whether fewer frames are to be drawn, by the setting of that name."""
    return traffic == "on" or (traffic == "auto" and is_remote() and not is_served())


def draw_fewer_frames() -> None:
    """Have Textual, which must not be imported yet, draw fewer frames a second."""
    os.environ.setdefault("TEXTUAL_FPS", _FEW_FRAMES)


def has_shell() -> bool:
    """Whether a shell with job control can bring the app back after it was suspended."""
    if sys.platform == "win32":
        return False
    with suppress(OSError):
        # A program that a terminal or ssh has started itself leads its session, and nobody would wake it.
        return os.getsid(os.getppid()) == os.getsid(0) != os.getpid()
    return False


@contextmanager
def ending_by_signals(app: App[None]) -> Iterator[None]:
    """End the app as its quit key does where the process is asked to end, with 128 and the signal as its exit status.

    The system's way would leave the terminal without echo and with the mouse reporting its moves.
    """
    loop = asyncio.get_running_loop()
    taken = []

    def end(number: int) -> None:
        logger.info("ended by the signal %s", signal.Signals(number).name)
        app.exit(return_code=128 + number)

    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        number = getattr(signal, name, None)
        # A signal that is ignored stays so, as SIGHUP does under nohup.
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        with suppress(NotImplementedError):  # Windows has no signals that an event loop can take
            loop.add_signal_handler(number, end, int(number))
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
