"""Several subjects that fit a question, and what would narrow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from clients import spanish
from clients.officer_view.styles import level_badge
from clients.officer_view.words import words
from clients.whole_table import WholeTable
from ronda.v1 import level_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clients.connection import CallFailure
    from ronda.v1 import check_service_pb2

_LEAST, _EVEN, _MOST = 0.01, 0.5, 99


def candidates_table(candidates: Iterable[check_service_pb2.Candidate], total: int) -> WholeTable:
    """Several subjects that fit, best first; of persons found by name how like they are, and the spelling on file."""
    table = WholeTable(f"Candidatos: {total}", "n.", "nivel", "quién o qué", "comparado", lines_between=True)
    for number, candidate in enumerate(candidates, 1):
        table.add(str(number), level_badge(candidate.level), _subject_cell(candidate), _compared_cell(candidate))
    return table


def _subject_cell(candidate: check_service_pb2.Candidate) -> Text:
    born = spanish.date_text(candidate.birth_date)
    lines = [
        candidate.name or _plates(candidate),
        f"CUI {spanish.cui_text(candidate.cui)}" if candidate.cui else candidate.description,
        f"nac. {born}" if born else "",
        f"escrito {candidate.matched_name} [{candidate.matched_register_id}]" if candidate.matched_name else "",
        f"alertas: {candidate.alerts}",
    ]
    return Text("\n".join(line for line in lines if line))


def _compared_cell(candidate: check_service_pb2.Candidate) -> Text:
    """What was given and agrees, does not, nearly does or is not on file; and how likely it is the same person."""
    lines = []
    for agreement in (
        level_pb2.AGREEMENT_AGREES,
        level_pb2.AGREEMENT_PARTLY,
        level_pb2.AGREEMENT_NEAR,
        level_pb2.AGREEMENT_DISAGREES,
        level_pb2.AGREEMENT_UNKNOWN,
    ):
        said = spanish.AGREEMENTS[agreement]
        criteria = [c.criterion for c in candidate.comparisons if c.agreement == agreement]
        if criteria:
            lines.append(f"{said}: {words(criteria, spanish.CRITERIA)}")
    if candidate.HasField("score"):
        lines.append(f"probabilidad: {_likelihood(candidate)}")
    return Text("\n".join(lines))


def _likelihood(candidate: check_service_pb2.Candidate) -> str:
    """In whole hundredths, never all of them; and why it is low where the names agree."""
    hundredths = round(100 * candidate.score)
    text = "< 1 %" if candidate.score < _LEAST else "> 99 %" if hundredths > _MOST else f"{hundredths} %"
    agreed = any(
        c.criterion == level_pb2.CRITERION_NAMES and c.agreement == level_pb2.AGREEMENT_AGREES
        for c in candidate.comparisons
    )
    common = agreed and candidate.score < _EVEN
    return f"{text} (nombre común: pida otro dato)" if common else text


def _plates(candidate: check_service_pb2.Candidate) -> str:
    """The plate borne now; the one that was found, where it is another; and that it must have been misread."""
    found = candidate.matched_plate
    text = f"{candidate.plate} (antes {found})" if found and found != candidate.plate else candidate.plate
    misread = candidate.misread_characters
    return f"{text} · {misread} mal leído{'s' if misread > 1 else ''}" if misread else text


def narrowing_line(response: check_service_pb2.SearchPersonsResponse) -> str:
    """What would narrow a search that found many; empty when it found few."""
    if not response.narrow_by:
        return ""
    what = spanish.NARROWING.get(response.narrow_by, response.narrow_by)
    return f"Son {response.candidates_total}: para acotar, agregue {what}."


def too_broad_line(failure: CallFailure) -> str:
    """That too many may fit what was asked, how many where the server counted them, and what to add."""
    asked = failure.violations[0] if failure.violations else None
    if asked is not None and asked.rule == spanish.TOO_MANY_VEHICLES:
        return "Demasiados vehículos pueden coincidir: agregue más caracteres de la placa."
    count = failure.metadata.get("may_fit", "")
    many = f" ({int(count):,} o más)" if count.isdecimal() else ""
    what = spanish.NARROWING.get(asked.field if asked else "", "más datos")
    return f"Demasiadas personas pueden coincidir{many}: agregue {what}."
