"""Draws the README's pictures of the app over the bundled demo, in a dark and a light theme.

    python docs/make_screenshots.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

DOCS = Path(__file__).parent
QUERY = "robots that want to be human"
SIZE = (118, 30)


async def draw(theme: str, path: Path) -> None:
    """Search in the app as a person would, and keep what the screen shows."""
    from tui.launch import make_app

    app = make_app("demo", "cpu")
    app.theme = theme
    async with app.run_test(size=SIZE) as pilot:
        while not app.backend.idle:
            await asyncio.sleep(0.1)
        await pilot.press(*("space" if letter == " " else letter for letter in QUERY))
        await asyncio.sleep(1.0)
        while not app.backend.idle:
            await asyncio.sleep(0.1)
        await pilot.press("down", "down")
        await asyncio.sleep(1.0)
        await pilot.pause()
        path.write_text(app.export_screenshot(title="recsys-tui"), encoding="utf-8")


def main() -> None:
    """Draw both pictures in a home of their own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["RECSYS_TUI_HOME"] = home
        from engine.session import Workspace, find_paths, open_session

        session = open_session(Workspace(find_paths().data), "demo", device="cpu")
        session.search.embed()
        for name in ("dark", "light"):
            asyncio.run(draw(f"recsys-{name}", DOCS / f"screenshot-{name}.svg"))


if __name__ == "__main__":
    main()
