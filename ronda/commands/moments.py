"""Times as officers and auditors read them."""

from __future__ import annotations

import datetime

GUATEMALA = datetime.timezone(datetime.timedelta(hours=-6))  # no daylight saving time
ZONE = "Guatemala"  # said in the heading of each column of times


def when(time_ms: int) -> str:
    """Returns dd/mm/yyyy hh:mm:ss of Guatemala."""
    return datetime.datetime.fromtimestamp(time_ms / 1000, GUATEMALA).strftime("%d/%m/%Y %H:%M:%S")
