"""How names and numbers are compared when they are searched and sorted."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """A name or number as it is searched: whatever the case, the accents, and how these were written."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if unicodedata.category(c) != "Mn"))
