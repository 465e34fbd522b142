"""Bytes to a server as no browser sends them, and what it answers."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tests.server import Server

STREAM: Final = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)
JSON: Final = ("Content-Type", "application/json")
_PATIENCE_SECONDS: Final = 30.0

Header = tuple[str, str]


@dataclass(frozen=True)
class Caller:
    """Somebody with a socket: by default with this server's own Host and Origin, and with a device's cookie."""

    server: Server
    cookie: str = ""

    def request(
        self, method: str, path: str, headers: Sequence[Header] = (), body: bytes = b"", **instead: str | None
    ) -> bytes:
        """A request as it goes over the wire. `instead`: another host or origin, None for none. Text is latin-1."""
        given = {"host": f"127.0.0.1:{self.server.port}", "origin": self.server.url, **instead}
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{name.title()}: {value}" for name, value in given.items() if value is not None]
        lines += [f"{name}: {value}" for name, value in headers]
        names = {name.lower() for name, _ in headers}
        if self.cookie and "cookie" not in names:
            lines.append(f"Cookie: device={self.cookie}")
        if not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        if "connection" not in names:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def status(self, sent: bytes) -> int:
        """The status that is answered to these bytes; 0 when the connection ends without one."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=_PATIENCE_SECONDS) as connection:
            connection.sendall(sent)
            return _status(connection)

    def frames(self, path: str, *frames: bytes) -> int:
        """The status with which a stream is opened; these frames are sent on it, until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=_PATIENCE_SECONDS) as connection:
            connection.sendall(self.request("GET", path, STREAM))
            status = _status(connection)
            with suppress(OSError):
                connection.sendall(b"".join(frames))
                while connection.recv(65536):
                    pass
            return status

    def cut(self, sent: bytes, *, reset: bool) -> None:
        """Send these bytes and go: with a reset, as when a tablet falls out of the network, or with an end."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=_PATIENCE_SECONDS) as connection:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(sent)


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame of a client, masked with zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


def _status(connection: socket.socket) -> int:
    received = b""
    with suppress(OSError):
        while b"\r\n\r\n" not in received and (part := connection.recv(65536)):
            received += part
    return int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP/1.1 ") else 0
