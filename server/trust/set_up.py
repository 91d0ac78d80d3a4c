"""Sets up the callers from the settings: development mode's one caller, or certificates, tokens and policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.transport.tls import Bundle
from server.trust.callers import Callers, CertifiedCallers, DevelopmentCallers, OnAdmitted, OnRefused, UsualBounds
from server.trust.counting import limits_of
from server.trust.directory import TrustKeeper
from server.trust.last_good import LAST_GOOD
from server.trust.officer_token import TokenRules
from server.trust.settings import TrustSettings


class TrustSetUp:
    """The parts of trust that a worker needs. Raises SettingsError."""

    callers: Callers
    bundle: Bundle | None  # CAs of clients, PEM; None = the settings' own

    def __init__(self, settings: TrustSettings, on_admitted: OnAdmitted, on_refused: OnRefused) -> None:
        self.on_change: Callable[[], None] = lambda: None  # after every caller was forgotten; in the loop's thread
        self._keeper: TrustKeeper | None = None
        self.bundle = None
        self.certified: CertifiedCallers | None = None
        if settings.trust is None:
            self.callers = DevelopmentCallers(on_admitted)
            return
        keeper = self._keeper = TrustKeeper(settings.trust, settings.data / LAST_GOOD)
        certified = CertifiedCallers(
            keeper,
            TokenRules(settings.token_audience, settings.token_max_age_s, settings.clock_skew_s, with_recall=True),
            limits_of(settings, spent=True),  # the supervisor has made it: one that is gone was taken away
            on_admitted,
            on_refused,
            usual=UsualBounds(settings.break_glass_s * 1000, settings.person_bounds),
            max_metadata_bytes=settings.max_metadata_bytes,
        )
        keeper.on_change = self._changed
        self.callers = self.certified = certified
        self.bundle = lambda: keeper.trust.institutions.bundle

    def _changed(self) -> None:
        if self.certified is not None:
            self.certified.forget()
        self.on_change()

    async def watch(self) -> None:
        """Follows the trust directory for ever."""
        if self._keeper is None:
            await asyncio.Event().wait()
        else:
            await self._keeper.watch()
