"""The Spanish texts of docs/answers.md section 11."""

from __future__ import annotations

import datetime
from typing import Any

from ronda.v1 import alert_pb2

ACTIONS = {
    alert_pb2.ALERT_KIND_WARRANT: (
        "ARREST",
        "Detener: confirme la orden con el juzgado y presente ante juez competente",
    ),
    alert_pb2.ALERT_KIND_TRAVEL_BAN: ("DENY_EXIT", "No permitir la salida del país: avise a Migración"),
    alert_pb2.ALERT_KIND_PROTECTION_ORDER: (
        "ENFORCE_ORDER",
        "Hacer cumplir las medidas de seguridad: no permitir acercamiento",
    ),
    alert_pb2.ALERT_KIND_MISSING_PERSON: (
        "LOCATE",
        "Persona desaparecida: verifique su estado y avise al Ministerio Público",
    ),
    alert_pb2.ALERT_KIND_MISSING_CHILD: (
        "PROTECT",
        "Proteger: niñez desaparecida, active Alba-Keneth y avise a PGN",
    ),
    alert_pb2.ALERT_KIND_ESCAPE: ("RECAPTURE", "Recapturar: avise al Sistema Penitenciario"),
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE: ("SEIZE_VEHICLE", "Consignar el vehículo: reporte de robo vigente"),
    alert_pb2.ALERT_KIND_STOLEN_PLATE: ("SEIZE_PLATE", "Consignar la placa: reporte de robo vigente"),
    alert_pb2.ALERT_KIND_STOLEN_ENGINE: ("SEIZE_ENGINE", "Verificar el motor: reporte de robo vigente"),
    alert_pb2.ALERT_KIND_DOCUMENT: ("RETAIN_DOCUMENT", "Verificar identidad: documento reportado"),
    alert_pb2.ALERT_KIND_DISCREET: ("OBSERVE", "Observar sin revelar: avise al titular de la alerta"),
    alert_pb2.ALERT_KIND_OTHER: ("CONSULT", "Consultar a la institución titular"),
    alert_pb2.ALERT_KIND_DAMAGED_RECORD: ("CONSULT", "Consultar a la institución titular"),
}
ADOLESCENTS_ACTION = ("BRING_TO_JUDGE", "Orden de juzgado de adolescentes: conducir ante juez")
NOTES = {
    "DOCUMENT_NOT_ON_FILE": "documento no consta",
    "PLATE_NOT_ON_FILE": "placa no consta",
    "NO_RECORD_FOREIGN": "sin registro: documento o placa extranjera no verificada",
    "DECEASED": "documento de persona fallecida",
    "MISUSED": "posible suplantación: identidad reportada como usada por otra persona",
    "CONFLICT": "los registros discrepan sobre de quién es este documento",
    "NAME_DIFFERS": "el nombre dado no es el que consta con este documento",
    "IDENTIFIERS_DISAGREE": "los datos dados se contradicen",
    "UNVERIFIED": "no se pudo verificar: registro de identidad no disponible",
    "NAME_NOT_ON_FILE": "nombre no consta: escriba solo nombres y apellidos",
    "NAME_NOT_ON_FILE (dated)": "nadie se identifica con ese nombre y esa fecha: escriba solo nombres y apellidos",
    "CUI_IMPOSSIBLE": "el CUI no puede existir: revise sus dígitos",
    "OWNER_NAME_ALERT": "alguien con orden vigente lleva el nombre del propietario: identifíquelo",
    "NAME_BY_RECORD": "nombre según el registro que lo menciona: no consta en el registro de identidad",
    "CROWDED": "una orden sin documento puede ser de esta persona o de otras, más de cincuenta: "
    "no es un visto bueno, consulte a la institución",
    "ONLY_BEARER": "una orden sin documento lleva el nombre de esta persona, que nadie más lleva: "
    "no es un visto bueno, consulte a la institución",
    "ADOLESCENTS_HIDDEN": "órdenes de adolescentes no se muestran para este fin: no es un visto bueno",
    "SIMILAR_NAME_ALERT": "hay n personas con alerta de nombre parecido: pida el DPI",
    "CHOSEN_BY_NAME": "elegido de una lista por nombre: compare el DPI",
}
HIT_NOTES = {
    "DPI_REPORTED": "DPI reportado: compare la fotografía; puede ser la víctima",
    "DOCUMENT_REPORTED": "documento reportado: compare la fotografía; puede ser la víctima",
    "IDENTITY_MISUSED": "identidad suplantada: compare la fotografía; puede ser la víctima",
    "CLOSING_DOUBTED": "cerrada con una fecha imposible: confirme",
    "OLD_ORDER": "orden de hace más de veinte años: confirme vigencia",
    "TRAVEL_BAN_INLAND": "no puede salir del país: no impide circular",
    "RESTRAINED_WITH_WHOM": "orden de protección: pregunte quién va con él",
}


def note(notes: Any, code: str, text: str = "") -> None:
    notes.add(code=code, text=text or NOTES[code])


def day(number: int) -> str:
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=number)
    return date.strftime("%d/%m/%Y")
