"""JSON and TOML that came from outside: whatever they hold, a ValueError is all that reading them raises."""

from __future__ import annotations

import json
import tomllib
from typing import Any

_TOO_DEEP = "nested too deeply"


def json_of(text: bytes | str) -> Any:
    """The value of a JSON document. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def toml_of(text: bytes | str) -> dict[str, Any]:
    """The table of a TOML document, UTF-8 with or without a byte order mark. Raises ValueError."""
    try:
        return tomllib.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
