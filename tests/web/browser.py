"""A headless browser on this machine, driven by its own protocol (the Chrome DevTools Protocol)."""

from __future__ import annotations

import asyncio
import base64
import itertools
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

#: The names of browsers that speak this protocol.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "headless_shell")


def find_browser() -> str | None:
    """The program of a browser, or None where none is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page of the browser: its address, its keys, and what comes through its websockets."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.received = b""
        self.failures: list[str] = []

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have the browser do something, and return its answer."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._next()
            if message.get("id") == number:
                return message.get("result", {})

    async def focus(self, x: int, y: int, focused: str) -> None:
        """Click at a place, in pixels, until an element with this class has the focus."""
        async with asyncio.timeout(60):
            while True:
                for kind in ("mousePressed", "mouseReleased"):
                    await self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
                seen = await self.do("Runtime.evaluate", expression="document.activeElement.className")
                if focused in seen["result"]["value"]:
                    return

    async def type(self, text: str) -> None:
        """Press keys."""
        for character in text:
            key = {"\r": "Enter"}.get(character, character)
            await self.do("Input.dispatchKeyEvent", type="keyDown", key=key, text=character, unmodifiedText=character)
            await self.do("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def until_received(self, text: str) -> None:
        """Wait until a text has come through a websocket."""
        async with asyncio.timeout(60):
            while text.encode() not in self.received:
                await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json()
        parameters = message.get("params", {})
        if message.get("method") == "Network.webSocketFrameReceived":
            frame = parameters["response"]
            data = frame["payloadData"]
            self.received += base64.b64decode(data) if frame["opcode"] == 2 else data.encode()
        elif message.get("method") in ("Network.loadingFailed", "Runtime.exceptionThrown"):
            self.failures.append(str(parameters))
        return message


@asynccontextmanager
async def opened_page(program: str, profile: Path) -> AsyncIterator[Page]:
    """A browser with one empty page."""
    browser = subprocess.Popen(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not (profile / "DevToolsActivePort").is_file():
                await asyncio.sleep(0.05)
        port = (profile / "DevToolsActivePort").read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
                address = (await answer.json())["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Page", "Network", "Runtime"):
                    await page.do(f"{domain}.enable")
                await page.do("Emulation.setFocusEmulationEnabled", enabled=True)
                yield page
    finally:
        browser.kill()
        with suppress(subprocess.TimeoutExpired):
            browser.wait(10)
