"""`ronda certificate verify`: checks a certificate that its holder shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from errno import EINVAL, EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.files.regular_file import read_file
from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.certificate_words import certificates_explained, no_answer, not_valid
from ronda.commands.office import Stop, explained
from ronda.commands.options import PATIENCE_S, DeadlineOption, PlainJsonOption
from ronda.commands.output import fail, print_json, say

if TYPE_CHECKING:
    from clients.certificate.token import TokenSaid

_LONGEST_NAME = 255  # characters of a file


def verify(
    shown: Annotated[
        str, typer.Argument(metavar="ARCHIVO|CÓDIGO|NÚMERO", help="El PDF, lo que dice el código QR, o un número.")
    ],
    trust: Annotated[
        Path | None,
        typer.Option(
            "--trust", envvar="RONDA_CERTIFICATE_TRUST", help="Directorio `public` de la oficina: en quién se confía."
        ),
    ] = None,
    number: Annotated[str, typer.Option("--number", help="Número impreso en la página, para compararlo.")] = "",
    cui: Annotated[str, typer.Option("--cui", help="CUI impreso en la página, con --page-key.")] = "",
    page_key: Annotated[str, typer.Option("--page-key", help="Clave de página impresa, con --cui.")] = "",
    online: Annotated[
        str, typer.Option("--online", help="Servicio de la oficina, anfitrión:puerto: pregunta si sigue vigente.")
    ] = "",
    online_ca: Annotated[
        Path | None, typer.Option("--online-ca", help="Autoridad de su certificado TLS, PEM; si no, las del equipo.")
    ] = None,
    deadline: DeadlineOption = PATIENCE_S,
    as_json: PlainJsonOption = False,
) -> None:
    """Comprueba una constancia: su firma, que nada se alteró, que no ha vencido; y con --online, si fue revocada.

    \b
    Ejemplos:
      ronda certificate verify constancia.pdf --trust public
      ronda certificate verify eyJhbGciOi... --trust public --cui 2357111360101 --page-key 7K2M-9QXR-4T6W-0ABC
      ronda certificate verify 7K2M9-QXR4T-6W0AB-CDE3F --online constancias.example:50071
    """
    from clients.certificate.token import in_text

    if bool(cui) != bool(page_key):
        fail("--cui y --page-key van juntos.", ExitStatus.CALLER, as_json)
    said: TokenSaid | None = None
    compared = False
    with explained(as_json), certificates_explained(as_json):
        if not online or _is_file(shown) or "." in in_text(shown):
            if trust is None:
                raise Stop("falta --trust: el directorio `public` de la oficina, o --online con un número")
            said, compared = _verified(shown, trust, (number, cui, page_key), as_json)
        if online:
            _check_online(online, said.number if said is not None else shown, online_ca, deadline, as_json)
    _tell_valid(said, shown, compared, bool(online), as_json)


def _verified(shown: str, trust: Path, printed: tuple[str, str, str], as_json: bool) -> tuple[TokenSaid, bool]:
    """Returns the token's content, and whether the code was compared with its page."""
    from clients.certificate.refused import Fault, NotValid
    from clients.certificate.signer import Trusted
    from clients.certificate.token import in_text
    from clients.certificate.verifying import Printed, is_pdf, verify_pdf, verify_token

    believed = Trusted.read(trust / "authority.pem", trust / "tokens.jwks.json")
    now = datetime.now(UTC)
    content = _content(shown)
    page = Printed(*printed)
    try:
        if is_pdf(content):
            return verify_pdf(content, believed, now, page), True
        text = content.decode("ascii", errors="replace")
        if (
            _is_file(shown) and in_text(text).count(".") != 2
        ):  # a photograph, another document: not a code that was altered
            raise NotValid(Fault.NO_PDF)
        return verify_token(text, believed, now, page), bool(page.cui)
    except NotValid as error:
        not_valid(error.fault, as_json)


def _is_file(shown: str) -> bool:
    return len(shown) < _LONGEST_NAME and Path(shown).exists()


def _content(shown: str) -> bytes:
    """The file of that name, or the text itself, which is a code."""
    from clients.certificate.token import in_text
    from clients.certificate.verifying import LARGEST_PDF
    from core.files.regular_file import read_file

    if not _is_file(shown) and in_text(shown).count(".") != 2:
        raise Stop("no existe ese archivo, y no es el texto de un código QR; un número solo se comprueba con --online")
    if not _is_file(shown):
        return shown.encode()
    try:
        return read_file(Path(shown), LARGEST_PDF + 1)
    except OSError as error:
        what = "no es un archivo" if error.errno in (EINVAL, EISDIR) else "no se puede leer"
        raise Stop(f"{shown}: {what}; indique el PDF, o lo que dice el código QR") from None


def _check_online(target: str, number: str, authority: Path | None, deadline: float, as_json: bool) -> None:
    import grpc

    from clients.certificate.online import check_online
    from clients.certificate.refused import NotValid

    try:
        check_online(target, number, read_file(authority) if authority is not None else None, deadline)
    except NotValid as error:
        not_valid(error.fault, as_json)
    except grpc.RpcError as error:
        no_answer(error, target, as_json)


def _tell_valid(said: TokenSaid | None, shown: str, compared: bool, online: bool, as_json: bool) -> None:
    from clients.certificate.validity import GUATEMALA
    from clients.certificate.wording import SHORT

    if said is None:
        if as_json:
            print_json({"valid": True, "number": shown, "revocation_checked": True, "compared_with_page": False})
            return
        say("VÁLIDA en línea: hay una constancia vigente con ese número. De quién y de qué, lo dice la página;")
        say("que la página no fue alterada, solo su firma o su código QR: compruébelos también.")
        return
    last = (said.expires - timedelta(seconds=1)).astimezone(GUATEMALA)
    if as_json:
        print_json(
            {
                "valid": True,
                "number": said.number,
                "standard": said.standard.value,
                "institution": said.institution,
                "issued_at": said.issued.isoformat(),
                "valid_until": last.date().isoformat(),
                "revocation_checked": online,
                "compared_with_page": compared,
            }
        )
        return
    verdict = "VÁLIDA" if online else "FIRMA VÁLIDA, REVOCACIÓN NO COMPROBADA"
    say(f"{verdict}: sin registro en {SHORT[said.standard]}. Número {said.number}, emitida por {said.institution}")
    say(f"el {said.issued.astimezone(GUATEMALA):%d/%m/%Y}, hasta el {last:%d/%m/%Y} incluido.")
    if not online:
        say("Puede haber sido revocada: consúltelo en línea, con --online.")
    if not compared:
        say(
            "El código no se comparó con la página, puede ser de otra persona: indique --cui y --page-key, como están "
            "impresos."
        )
    say("Compare nombre y CUI con el DPI de quien la presenta.")
