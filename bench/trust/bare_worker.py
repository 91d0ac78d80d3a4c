"""`python -m bench.trust.bare_worker`: the worker as it would be without identity, limits and audit, to compare with.

Never for use: no setting makes the server so.
"""

from __future__ import annotations

import sys
from typing import Any

from core.access.grant import Grant
from server.processes import worker


class _NoAudit:
    log = None
    waits = False

    def close(self) -> None:
        """Nothing is open."""


class _Everybody:
    def of(self, _context: Any) -> Any:
        """Returns a grant for everything, to any caller."""
        return _GRANT

    decide = of


_GRANT = Grant.everything()


class BareWorker(worker.Worker):
    """Handlers, gate, metrics and engine are the real ones."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._audit.close()
        self._audit: Any = _NoAudit()
        self._trust.callers = _Everybody()  # type: ignore[assignment]


if __name__ == "__main__":
    worker.Worker = BareWorker  # type: ignore[misc, assignment]
    sys.exit(worker.main())
