"""Draws the pictures of the README and of the guide for the first five minutes, over the bundled demo.

    python docs/make_screenshots.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui.app import RecsysApp

DOCS = Path(__file__).parent
QUERY = "robots that want to be human"
SIZE, GUIDE_SIZE = (118, 30), (100, 26)

#: The pictures of the guide: a name, and what is typed since the one before. Text is typed key by key.
GUIDE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("start", ()),
    ("search", (QUERY, "down", "down")),
    ("menu", ("space",)),
    ("user", ("escape", "f3", "enter", "down")),
    ("sequence", ("a", "down", "a", "f4")),
)


async def press(app: RecsysApp, pilot: Pilot[None], keys: Sequence[str]) -> None:
    """Press keys, each once the answers to the one before are there; a text of several words is typed."""
    for key in keys:
        typed = list(key) if " " in key else [key]
        await pilot.press(*("space" if letter == " " else letter for letter in typed))
        await asyncio.sleep(1.0)
        while not app.backend.idle:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    await pilot.pause()


async def draw(theme: str, size: tuple[int, int], pictures: Sequence[tuple[Path, Sequence[str]]]) -> None:
    """Use the app as a person would, and keep what the screen shows after each of the steps."""
    from tui.launch import make_app

    app = make_app("demo", "cpu")
    app.theme = theme
    async with app.run_test(size=size) as pilot:
        while not app.backend.idle:
            await asyncio.sleep(0.1)
        for path, keys in pictures:
            await press(app, pilot, keys)
            path.write_text(app.export_screenshot(title="recsys-tui"), encoding="utf-8")


def main() -> None:
    """Draw all pictures in a home of their own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["RECSYS_TUI_HOME"] = home
        from engine.session import Workspace, find_paths, open_session

        session = open_session(Workspace(find_paths().data), "demo", device="cpu")
        session.search.embed()
        for model in ("svd", "markov"):
            session.models.train(model)
        guide = [(DOCS / f"five-minutes-{name}.svg", keys) for name, keys in GUIDE]
        asyncio.run(draw("recsys-dark", GUIDE_SIZE, guide))
        for name in ("dark", "light"):
            search = [(DOCS / f"screenshot-{name}.svg", (QUERY, "down", "down"))]
            asyncio.run(draw(f"recsys-{name}", SIZE, search))


if __name__ == "__main__":
    main()
