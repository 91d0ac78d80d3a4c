"""`ronda upgrade --check`: which formats lie on the disks, before another release takes them over."""

from __future__ import annotations

from typing import Annotated

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import fail, print_json, say


def upgrade(
    check: Annotated[bool, typer.Option("--check", help="Solo mira; no cambia nada.")] = False,
    data: DataOption = None,
    as_json: SummaryJsonOption = False,
) -> None:
    """Dice, con la versión nueva, qué formatos hay en los discos, si los lee, y qué perdería un regreso a la anterior.

    Estado 0 si el regreso no pierde nada, 8 si pierde algo, 7 si esta versión no lee algo de lo que hay.

    \b
    Ejemplo:
      ronda upgrade --check
    """
    from ronda.settings import load_settings
    from ronda.upgrade.formats import RELEASE_BEFORE
    from ronda.upgrade.looking import look
    from server.settings import SettingsError

    if not check:
        fail("Indique --check: es lo único que hace; lo demás está en docs/production.md.", ExitStatus.CALLER, as_json)
    try:
        settings = load_settings(data=data)
        if not settings.data.is_dir():
            fail(
                f"{settings.data}: no hay tal directorio de datos; indique --data o RONDA_CONFIG.",
                ExitStatus.CALLER,
                as_json,
            )
        seen = look(settings)
    except SettingsError as error:
        fail(str(error), ExitStatus.CALLER, as_json)
    if as_json:
        print_json({"release_before": RELEASE_BEFORE, "formats": [each.to_json() for each in seen]})
    else:
        for each in seen:
            found = ", ".join(each.versions) or ("?" if each.damaged else "none")
            say(f"{each.format.name:<18} found {found:<14} writes {each.format.writes:<14} {each.format.place}")
            if each.damaged:
                say(f"  DAMAGED: {each.damaged}", bold=True)
            if each.unread:
                say(f"  NOT READ by this release: {', '.join(each.unread)}", bold=True)
            if each.lost:
                say(f"  a roll-back to {RELEASE_BEFORE} loses: {each.lost}", bold=True)
        if not any(each.lost or each.unread or each.damaged for each in seen):
            say(f"A roll-back to {RELEASE_BEFORE} loses nothing.", bold=True)
    unsound = any(each.unread or each.damaged for each in seen)
    raise typer.Exit(
        ExitStatus.UNSOUND if unsound else ExitStatus.LOSES if any(each.lost for each in seen) else ExitStatus.DONE
    )
