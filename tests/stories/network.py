"""The network between a browser and the server, which a test can cut.

A browser's own "offline" leaves open WebSockets as they are, so the stories cut the connection itself.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

_CHUNK: Final = 65536
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset, and nothing more of what waited
_PATIENCE: Final = 10.0


class Network:
    """Carries every byte between `url` and the server on `port`, until told otherwise. Starts whole.

    `with Network(server.port) as network:` listens on a port of its own, which stays the same.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._listening: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self._out = asyncio.Event()  # what the browser sends passes
        self._back = asyncio.Event()  # what the server answers passes

    @property
    def url(self) -> str:
        """Where a browser finds the server."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.whole()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._do(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def whole(self) -> None:
        """Carry everything, also what was held back."""
        self._do(self._whole())

    def cut(self) -> None:
        """Reset every connection and refuse new ones, as when the server's cable is pulled at the switch."""
        self._do(self._cut())

    def hang(self) -> None:
        """Carry nothing and say nothing: a black hole. Connections stay open."""
        self._do(self._hold(out=True))

    def lose_answers(self) -> None:
        """Carry what is asked but not what is answered."""
        self._do(self._hold(out=False))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _whole(self) -> None:
        self._out.set()
        self._back.set()
        if self._listening is None:
            self._listening = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
            self._port = self._listening.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for end in list(self._ends):
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()
        self._ends.clear()

    async def _hold(self, *, out: bool) -> None:
        self._back.clear()
        if out:
            self._out.clear()

    async def _rest(self) -> None:
        for carrier in self._carriers:
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, from_browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        self._ends.add(to_browser)
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:  # no server there: the browser sees the same
            self._ends.discard(to_browser)
            to_browser.transport.abort()
            return
        if to_browser.transport.is_closing():  # cut while this one was being made
            to_server.transport.abort()
            return
        self._ends.add(to_server)
        for reader, writer, passes in (
            (from_browser, to_server, self._out),
            (from_server, to_browser, self._back),
        ):
            carrier = self._loop.create_task(self._pass_on(reader, writer, passes))
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: asyncio.Event) -> None:
        try:
            while data := await reader.read(_CHUNK):
                await passes.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._ends.discard(writer)
            with suppress(OSError, RuntimeError):
                writer.close()
