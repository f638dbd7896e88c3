"""The app as a web page, in a headless browser."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("textual_serve") is None:
    pytest.skip("the extra serve is not installed", allow_module_level=True)

from tests.web.browser import find_browser, opened_page

BROWSER = find_browser()


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no headless browser is installed (chromium-headless-shell)")
async def test_the_page_opens_with_its_token_and_keys_search(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tui.cli", "serve", "-d", "demo", "--port", "0", "--with-token", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = json.loads(await asyncio.to_thread(server.stdout.readline))["url"]
            assert BROWSER is not None
            async with opened_page(BROWSER, tmp_path) as page:
                await page.do("Page.navigate", url=url)
                await page.until_received("Most popular")
                shown = await page.do("Runtime.evaluate", expression="location.href + document.title")
                assert "token" not in shown["result"]["value"]
                await page.focus(100, 70, "xterm-helper-textarea")
                await page.type("heist\r")
                await page.until_received("Reservoir Dogs")
                # The page's own scripts were not kept from running; the fonts of another server are not asked for.
                fonts = ("'type': 'Stylesheet'", "'blockedReason': 'csp'")
                assert not [one for one in page.failures if not all(part in one for part in fonts)]
        finally:
            server.terminate()
    assert server.returncode == 0
