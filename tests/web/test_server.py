"""The guarded server: every route needs the token, and only the page itself reaches the websocket."""

from __future__ import annotations

import asyncio
import shlex
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec

import pytest

if find_spec("textual_serve") is None:
    pytest.skip("the extra serve is not installed", allow_module_level=True)

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from tui.web import server as web_server
from tui.web.access import Access
from tui.web.server import WebServer

TOKEN = "a-token-of-some-length"
#: Stands for the app: it says that it is there, and repeats the keys that it gets, as textual's web driver packs them.
ECHO = """
import sys
out, keys = sys.stdout.buffer, sys.stdin.buffer
def send(text): out.write(b"D" + len(text).to_bytes(4, "big") + text); out.flush()
out.write(b"__GANGLION__\\n"); send(b"ready")
while kind := keys.read(1):
    content = keys.read(int.from_bytes(keys.read(4), "big"))
    if kind == b"M" and b"quit" in content: break
    if kind == b"D": send(b"got " + content)
"""
COMMAND = shlex.join([sys.executable, "-c", ECHO])


@asynccontextmanager
async def served(token: str | None = TOKEN, command: str = COMMAND) -> AsyncIterator[TestClient]:
    guarded = WebServer(command, Access("127.0.0.1", token), 0)
    async with TestClient(TestServer(await guarded._make_app())) as client:
        yield client
    # The end of the page's process is told by a thread, to the event loop of this test.
    while any(thread.name.startswith("asyncio-waitpid") for thread in threading.enumerate()):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)


def origin(client: TestClient) -> dict[str, str]:
    return {"Origin": f"http://{client.host}:{client.port}"}


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/download/1", "/nothing"])
async def test_no_route_answers_without_the_token(path: str) -> None:
    async with served() as client:
        for query in ("", "?token=", "?token=wrong", f"?token={TOKEN[:-1]}"):
            answer = await client.get(path + query, headers=origin(client), allow_redirects=False)
            assert answer.status == 403
            assert "textual" not in await answer.text()


async def test_the_token_becomes_a_cookie_and_leaves_the_address() -> None:
    async with served() as client:
        answer = await client.get(f"/?token={TOKEN}&fontsize=20", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/?fontsize=20")
        cookie = answer.headers["Set-Cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", TOKEN))
        page = await client.get("/?fontsize=20")  # with the cookie
        text = await page.text()
        assert page.status == 200
        assert TOKEN not in text
        assert 'data-font-size="20"' in text
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert (await client.get("/static/js/textual.js")).status == 200


async def test_keys_reach_the_app_and_its_screen_the_page() -> None:
    async with served() as client:
        await client.get(f"/?token={TOKEN}")
        async with client.ws_connect("/ws?width=90&height=20", headers=origin(client)) as socket:
            assert await socket.receive_bytes(timeout=30) == b"ready"
            await socket.send_json(["stdin", "heist"])
            assert await socket.receive_bytes(timeout=30) == b"got heist"


@pytest.mark.parametrize("other", ["http://evil.example.org", "http://127.0.0.1:1", "null", None])
async def test_no_other_page_reaches_the_websocket_even_with_the_cookie(other: str | None) -> None:
    async with served() as client:
        await client.get(f"/?token={TOKEN}")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect("/ws", headers={} if other is None else {"Origin": other})
        assert refusal.value.status == 403


async def test_a_name_that_was_pointed_here_is_not_answered() -> None:
    async with served(token=None) as client:
        assert (await client.get("/")).status == 200
        answer = await client.get("/", headers={"Host": f"evil.example.org:{client.port}"})
        assert answer.status == 421


async def test_only_so_many_pages_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "MOST_SESSIONS", 1)
    async with served(token=None) as client:
        async with client.ws_connect("/ws", headers=origin(client)) as first:
            await first.receive_bytes(timeout=30)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await client.ws_connect("/ws", headers=origin(client))
            assert refusal.value.status == 503
        await eventually(lambda: opens(client))


async def opens(client: TestClient) -> bool:
    try:
        async with client.ws_connect("/ws", headers=origin(client)):
            return True
    except aiohttp.WSServerHandshakeError:
        return False


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await holds():
            await asyncio.sleep(0.01)


async def test_the_way_from_the_token_leads_to_no_other_server_and_keeps_the_folder() -> None:
    async with served(token=None) as client:
        address = URL(f"http://{client.host}:{client.port}//evil.example.org/?token=x", encoded=True)
        answer = await client.session.get(address, allow_redirects=False)
        assert not answer.headers["Location"].startswith("//")
    public = WebServer(COMMAND, Access("127.0.0.1", TOKEN, "https://films.example.org/app/"), 0)
    async with TestClient(TestServer(await public._make_app())) as client:
        answer = await client.get(f"/?token={TOKEN}&fontsize=20", allow_redirects=False)
        assert answer.headers["Location"] == "https://films.example.org/app/?fontsize=20"
