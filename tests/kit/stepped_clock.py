"""Wall clocks that are set, of programs under Debian's faketime; the clocks that nobody sets stay the machine's."""

from __future__ import annotations

from pathlib import Path

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
_MONOTONIC = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}


def fixed_clock(offset: str) -> dict[str, str]:
    """Returns the environment of a program with a clock that is always off. offset: as `SteppedClock.set`."""
    return {**_preloaded(), "FAKETIME": offset}


class SteppedClock:
    """A clock in a file, which steps under every program that was started with `environment`."""

    def __init__(self, file: Path, kept_s: int = 0) -> None:
        """kept_s: for which a program goes by what it read, in seconds; 0 = it reads the file whenever it asks."""
        self._file, self._kept_s = file, kept_s
        self.set("+0")

    def set(self, offset: str) -> None:
        """offset: as faketime writes it, from the machine's clock: "+10y", "-1h"."""
        draft = self._file.with_name(f"{self._file.name}.draft")
        draft.write_text(f"{offset}\n", encoding="ascii")
        draft.rename(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """Returns variables of a program with a clock that steps with this one."""
        kept = {"FAKETIME_CACHE_DURATION": str(self._kept_s)} if self._kept_s else {"FAKETIME_NO_CACHE": "1"}
        return {**_preloaded(), "FAKETIME_TIMESTAMP_FILE": str(self._file), **kept}


def _preloaded() -> dict[str, str]:
    assert LIBRARY is not None, "apt-get install faketime"
    return {"LD_PRELOAD": str(LIBRARY), **_MONOTONIC}
