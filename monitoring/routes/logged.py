"""What the web server's own log says of strangers: that they sent nonsense, without the trace of our program."""

from __future__ import annotations

import logging
from typing import Final

from websockets.exceptions import InvalidState

_SERVER: Final = ("uvicorn.error", "asyncio")


class NonsenseInALine(logging.Filter):
    """Takes the traceback off a message about bytes that were no text: who sends them is no fault of the program.

    The web server closes such a connection. When more bytes came with them it stumbles over having closed it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through; what is about such bytes, as one line."""
        error = record.exc_info[1] if record.exc_info else None
        no_text = isinstance(error, UnicodeDecodeError) and "Invalid UTF-8" in record.msg
        if no_text or (isinstance(error, InvalidState) and "data_received" in record.getMessage()):
            record.msg, record.args = f"A stream was closed: it sent bytes that are no text ({error}).", ()
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True


def log_nonsense_in_a_line() -> None:
    """Let the web server's log be so from now on. Twice is once."""
    for name in _SERVER:
        logger = logging.getLogger(name)
        if not any(isinstance(one, NonsenseInALine) for one in logger.filters):
            logger.addFilter(NonsenseInALine())
