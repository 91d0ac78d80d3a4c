"""Arrow arrays of texts: what pyarrow's functions and the buffers behind an array do without a Python object a row."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

Column = Any  # a pyarrow.Array of texts: the stubs know less of its functions than pyarrow does
pc: Any = pyarrow.compute


class _NoPandas:
    """Makes `import pandas` fail while it is in sys.meta_path."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Raises ModuleNotFoundError for pandas; knows no other module."""
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def _ask_without_pandas() -> None:
    """Makes pyarrow decide now, at its first list, that there is no pandas.

    pyarrow asks because a Series is no list to it. No Series is used here, and pandas takes half a second to import. A
    later import of pandas still works.
    """
    if "pandas" in sys.modules:
        return
    without: Any = _NoPandas()
    sys.meta_path.insert(0, without)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(without)


_ask_without_pandas()


def joined(texts: Column) -> memoryview:
    """All texts of an array, end to end: they lie so in its buffer, which the view keeps."""
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return memoryview(b"")
    at = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return memoryview(data)[int(at[0]) : int(at[-1])]


def has_none_of(texts: Column, marks: bytes) -> bool:
    """Returns whether no text holds any of these bytes."""
    whole = bytes(joined(texts))
    return len(whole.translate(None, marks)) == len(whole)


def replaced(texts: Column, others: dict[int, str]) -> Column:
    """The array with other texts at some places."""
    if not others:
        return texts
    mask = np.zeros(len(texts), bool)
    places = sorted(others)
    mask[places] = True
    with_others: Column = pc.replace_with_mask(
        texts, pa.array(mask), pa.array([others[place] for place in places], pa.string())
    )
    return with_others


def by_number(texts: dict[int, str]) -> Column:
    """An array from which to `take` texts by their numbers."""
    return pa.array([texts.get(number) for number in range(max(texts) + 1)], pa.string())
