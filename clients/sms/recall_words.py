"""A recall in one SMS: the outcome, the kind of alert, and the answer. Without any person's name or number.

The officer has that answer on their telephone (`R4711`), with the data of its subject that they could see then.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from clients.sms.questions import reference_of
from clients.sms.reply import notice
from clients.sms.undelivered import GUATEMALA
from clients.spanish import words as spanish
from ronda.v1 import alert_service_pb2 as contract

if TYPE_CHECKING:
    from ronda.v1.alert_service_pb2 import Recall


def recall_text(recall: Recall) -> str:
    """One segment of GSM-7."""
    return notice(_said(recall)).parts[0]


def _said(recall: Recall) -> str:
    kind = spanish.ALERTS.get(recall.alert_kind, "Alerta")
    alert = f"{kind[:1].lower()}{kind[1:]} ({recall.record.register_id.upper()})"
    reference = reference_of(recall.request_id)
    answer = f"Su consulta{f' R{reference}' if reference else ''}"
    looked = recall.looked_up_at.ToDatetime(UTC).astimezone(GUATEMALA)
    when = f"{answer} del {looked:%d/%m %H:%M}"
    match recall.kind:
        case contract.RECALL_KIND_CANCELLED:
            others = " TIENE OTRA ALERTA VIGENTE: consulte de nuevo." if recall.other_alerts else ""
            return f"CANCELADA: NO ACTUE. {when}: {alert}.{others}"
        case contract.RECALL_KIND_MOVED:
            return f"CORREGIDA: la alerta es de otro. {when}: {alert}. Consulte de nuevo antes de actuar."
        case contract.RECALL_KIND_NEW if recall.uncertain:
            return f"POSIBLE ALERTA NUEVA, puede ser de otro. {when}: {alert}. Consulte de nuevo y confirme identidad."
        case contract.RECALL_KIND_NEW:
            return f"NUEVA ALERTA. {when}: {alert}. Consulte de nuevo antes de actuar."
    return f"CORREGIDA: algo cambio. {when}. Consulte de nuevo antes de actuar."
