"""The exit statuses of the `ronda` command: one for each thing that the caller can do about it (docs/command.md)."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The meaning of a status.

    78 is of `ronda serve` and `ronda doctor` (sysexits.h, EX_CONFIG); 130 and 141 are a shell's for Ctrl-C and a closed
    pipe.
    """

    DONE = 0
    OURS = 1
    CALLER = 2
    STOPPED = 3
    NOT_FRESH = 4
    SOME_INVALID = 5
    NOT_MET = 6
    UNSOUND = 7
    LOSES = 8
    NO_SERVER = 10
    NO_DATA = 11
    BUSY = 12
    DEADLINE = 13
    FILES = 14
    TOKEN_EXPIRED = 15
    NOT_ACCEPTED = 16
    FORBIDDEN = 17
    PLAINTEXT_OR_TLS = 18
    SERVER_CERTIFICATE = 19
    DAMAGED = 20
    NOT_RECORDED = 21
    GONE = 22
    HISTORIES_DIFFER = 23
    NOT_ISSUED = 30
    NOT_VALID = 31
    NOT_EQUAL = 40
    NOT_REPRODUCIBLE = 41
    SETTINGS = 78
    INTERRUPTED = 130
    CUT = 141


MEANING = {
    ExitStatus.DONE: "hecho o respondido, sea cual sea el color",
    ExitStatus.OURS: "falla de Ronda",
    ExitStatus.CALLER: "lo pedido no es válido",
    ExitStatus.STOPPED: "no se publica, datos dañados, o auditoría incompleta o sin custodio",
    ExitStatus.NOT_FRESH: "se publicó, pero falló la fuente de un registro",
    ExitStatus.SOME_INVALID: "se consultó todo; hay filas no válidas, en el archivo de rechazos",
    ExitStatus.NOT_MET: "se midió todo; algún objetivo no se cumple",
    ExitStatus.UNSOUND: "se revisó todo; algo de la instalación anda mal",
    ExitStatus.LOSES: "se revisó todo; un regreso a la versión anterior perdería algo",
    ExitStatus.NO_SERVER: "no hay servidor en esa dirección",
    ExitStatus.NO_DATA: "el servidor aún no tiene datos",
    ExitStatus.BUSY: "servidor ocupado o cuota agotada: reintente",
    ExitStatus.DEADLINE: "no respondió a tiempo",
    ExitStatus.FILES: "falta un archivo de la identidad",
    ExitStatus.TOKEN_EXPIRED: "token vencido, o aún no vigente",
    ExitStatus.NOT_ACCEPTED: "el servidor no acepta el token o el certificado",
    ExitStatus.FORBIDDEN: "la política no lo permite",
    ExitStatus.PLAINTEXT_OR_TLS: "uno habla TLS y el otro no",
    ExitStatus.SERVER_CERTIFICATE: "el certificado del servidor no es de confianza",
    ExitStatus.DAMAGED: "expediente dañado: no se muestra",
    ExitStatus.NOT_RECORDED: "no pudo quedar en la auditoría: no se muestra",
    ExitStatus.GONE: "esa página o ese sujeto ya no está: pregunte de nuevo",
    ExitStatus.HISTORIES_DIFFER: "el servidor tiene otros cambios bajo esos números: docs/feed.md",
    ExitStatus.NOT_ISSUED: "no se emite la constancia: el texto dice por qué",
    ExitStatus.NOT_VALID: "la constancia no es válida",
    ExitStatus.NOT_EQUAL: "rehecha, la respuesta no es la que se dio",
    ExitStatus.NOT_REPRODUCIBLE: "esa respuesta no se puede rehacer: el texto dice por qué",
    ExitStatus.SETTINGS: "ajustes del servidor no válidos",
    ExitStatus.INTERRUPTED: "interrumpido con Ctrl-C (ronda clear: siga con --resume)",
    ExitStatus.CUT: "quien leía la salida la cerró antes del final",
}
