"""What Streamlit keeps of a page that was closed: enough for a tablet that comes back, nothing for a stranger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st
from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.session_manager import SessionInfo, SessionStorage

from monitoring.routes.open_pages import device_of_stream

KEPT_OF_DEVICE: Final = 4  # a reload begins a new session: of those before it the latest may be returned to
KEPT: Final = 64


def readable(message: bytes) -> bool:
    """Whether these bytes are a message that a page of Streamlit's sends."""
    try:
        BackMsg.FromString(message)
    except DecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Kept:
    info: SessionInfo
    device: str
    until: float  # [s], monotonic


class KeptSessions(SessionStorage):
    """Sessions of pages whose connection has ended, to be returned to for a while.

    A session holds handles, a script's state and uploaded files. Streamlit's own storage keeps those of anybody, and
    lets the oldest go for the newest: pages opened by a stranger would take a nurse's. Here only sessions of devices
    that are known are kept, a few of each, and what is let go is shut down. Belongs to the event loop's thread.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._kept: dict[str, _Kept] = {}  # the oldest first

    def get(self, session_id: str) -> SessionInfo | None:
        """The session with this id, None when it is not kept."""
        self._let_go()
        kept = self._kept.get(session_id)
        return None if kept is None else kept.info

    def save(self, session_info: SessionInfo) -> None:
        """Keep a session, when its device is known."""
        device = device_of_stream.get()
        if device is None:
            _shut_down(session_info)
            return
        self._kept[session_info.session.id] = _Kept(session_info, device, self._now() + self._seconds)
        self._let_go()
        of_device = [id for id, one in self._kept.items() if one.device == device]
        for id in of_device[:-KEPT_OF_DEVICE]:
            _shut_down(self._kept.pop(id).info)
        for id in list(self._kept)[:-KEPT]:
            _shut_down(self._kept.pop(id).info)

    def delete(self, session_id: str) -> None:
        """Forget a session, which somebody else shuts down or goes on with."""
        self._kept.pop(session_id, None)

    def list(self) -> list[SessionInfo]:
        """Every session kept."""
        self._let_go()
        return [one.info for one in self._kept.values()]

    def _let_go(self) -> None:
        now = self._now()
        for id in [id for id, one in self._kept.items() if one.until <= now]:
            _shut_down(self._kept.pop(id).info)


def _shut_down(info: SessionInfo) -> None:
    # Not at once: whoever hands a session over still holds it among those that are open.
    asyncio.get_running_loop().call_soon(info.session.shutdown)


def keep_few_sessions(app: st.App) -> None:
    """Put this storage in the place of Streamlit's own, for which `st.App` has no parameter."""
    runtime = app._runtime
    assert runtime is not None
    runtime._session_mgr._session_storage = KeptSessions(st.get_option("server.disconnectedSessionTTL"))  # type: ignore[attr-defined]
