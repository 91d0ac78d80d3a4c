"""The gateway's bind for as long as it runs: made, kept, made again, ended; and what is sent again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tenacity import AsyncRetrying, retry_if_exception_type

from clients.sms.counts import Counts, tell
from clients.sms.line import BACKOFF, Line

if TYPE_CHECKING:
    from clients.sms.line import Inbox
    from clients.sms.outbox import Outbox
    from clients.sms.settings import SmsSettings

_RESPONSE_S = 30.0  # after so long without a response a reply is sent again
_UNBIND_S = 3.0


async def carry(settings: SmsSettings, password: str, inbox: Inbox, outbox: Outbox, counts: Counts) -> None:
    """Binds, and binds again, until it is cancelled; then it unbinds."""
    again = asyncio.create_task(_send_again(outbox))
    try:
        async for attempt in AsyncRetrying(wait=BACKOFF, retry=retry_if_exception_type(Exception)):
            with attempt:
                await _bound(Line(settings, password, inbox, outbox, counts))
    finally:
        again.cancel()


async def _bound(line: Line) -> None:
    running = asyncio.create_task(line.start())
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        try:
            await asyncio.wait_for(line.stop(), _UNBIND_S)
        except TimeoutError:  # the SMSC does not close
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        raise
    except Exception as error:
        tell("bind_ended", kind=type(error).__name__)
        raise
    finally:
        line.close()


async def _send_again(outbox: Outbox) -> None:
    while True:
        await asyncio.sleep(_RESPONSE_S / 6)
        outbox.send_again(_RESPONSE_S)
