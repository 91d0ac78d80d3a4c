"""The kinds of findings: what is wrong, how bad it is, what to do. docs/doctor.md shows the same table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Weight(StrEnum):
    """The gravity of a finding. Each of them makes the exit status another than 0."""

    GRAVE = "grave"  # an answer is missing or wrong now, or will be at the next start
    NOTICE = "atención"  # it will become one


@dataclass(frozen=True)
class Kind:
    """A kind of finding. page: the part of docs/ that says what to do."""

    name: str
    weight: Weight
    what: str
    do: str
    page: str


@dataclass(frozen=True)
class Finding:
    """One finding. where: a setting, file, register or address. detail: the program's own words, English or empty."""

    kind: Kind
    where: str
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "finding": self.kind.name,
            "weight": str(self.kind.weight),
            "what": self.kind.what,
            "where": self.where,
            "detail": self.detail,
            "do": self.kind.do,
            "page": self.kind.page,
        }


_GRAVE, _NOTICE = Weight.GRAVE, Weight.NOTICE
_SECRETS, _DAMAGE = "docs/operations.md#secrets", "docs/operations.md#damage"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "settings_invalid",
            _GRAVE,
            "los ajustes no valen: el servidor no arrancaría",
            "corrija lo nombrado y repita ronda doctor --settings",
            "docs/settings.md",
        ),
        Kind(
            "files_unusable",
            _GRAVE,
            "un archivo o directorio de los ajustes no sirve: el servidor no arrancaría",
            "revise que exista, su dueño y su modo",
            "docs/operations.md#first-run",
        ),
        Kind(
            "trust_refused",
            _GRAVE,
            "una parte del directorio de confianza no vale; rige lo último que valió",
            "corrija el archivo nombrado",
            "docs/trust.md#the-trust-directory",
        ),
        Kind(
            "secret_missing",
            _GRAVE,
            "falta una llave de la que dependen estos datos",
            "restáurela de una copia",
            _SECRETS,
        ),
        Kind("secret_damaged", _GRAVE, "una llave está dañada", "restáurela de una copia", _SECRETS),
        Kind(
            "secret_swapped",
            _GRAVE,
            "una llave no es la de estos datos",
            "restaure la de esta instalación; no haga una nueva",
            _SECRETS,
        ),
        Kind(
            "part_lost",
            _GRAVE,
            "esta instalación tenía esta parte y ya no está: al arrancar empezaría de nuevo",
            "con el servidor detenido, monte su disco o restáurela de una copia",
            "docs/operations.md#parts-that-begin-anew",
        ),
        Kind(
            "part_made_anew",
            _NOTICE,
            "esta parte ya no está y se hace de nuevo: después de restaurar una copia es lo normal",
            "vea en la tabla qué trae consigo; si no se restauró, averigüe por qué falta",
            "docs/operations.md#parts-that-begin-anew",
        ),
        Kind(
            "owner_differs",
            _GRAVE,
            "pertenece a otra cuenta que su directorio: el servidor no podrá leerlo o reemplazarlo",
            "chown a la cuenta del directorio",
            "docs/operations.md#first-run",
        ),
        Kind(
            "open_to_others",
            _GRAVE,
            "otras cuentas pueden leerlo",
            "chmod 600 el archivo, 700 el directorio; si es una llave, cámbiela",
            _SECRETS,
        ),
        Kind(
            "generation_missing",
            _GRAVE,
            "no hay generación publicada: no se responde nada",
            "ronda index, o restaure una copia",
            "docs/operations.md#every-night",
        ),
        Kind(
            "generation_damaged",
            _GRAVE,
            "la generación publicada está dañada",
            "construya otra vez o vuelva a la anterior",
            _DAMAGE,
        ),
        Kind(
            "ledger_damaged",
            _GRAVE,
            "el libro de cambios no se puede leer",
            "restaure ledger/ de una copia; no lo corte",
            "docs/feed.md#the-ledger",
        ),
        Kind(
            "ledger_archive_away",
            _NOTICE,
            "una parte del archivo del libro de cambios no está aquí: las respuestas de esos días no se repiten "
            "(ronda replay)",
            "si no se llevó a otro disco a propósito, restáurela de una copia",
            "docs/feed.md#a-long-ledger",
        ),
        Kind(
            "ledger_put_back",
            _GRAVE,
            "el libro de cambios no llega hasta donde llegaba: es una copia anterior, o no se sabe",
            "con el servidor detenido, ponga el más nuevo; si no lo hay, los registros quedan STALE hasta que cada "
            "fuente lo diga",
            "docs/feed.md#a-ledger-that-went-back",
        ),
        Kind(
            "audit_unusable",
            _GRAVE,
            "la auditoría no se puede usar: sin ella nada se responde",
            "revise que el directorio esté montado, y sus llaves",
            "docs/operations.md#the-audit-log",
        ),
        Kind(
            "audit_damaged",
            _GRAVE,
            "la auditoría en disco no continúa lo que se firmó",
            "guarde una copia como evidencia y corra ronda audit verify; si se repuso: ronda audit restored",
            "docs/operations.md#the-audit-log",
        ),
        Kind(
            "audit_restoration_waits",
            _GRAVE,
            "se declaró que la auditoría se repuso y falta la segunda persona: nada se firma",
            "en el segundo custodio: ronda audit witness-accept; si ahí no se aceptó y es cierta, repita ronda audit "
            "restored",
            "docs/backup.md#a-restored-audit-log",
        ),
        Kind(
            "audit_keeper_lost",
            _GRAVE,
            "el segundo custodio tiene menos de lo que ya había confirmado: no recibe nada más",
            "monte su disco; un custodio nuevo lleva otro nombre en audit_keeper",
            "docs/operations.md#a-second-keeper-that-lost",
        ),
        Kind(
            "audit_key_changing",
            _NOTICE,
            "el cambio de la llave que firma la auditoría no terminó: su archivo tiene la de antes y la que sigue",
            "repita ronda audit change-key con la misma llave nueva",
            "docs/operations.md#another-signing-key",
        ),
        Kind(
            "database_damaged",
            _GRAVE,
            "una base de datos está dañada o vacía: lo que guardaba se perdió",
            "con el servidor detenido, restáurela de una copia",
            "docs/operations.md#parts-that-begin-anew",
        ),
        Kind(
            "disk_nearly_full",
            _NOTICE,
            "el disco está casi lleno",
            "haga lugar: sin espacio no se construye ni se responde",
            "docs/operations.md#disk",
        ),
        Kind(
            "clock_unsynchronised",
            _NOTICE,
            "el reloj de este equipo no está sincronizado",
            "revise timedatectl y el servicio de hora",
            "docs/operations.md#a-clock-that-steps",
        ),
        Kind(
            "clock_doubtful",
            _GRAVE,
            "el reloj ya no es el de cuando el servidor arrancó: todo se responde GRIS o peor",
            "corrija el servicio de hora; si ahora está bien y al arrancar no, reinicie el servidor",
            "docs/operations.md#a-clock-that-steps",
        ),
        Kind(
            "certificate_ended",
            _GRAVE,
            "un certificado ya venció",
            "renuévelo",
            "docs/alarms.md#rondacertificateends",
        ),
        Kind(
            "certificate_ends_soon",
            _NOTICE,
            "un certificado vence en menos de 30 días",
            "renuévelo",
            "docs/alarms.md#rondacertificateends",
        ),
        Kind(
            "check_failed",
            _GRAVE,
            "esta revisión no se pudo hacer",
            "corrija lo demás y repita; si sigue, repórtelo con --bundle",
            "docs/doctor.md#the-bundle",
        ),
        Kind(
            "not_answering",
            _GRAVE,
            "la dirección de las métricas no contesta: el servidor no corre",
            "systemctl status ronda; el diario dice por qué terminó",
            "docs/operations.md#alarms",
        ),
        Kind(
            "not_serving",
            _GRAVE,
            "el servidor corre y no atiende",
            "busque el motivo en la tabla",
            "docs/operations.md#alarms",
        ),
        Kind(
            "register_not_fresh",
            _NOTICE,
            "las respuestas dan este registro por no al día: nadie es VERDE por él",
            "vea su extracto en el último ronda index, y ronda feed status",
            "docs/alarms.md#rondaregisternotfresh",
        ),
        Kind(
            "live_silent",
            _GRAVE,
            "nadie aplica los cambios recibidos: sus registros están STALE",
            "systemctl status ronda-live",
            "docs/operations.md#live-changes",
        ),
        Kind(
            "feed_silent",
            _GRAVE,
            "el proceso que recibe cambios calla: sus registros están STALE",
            "busque feed y ledger en el diario de ronda",
            "docs/feed.md#watch",
        ),
    )
}


def finding(name: str, where: str | Path, detail: object = "") -> Finding:
    """A finding of a kind of the table."""
    return Finding(KINDS[name], str(where), str(detail))
