"""JSON and TOML that came from outside: whatever they hold, a ValueError is all that reading them raises."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

_TOO_DEEP = "nested too deeply"

# More dots in a key than any table has levels: tomllib takes time and memory by the square of them.
_KEY_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(rf"(?<![\w-]){_KEY_PART}(?:[ \t]*+\.[ \t]*+{_KEY_PART}){{32}}")


def json_of(text: bytes | str) -> Any:
    """The value of a JSON document. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def toml_of(text: bytes | str) -> dict[str, Any]:
    """The table of a TOML document, UTF-8 with or without a byte order mark. Raises ValueError."""
    plain = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    if _DEEP_KEY.search(plain):
        raise ValueError(_TOO_DEEP)
    try:
        return tomllib.loads(plain)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
