"""The registers that answers rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from clients.officer_view.styles import WARNING
from clients.officer_view.words import time_text
from clients.spanish import words as spanish
from clients.terminal.whole_table import WholeTable
from ronda.v1 import register_pb2

if TYPE_CHECKING:
    from ronda.v1 import register_service_pb2


def registers_table(response: register_service_pb2.ListRegistersResponse) -> WholeTable:
    """Every register with its state, as-of and rows; why a new extract failed is for operators, in English: in JSON."""
    headings = ("registro", "institución", "estado", "datos al", "filas", "rechazadas", "nota")
    table = WholeTable(f"Generación {response.generation_id}", *headings, right=("filas", "rechazadas"))
    for register in response.registers:
        status = register.status
        fresh = status.state == register_pb2.REGISTER_STATE_FRESH
        word = spanish.REGISTER_STATES.get(status.state, "estado desconocido")
        table.add(
            status.register_id,
            register.owner,
            Text(word, style="" if fresh else WARNING),
            time_text(status.as_of),
            f"{register.rows_read:,}",
            f"{status.rows_refused:,}",
            "lo nuevo no llegó o no se pudo usar: sigue lo anterior" if status.carried_forward else "",
        )
    return table
