"""Texts of `ronda certificate` for clerks and verifiers, in Spanish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from ronda.commands.exit_status import ExitStatus
from ronda.commands.output import fail

if TYPE_CHECKING:
    import grpc

    from clients.certificate.refused import Fault

# server/certificates/store.py and office.py.
_NOT_DONE = {
    "the review is of another person or standard": "ese caso es de otra persona, o de otra constancia",
    "the review does not allow it": "ese caso aún no se decide, se decidió que no se emita, o hace más de 30 días",
    "a certificate was issued on this review before": "con ese caso ya se emitió una constancia",
    "there is no such review": "no hay un caso con ese número",
    "this review was decided before": "ese caso ya fue decidido",
    "whoever opened the review cannot decide it: another person must": "quien abrió el caso no puede decidirlo: lo "
    "decide otra persona",
    "a register must change first: nobody can decide this": "esto no lo decide nadie aquí: antes debe corregirse o "
    "ponerse al día el registro",
    "no certificate has this number": "ninguna constancia tiene ese número",
    "this certificate was revoked before": "esa constancia ya estaba revocada",
}


# server/certificates/directory.py: what is wrong with a fact of office.json.
_WORDING = {
    "unknown": "no se conoce; son id, name, online, heading, foot y arms",
    "no text": "debe ser un texto",
    "unread": "no se puede leer: revise comas, comillas y llaves",
    "empty": "falta o está vacío",
    "too long": "es demasiado largo",
    "no https": "debe empezar con https://",
    "cannot be read": "no se puede leer la imagen del escudo; el archivo se busca en el directorio de la oficina",
    "too large": "la imagen del escudo es demasiado grande: a lo sumo 2 MB, y cinco veces más ancha que alta",
    "no image": "el escudo no es una imagen PNG o JPEG entera",
}


def not_done_text(why: str) -> str:
    """Returns why nothing was done."""
    return f"No se hizo: {_NOT_DONE.get(why, why)}."


def fault_text(fault: Fault) -> str:
    """Returns why a certificate is not valid, and the remedy."""
    from clients.certificate.refused import Fault

    said = {
        Fault.NO_TOKEN: "lo que se dio no es el código de una constancia de Ronda",
        Fault.SIGNATURE: "el código no está firmado por la institución, o fue alterado",
        Fault.EXPIRED: "venció: pida otra",
        Fault.NOT_YET: "su fecha de emisión está en el futuro: revise la hora de este equipo",
        Fault.NO_PDF: "el archivo no es un PDF, o está dañado: pida el archivo original",
        Fault.UNSIGNED: "el PDF no lleva exactamente una firma: una copia o impresión escaneada no vale como archivo",
        Fault.ALTERED: "el PDF fue alterado después de firmarse",
        Fault.SIGNER_UNKNOWN: "no la firmó la institución que usted indicó con --trust",
        Fault.SIGNER_EXPIRED: "el certificado de quien la firmó no está vigente",
        Fault.ANOTHER_PAGE: "el código es de otra constancia: número, CUI o clave de página no concuerdan",
        Fault.SAMPLE: "es una MUESTRA, hecha con datos inventados o por un servidor de desarrollo: no certifica nada",
        Fault.REVOKED: "fue revocada por la institución",
        Fault.UNKNOWN: "la institución no conoce ese número: revise cómo lo escribió",
    }
    return f"NO VÁLIDA: {said[fault]}."


def not_valid(fault: Fault, as_json: bool) -> NoReturn:
    """Ends the command."""
    fail(fault_text(fault), ExitStatus.NOT_VALID, as_json, valid=False, fault=fault.name)


def no_answer(error: grpc.RpcError, target: str, as_json: bool) -> NoReturn:
    """The office's service did not say: a certificate that was to be checked on line is not called valid."""
    from clients.client.connection import read_failure

    failure = read_failure(error)
    if failure.status == "RESOURCE_EXHAUSTED":
        seconds = failure.retry_after_seconds
        later = f" en {seconds:.0f} s" if seconds is not None else " más tarde"
        fail(f"No se comprobó en línea: demasiadas preguntas desde aquí, reintente{later}.", ExitStatus.BUSY, as_json)
    text = (
        f"No se comprobó en línea: {target} no responde como la oficina de constancias; revise --online y --online-ca."
    )
    fail(text, ExitStatus.NO_SERVER, as_json, status=failure.status)


@contextmanager
def certificates_explained(as_json: bool) -> Iterator[None]:
    """Turns what may go wrong in an office's directory, keys, fonts and store into one line and an exit status."""
    from clients.certificate.asking import GenerationMoved
    from clients.certificate.making import ClocksDiffer, SignerEnds
    from clients.certificate.page import FontMissing, Unwritable
    from clients.certificate.signer import KeysUnusable
    from server.certificates.directory import OfficeUnusable, WordingUnusable
    from server.certificates.store import NotDone, StoreUnusable

    try:
        yield
    except NotDone as error:
        fail(not_done_text(error.why), ExitStatus.CALLER, as_json)
    except OfficeUnusable as error:
        path = str(error).partition(": ")[0]
        text = f"{path}: ahí no hay oficina de constancias; revise --office, o hágala con `ronda keys document-signer`."
        fail(text, ExitStatus.CALLER, as_json)
    except WordingUnusable as error:
        fail(f"{error.file}: {error.key}: {_WORDING[error.rule]}.", ExitStatus.SETTINGS, as_json)
    except KeysUnusable as error:
        path = str(error).partition(": ")[0]
        fail(f"{path}: no sirve para la oficina de constancias; revise --office.", ExitStatus.CALLER, as_json)
    except StoreUnusable as error:
        fail(f"No se hizo: la base de la oficina no se puede usar ({error}).", ExitStatus.OURS, as_json)
    except ClocksDiffer:
        text = "No se emite: la hora de este equipo y la del servidor difieren en más de diez minutos. Corríjala."
        fail(text, ExitStatus.CALLER, as_json)
    except SignerEnds:
        text = "No se emite: el certificado de firma vence antes que la constancia. Renuévelo."
        fail(text, ExitStatus.CALLER, as_json)
    except FontMissing as error:
        text = f"No se emite: falta {error.path}; instale el paquete fonts-dejavu-core."
        fail(text, ExitStatus.OURS, as_json)
    except Unwritable as error:
        what = "el nombre o los textos de la institución tienen" if error.institution else "el nombre tiene"
        text = f"No se emite: {what} una letra que la página no puede escribir. Avise a operaciones."
        fail(text, ExitStatus.OURS, as_json)
    except GenerationMoved:
        text = "Los datos del servidor se renovaron mientras se preguntaba: pida la constancia de nuevo."
        fail(text, ExitStatus.BUSY, as_json)
