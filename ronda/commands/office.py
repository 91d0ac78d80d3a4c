"""Failures of an office's commands (`ronda audit`, `ronda subject`), as one Spanish line and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clients.spanish.system_errors import system_error_text
from ronda.commands.audit_words import finding_text
from ronda.commands.office_words import lacking_text, missing_text, refusal_text
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, EXIT_STOPPED, fail


class Stop(Exception):
    """A failure on the caller's side; the text is Spanish."""


@contextmanager
def explained(as_json: bool) -> Iterator[None]:
    """Turns what may go wrong into one line and an exit status."""
    from core.errors import AuditUnavailable, QuestionError, StoredDataError
    from core.identifiers.types import IdentifierError
    from server.audit.evidence import NotProvable, RecordWrong
    from server.audit.key_chain import CheckpointError, OtherKey
    from server.audit.keys import KeyFileError
    from server.audit.lacking import Lacking
    from server.audit.reading import KeyMissing
    from server.audit.seals import SealsDamaged
    from server.habeas_data.two_persons import NotReleased
    from server.settings import SettingsError

    try:
        yield
    except RecordWrong as error:
        fail(f"{finding_text(error)}. `ronda audit verify` dice todo lo que se alteró.", EXIT_STOPPED, as_json)
    except (Stop, SettingsError, KeyFileError, NotProvable) as error:
        fail(finding_text(error), EXIT_CALLER, as_json)
    except Lacking as error:
        fail(lacking_text(error), EXIT_CALLER, as_json)
    except IdentifierError as error:
        from clients.spanish import words as spanish

        fail(f"no es un identificador válido: {spanish.RULES.get(error.rule, error.rule)}", EXIT_CALLER, as_json)
    except PermissionError as error:  # of a file, or what policy says of a token
        said = f"Este usuario no puede usar {error.filename}." if error.filename else refusal_text(error)
        fail(said, EXIT_CALLER, as_json)
    except NotReleased as error:
        fail(f"No se entrega: {refusal_text(error)}", EXIT_CALLER, as_json)
    except QuestionError as error:
        from clients.spanish import words as spanish

        field, rule = spanish.FIELDS.get(error.field, error.field), spanish.RULES.get(error.rule, error.rule)
        fail(f"{field}: {rule}", EXIT_CALLER, as_json)
    except KeyMissing as error:
        fail(f"La llave no abre el registro: {finding_text(error)}", EXIT_CALLER, as_json)
    except AuditUnavailable:
        fail("La consulta no pudo quedar registrada: no se muestra nada.", EXIT_OURS, as_json)
    except OtherKey as error:
        fail(f"La llave indicada no es la de este registro: {finding_text(error)}.", EXIT_CALLER, as_json)
    except (CheckpointError, SealsDamaged) as error:
        fail(f"El registro está dañado: {finding_text(error)}; ejecute `ronda audit verify`.", EXIT_OURS, as_json)
    except StoredDataError as error:
        fail(f"Datos dañados: {error}", EXIT_OURS, as_json)
    except FileExistsError as error:
        fail(f"{error.filename}: ya existe, y no se sobrescribe.", EXIT_CALLER, as_json)
    except FileNotFoundError as error:
        fail(missing_text(str(error.filename)), EXIT_CALLER, as_json)
    except OSError as error:
        fail(f"{error.filename or 'archivo'}: {system_error_text(error)}", EXIT_OURS, as_json)
