"""Several subjects that fit a question, and what would narrow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from clients.officer_view.styles import level_badge
from clients.officer_view.words import words
from clients.spanish import words as spanish
from clients.terminal.whole_table import WholeTable
from ronda.v1 import level_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clients.client.connection import CallFailure
    from ronda.v1 import check_service_pb2

    _Compared = tuple[level_pb2.Criterion, level_pb2.Agreement]

_LEAST, _EVEN, _MOST = 0.01, 0.5, 99
_PLATES = (level_pb2.CRITERION_PLATE, level_pb2.CRITERION_PLATE_UNTYPED)
_BORNE_BEFORE = [(plate, level_pb2.AGREEMENT_DISAGREES) for plate in _PLATES]
_FIND_VEHICLES = (  # beside a plate, which finds who bears it and who bore it
    *_PLATES,
    level_pb2.CRITERION_VIN,
    level_pb2.CRITERION_CHASSIS_TAIL,
    level_pb2.CRITERION_ENGINE,
)


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
        number_text(candidate) or candidate.description,
        f"nac. {born}" if born else "",
        f"escrito {candidate.matched_name} [{candidate.matched_register_id}]" if candidate.matched_name else "",
        f"alertas: {candidate.alerts}",
    ]
    return Text("\n".join(line for line in lines if line))


def number_text(candidate: check_service_pb2.Candidate) -> str:
    """The CUI, or the last digits that policy lets a list show; "" for none."""
    if candidate.cui:
        return f"CUI {spanish.cui_text(candidate.cui)}"
    return f"CUI …{candidate.cui_tail}" if candidate.cui_tail else ""


def _compared_cell(candidate: check_service_pb2.Candidate) -> Text:
    """Returns the given data that agrees, does not, nearly does or is not on file; and the likeness of the person."""
    lines = []
    compared = _said_of_plates(candidate)
    for agreement in (
        level_pb2.AGREEMENT_AGREES,
        level_pb2.AGREEMENT_PARTLY,
        level_pb2.AGREEMENT_NEAR,
        level_pb2.AGREEMENT_DISAGREES,
        level_pb2.AGREEMENT_UNKNOWN,
    ):
        said = spanish.AGREEMENTS[agreement]
        criteria = [criterion for criterion, held in compared if held == agreement]
        if criteria:
            lines.append(f"{said}: {words(criteria, spanish.CRITERIA)}")
    if len(compared) < len(candidate.comparisons):
        lines.append("placa: la portó en otra fecha")
    if candidate.weak:
        lines.append(_weak_line(candidate, compared))
    elif candidate.HasField("score"):
        lines.append(f"parecido: {_likeness(candidate)}")
    return Text("\n".join(lines))


def _weak_line(candidate: check_service_pb2.Candidate, compared: list[_Compared]) -> str:
    """Returns why a weakly alike person gives no colour, and what would: a likeness beside NEGRO is read as one."""
    if not candidate.alerts:
        return "parecido débil"
    dated = any(criterion == level_pb2.CRITERION_BIRTH_DATE for criterion, _ in compared)
    ask = "pida el DPI" if dated else "pida la fecha de nacimiento o el DPI"
    return f"parecido débil: sus alertas no dan color; {ask}"


def _said_of_plates(candidate: check_service_pb2.Candidate) -> list[_Compared]:
    """(Criterion, agreement), without the plate of who is a candidate only because it bore it at another time."""
    compared: list[_Compared] = [(c.criterion, c.agreement) for c in candidate.comparisons]
    otherwise = [c for c, agreement in compared if c in _FIND_VEHICLES and agreement == level_pb2.AGREEMENT_AGREES]
    if otherwise:
        return compared
    return [each for each in compared if each not in _BORNE_BEFORE]


def _likeness(candidate: check_service_pb2.Candidate) -> str:
    """Returns the likeness in whole hundredths, never 100; and why it is low if the names agree.

    It is the share of pairs as alike as this one that are one person. It stands for each candidate by itself, so two
    may be high.
    """
    hundredths = round(100 * candidate.score)
    text = "< 1 %" if candidate.score < _LEAST else "> 99 %" if hundredths > _MOST else f"{hundredths} %"
    agreed = any(
        c.criterion == level_pb2.CRITERION_NAMES and c.agreement == level_pb2.AGREEMENT_AGREES
        for c in candidate.comparisons
    )
    common = agreed and candidate.score < _EVEN
    return f"{text} (nombre común: pida otro dato)" if common else text


def likeness_line(candidates: Iterable[check_service_pb2.Candidate]) -> str:
    """Returns the meaning of the likeness of persons found by name; of several alike, one at most is meant."""
    scores = [candidate.score for candidate in candidates if candidate.HasField("score")]
    if not scores:
        return ""
    text = (
        "Parecido: de cada 100 personas tan parecidas a lo dado, cuántas son la buscada; de cada candidato por sí solo."
    )
    alike = sum(score >= _EVEN for score in scores)
    return f"{text} Son {alike} los muy parecidos y a lo sumo uno es: pida otro dato." if alike > 1 else text


def choice_line(candidates: Iterable[check_service_pb2.Candidate]) -> str:
    """Returns how to ask at the command line about a person chosen from this list; "" for a list without CUIs."""
    listed = list(candidates)
    handles = [f"{number}. {each.handle}" for number, each in enumerate(listed, 1) if each.handle]
    if handles:
        how = "A quien elija de esta lista, en 15 minutos: `ronda check --handle MANEJO`;"
        return "\n".join([f"{how} con --compared si ya comparó su DPI.", *handles])
    if not any(candidate.cui for candidate in listed):
        return ""
    return "A quien elija de esta lista: `ronda check CUI --chosen`; con --compared si ya comparó su DPI."


def several_line(response: Any) -> str:
    """Returns the number of fits, for a screen without the list; and whether all are only weakly alike."""
    total = response.candidates_total or len(response.candidates)
    if all(candidate.weak for candidate in response.candidates):
        return f"{total} de nombre parecido, ninguno lo bastante: pida el DPI, o F7 para elegir."
    return f"{total} coinciden: F7 para elegir, o agregue otro dato."


def shared_plate_line(candidates: Iterable[check_service_pb2.Candidate]) -> str:
    """Returns why an answer is yellow without an alert: more than one vehicle bears the plate today."""
    bearers = [
        candidate
        for candidate in candidates
        if any(c.criterion in _PLATES and c.agreement == level_pb2.AGREEMENT_AGREES for c in candidate.comparisons)
    ]
    return f"{len(bearers)} vehículos llevan hoy esa placa: compare VIN, marca y color." if len(bearers) > 1 else ""


def _plates(candidate: check_service_pb2.Candidate) -> str:
    """The plate borne now; the one that was found, where it is another; and that it must have been misread."""
    found = candidate.matched_plate
    text = f"{candidate.plate} (antes {found})" if found and found != candidate.plate else candidate.plate
    misread = candidate.misread_characters
    return f"{text} · {misread} mal leído{'s' if misread > 1 else ''}" if misread else text


def narrowing_line(response: check_service_pb2.SearchPersonsResponse) -> str:
    """Returns data that would narrow a search with many results; empty for one with few."""
    if not response.narrow_by:
        return ""
    what = spanish.NARROWING.get(response.narrow_by, response.narrow_by)
    return f"Son {response.candidates_total}: para acotar, agregue {what}."


def too_broad_line(failure: CallFailure) -> str:
    """Returns the line for a question that too many may fit, their number if counted, and data to add."""
    asked = failure.violations[0] if failure.violations else None
    if asked is not None and asked.rule == spanish.TOO_MANY_VEHICLES:
        return "Demasiados vehículos pueden coincidir: agregue más caracteres de la placa."
    count = failure.metadata.get("may_fit", "")
    many = f" ({int(count):,} o más)" if count.isdecimal() else ""
    what = spanish.NARROWING.get(asked.field if asked else "", "más datos")
    return f"Demasiadas personas pueden coincidir{many}: agregue {what}."
