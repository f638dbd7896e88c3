"""The server of the web page: textual-serve's, with a guard before each of its routes.

A page opens a websocket, and for each one the app is started as a process of its own, whose screen and keys travel
through the websocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import jinja2
from aiohttp import web
from textual_serve.server import Server

from engine.errors import RecsysError
from tui.web.access import Access

#: As many pages may be open at the same time; each has a process with its own models in memory.
MOST_SESSIONS: Final = 8
#: The name of the token in an address.
PARAMETER: Final = "token"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer(Server):
    """Serves the app.

    Parameters
    ----------
    command
        The command that starts the app, for a shell.
    access
        Who may open it.
    port
        Where it listens; 0 takes a free one.
    """

    def __init__(self, command: str, access: Access, port: int) -> None:
        super().__init__(command, host=access.host, port=port, title="recsys-tui", public_url=access.public_url)
        self.port: int = port
        self._access = access
        self._sessions = 0
        self._page = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.templates_path), autoescape=True
        ).get_template("app_index.html")

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds the token; servers on other ports have others."""
        return f"recsys-tui-{self.port}"

    @property
    def address(self) -> str:
        """Where the page is, without the token."""
        if self._access.public_url:
            return self._access.public_url
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    async def run(self, started: Callable[[], None]) -> None:
        """Serve until the process is interrupted or asked to end.

        Parameters
        ----------
        started
            Called once the page can be opened.

        Raises
        ------
        RecsysError
            If the port is taken, or the address is not one of this machine.
        """
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
        except OSError as error:
            await runner.cleanup()
            raise RecsysError(
                f"The page cannot be served at {self.host}, port {self.port} ({error.strerror or error}): choose "
                "another --port, or a --host that is an address of this machine."
            ) from error
        self.port = runner.addresses[0][1]
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows has no signals that an event loop can take
                loop.add_signal_handler(number, ended.set)
        started()
        try:
            await ended.wait()
        finally:
            await runner.cleanup()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing: the command says where the page is."""

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only who may open the page; of the others nobody learns more than why not."""
        access, websocket = self._access, request.path == "/ws"
        if access.refuses_host(request.headers.get("Host", "")):
            return _refusal(421, "This server does not answer to the name in the address.")
        if access.refuses_origin(request.headers, websocket=websocket):
            return _refusal(403, "Another page may not use this one.")
        in_address = request.query.get(PARAMETER)
        if not access.knows(request.cookies.get(self.cookie)):
            if not access.knows(in_address):
                return _refusal(403, "A token is needed: open the address that `recsys-tui serve` has printed.")
            if not websocket:
                return self._with_cookie(request)
        elif in_address is not None and not websocket:
            return self._with_cookie(request)  # the token stays neither in the address nor in the history
        if websocket and self._sessions >= MOST_SESSIONS:
            return _refusal(503, f"{MOST_SESSIONS} pages are open already.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(self._headers(request))
        return response

    def _with_cookie(self, request: web.Request) -> web.Response:
        """The same address without the token, which a cookie brings from now on."""
        asked = str(request.rel_url.without_query_params(PARAMETER))
        # One slash alone: two would name another server, and a server in front of this one may have a folder for it.
        response = web.Response(status=303, headers={"Location": f"{self._base_path()}/{asked.lstrip('/')}"})
        if self._access.token is not None:
            secure = self._access.public_url.startswith("https:")
            # Lax, since the address is often followed from a message on another site: a browser would not send a strict
            # cookie to where it is led from there. Sockets are still opened by this page alone.
            response.set_cookie(self.cookie, self._access.token, path="/", httponly=True, samesite="Lax", secure=secure)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _headers(self, request: web.Request) -> dict[str, str]:
        """What a browser must know: nothing comes from elsewhere, and no page may show this one inside itself."""
        here = f"'self' ws://{request.host} wss://{request.host}"
        return {
            "Content-Security-Policy": (
                "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
                f"img-src 'self' data: blob:; font-src 'self' data:; connect-src {here}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, whose addresses are relative to the one by which it was asked for."""
        size = request.query.get("fontsize", "")
        content = self._page.render(
            font_size=int(size) if size.isascii() and size.isdigit() and 6 <= int(size[:4]) <= 72 else 16,
            app_websocket_url=self._websocket_url(request),
            config={"static": {"url": self._base_path() + "/static/"}},
            application={"name": self.title},
        )
        return web.Response(text=content, content_type="text/html")

    def _base_path(self) -> str:
        return "" if not self._access.public_url else self._access.public_url.rstrip("/")

    def _websocket_url(self, request: web.Request) -> str:
        if self._access.public_url:
            return "ws" + self._access.public_url.rstrip("/").removeprefix("http") + "/ws"
        return f"ws://{request.host}/ws"

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start the app for a page, and end it with the page."""
        self._sessions += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._sessions -= 1


def _refusal(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence, headers={"Cache-Control": "no-store"})
