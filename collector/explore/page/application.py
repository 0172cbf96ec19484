"""The page as an ASGI application. NiceGUI keeps its state in globals: one a process.

It is loaded beside what is served already, because that takes half a second.
"""

import asyncio
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from collector.explore.page.site import Site

if TYPE_CHECKING:
    from fastapi import FastAPI

ROUTES = "collector.explore.page.routes"
"""The module that imports NiceGUI."""


class Gate:
    """Lets requests wait until the page is there."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open = AsyncExitStack()
        self._loading: asyncio.Task[FastAPI] | None = None

    async def start(self) -> None:
        """Begin to load it."""
        self._loading = asyncio.create_task(self._load())

    async def stop(self) -> None:
        """End it."""
        if self._loading:
            self._loading.cancel()
        await self._open.aclose()
        self._site.close()

    async def _load(self) -> "FastAPI":
        app: FastAPI = await asyncio.to_thread(lambda: import_module(ROUTES).application(self._site))
        await self._open.enter_async_context(app.router.lifespan_context(app))
        return app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self._loading is None:
            await self.start()
        app = await asyncio.shield(self._loading)  # type: ignore[arg-type]
        await app(scope, receive, send)
