"""`ronda audit restored` and `witness-accept`: two persons have a log signed again that was put back from a copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.audit_words import finding_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.moments import when
from ronda.commands.office import explained
from ronda.commands.options import AuditOption, ReviewCaseOption, TokenOption
from ronda.commands.output import EXIT_OURS, fail, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.audit.evidence import Loss
    from server.audit.restorations import Restoration

_NOTHING_WAITS = "Aquí no espera ninguna reposición."
_PATIENCE_S = 15.0  # the process of a running server that cannot sign begins anew each second or two


def restored(directory: AuditOption = None, token: TokenOption = None, case: ReviewCaseOption = "") -> None:
    """Declara que la auditoría se repuso de una copia: primera de las dos personas; la segunda está con el custodio.

    Con el servidor en marcha o sin él. No cambia nada si lo de aquí está completo, o si algo fue alterado y no solo
    falta al final. Deja su propio registro en la auditoría. Repetida, vuelve a pedirlo al custodio.

    \b
    Ejemplo:
      ronda audit restored --token oficina.token
    """
    from ronda.settings import load_settings
    from server.audit.lacking import What
    from server.audit.restored import NotDeclared, declare_restored
    from server.audit.satisfied import Altered
    from server.trust.operator import officer_of

    with explained(False):
        settings = load_settings(audit=directory)
        officer = officer_of(settings, token, "ReadAudit", What.AUDIT_TOKEN)
        try:
            declared = declare_restored(settings, officer, _PATIENCE_S, case)
        except NotDeclared as error:
            fail(finding_text(error), ExitStatus.STOPPED, False)
        except Altered as error:
            said = finding_text(error)
            fail(f"No es solo una copia anterior: {said}. Ejecute `ronda audit verify`.", EXIT_OURS, False)
    say(f"{_kept(declared.restoration)} {_lost(declared.restoration)}", bold=True)
    if declared.awaited:
        say("Falta la otra persona: en el equipo del custodio, `ronda audit witness-accept` muestra esto y lo acepta.")
        say("Mientras tanto no se firma nada; las consultas siguen y quedan registradas.")
    else:
        say("Ningún segundo custodio tiene puntos de control que lo acepte: el servidor firma en unos segundos.")


def witness_accept(
    directory: Annotated[Path, typer.Option("--directory", help="Dónde el custodio guarda los puntos de control.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="Llave pública de los puntos de control (PEM).")],
    yes: Annotated[bool, typer.Option("--yes", help="Acepta sin preguntar.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="No la acepta: quita lo que espera.")] = False,
) -> None:
    """Acepta, en el custodio, que una auditoría se repuso de una copia: muestra qué se pierde y pregunta.

    Hágalo con la cuenta del custodio; el que está en marcha lo nota solo. Antes, confirme con el auditor y con quien
    lo declaró, por otro medio, que la reposición es cierta.

    \b
    Ejemplo:
      ronda audit witness-accept --directory /var/lib/ronda-witness --public-key signing.pub
    """
    from server.audit.accepting import AcceptingKeeper, NothingAsked
    from server.audit.keys import load_signing_public
    from server.audit.restorations import RestorationError

    with explained(False):
        keeper = AcceptingKeeper(directory, load_signing_public(public_key))
        if refuse:
            if not keeper.refuse():
                fail(_NOTHING_WAITS, ExitStatus.CALLER, False)
            say("Quitada: no se aceptó, y nada cambió.", bold=True)
            return
        try:
            asked = keeper.asked()
        except NothingAsked:
            fail(_NOTHING_WAITS, ExitStatus.CALLER, False)
        except RestorationError as error:  # the keeper took more since, from the server that was never put back, say
            said = f"Lo que espera no corresponde a lo que hay aquí: {finding_text(error)}"
            todo = "quien lo declaró ha de declararlo otra vez, o quítelo con --refuse"
            fail(f"{said}. Nada cambió: {todo}.", ExitStatus.STOPPED, False)
        say(f"{_kept(asked.restoration)} {_lost(asked.restoration)}", bold=True)
        here = f"{asked.newest.number} ({when(asked.newest.time_ms)})" if asked.newest is not None else "ninguno"
        stays = "no quedaría ninguno en vigor"
        if asked.after is not None:
            stays = f"quedaría en vigor hasta el {asked.after.number} ({when(asked.after.time_ms)})"
        say(f"Aquí el último punto de control es el {here}; {stays}.")
        say(f"Lo declaró {asked.restoration.by} el {when(asked.restoration.time_ms)} (hora de Guatemala).")
        say("Lo que se perdió no vuelve a estar en la auditoría, y ella lo dirá cada vez que se verifique.")
        if not yes and str(typer.prompt("Escriba acepto para aceptarlo", default="no")).strip().casefold() != "acepto":
            fail("No se aceptó: nada cambió.", ExitStatus.STOPPED, False)
        keeper.accept(asked)
    say("Aceptado. El servidor vuelve a firmar en unos segundos.", bold=True)


def _kept(each: Restoration) -> str:
    if not each.kept:
        return "La auditoría repuesta no tiene ningún punto de control que siga en vigor."
    return f"La auditoría repuesta llega al punto de control {each.kept} ({when(each.kept_ms)})."


def _lost(each: Restoration) -> str:
    return f"Se pierden los puntos de control {each.kept + 1} a {each.lost} (hasta {when(each.lost_ms)})."


def tell_restorations(restorations: Sequence[Restoration]) -> None:
    """Says each time, in bold, what a log lost that was put back from a copy."""
    for each in restorations:
        since = when(each.kept_ms) if each.kept else "su comienzo"
        say(
            f"REPUESTA DE UNA COPIA: se perdieron los puntos de control {each.kept + 1} a {each.lost}, de {since} a "
            f"{when(each.lost_ms)}; lo declaró {each.by} el {when(each.time_ms)}",
            bold=True,
        )


def tell_losses(losses: Sequence[Loss]) -> None:
    """Says of a proof that holds what was lost in a restore since: what it shows was in the log."""
    for each in losses:
        accepted = "un segundo custodio lo aceptó" if each.accepted else "que un custodio lo aceptara no consta aquí"
        say(
            f"Lo que prueba estuvo en la auditoría; su punto de control {each.number} se perdió después, al reponerla "
            f"de una copia: lo declaró {each.restoration.by} el {when(each.restoration.time_ms)}, y {accepted}.",
            bold=True,
        )


def restoration_json(each: Restoration) -> dict[str, Any]:
    """The numbers and times of a restoration. `kept`: 0 = no checkpoint; times in ms UTC."""
    return {
        "kept": each.kept,
        "kept_ms": each.kept_ms,
        "lost": each.lost,
        "lost_ms": each.lost_ms,
        "time_ms": each.time_ms,
        "by": each.by,
    }
