"""A Streamlit page without a browser: asks for a page over Streamlit's own protocol and holds what it was sent."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash
from websockets.sync.client import connect


class Screen:
    """One open connection to the pages of a server. `cookie` is the device's, "" for an unknown device."""

    def __init__(self, url: str, cookie: str = "", origin: str | None = None) -> None:
        self._url = url
        self._headers = {"Cookie": f"device={cookie}"} if cookie else {}
        self._origin = url if origin is None else origin

    def __enter__(self) -> Self:
        address = urlsplit(self._url)
        self._connection = connect(
            f"ws://{address.netloc}/_stcore/stream",
            origin=self._origin,  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers=self._headers,
            compression=None,
            max_size=None,
            proxy=None,
        )
        self._socket = self._connection.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    def open(self, page: str, query: str = "", script: str = "") -> list[ForwardMsg]:
        """Everything the server sends for this page until its script has run. `script` is a page's hash, if known."""
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.page_script_hash = script
        asked.rerun_script.query_string = query
        asked.rerun_script.context_info.url = f"{self._url}/{page}?{query}"
        self._socket.send(asked.SerializeToString())
        sent: list[ForwardMsg] = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(timeout=30))  # type: ignore[arg-type]
            sent.append(message)
            if message.WhichOneof("type") == "script_finished":
                return sent


def hash_of(page: object) -> str:
    """How Streamlit names a page to itself: by its file, or by its address."""
    return calc_hash(str(page))


def words_of(sent: list[ForwardMsg]) -> str:
    """All that was sent, as text: whatever a page shows is somewhere in it."""
    return "\n".join(str(message) for message in sent)
