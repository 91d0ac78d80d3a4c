"""Institutions that count the same thing otherwise, side by side, with what explains the difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from core.mart.layout import SourceEntry
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1 import value_pb2
from server.statistics import disclosure
from server.statistics.counting import count
from server.statistics.coverage import Coverage
from server.statistics.mart import OpenMart
from server.statistics.question import Question, as_date, invalid, read_question
from server.statistics.table import partial, source_message

_OTHER_DEATHS = "0109"  # deaths of undetermined manner
_HOMICIDE = "0101"


def compare(request: Any, opened: OpenMart, today: date) -> contract.CompareSourcesResponse:
    """One figure a source of victims. Raises Refusal."""
    sources = [each for each in opened.mart.sources if each.fact == "fact_victim" and each.delivered]
    if not sources:
        raise invalid("offence", "no source counts this")
    response = contract.CompareSourcesResponse(
        disclosure=disclosure.TEXT, demo=sorted({*opened.mart.demo, *(d for each in sources for d in each.demo)})
    )
    began = _began_by(sources, request)
    for source in sorted(sources, key=lambda each: (not each.primary, each.id)):
        if source not in began:
            first = source.delivered[0].delivered
            later = f"No había entregado nada a ese día: su primera entrega es del {first:%d/%m/%Y}."
            response.sources.append(
                contract.ComparedSource(source=source_message(source, opened, today), reasons=[later])
            )
            continue
        asked = contract.QueryRequest(
            rule=contract.COUNTING_RULE_VICTIM,
            source=source.id,
            filter=contract.StatisticsFilter(first_year=request.year, offence=request.offence),
        )
        if request.HasField("vintage"):
            asked.vintage.CopyFrom(request.vintage)
        question = read_question(asked, opened, today)
        response.vintage.CopyFrom(partial(question.vintage) or value_pb2.PartialDate())
        response.sources.append(_one(question, opened, today))
    code = request.offence
    response.offence.CopyFrom(value_pb2.CodedText(code=code, text=opened.offences.get(code, "")))
    return response


def _began_by(sources: list[SourceEntry], request: Any) -> list[SourceEntry]:
    """Returns the sources with a delivery at the vintage; all if none had one, because the question is then refused."""
    if not request.HasField("vintage"):
        return sources
    vintage = as_date(request.vintage, "vintage")
    return [each for each in sources if each.delivered[0].delivered <= vintage] or sources


def _one(question: Question, opened: OpenMart, today: date) -> contract.ComparedSource:
    coverage = Coverage(question, opened)
    compared = contract.ComparedSource(
        source=source_message(question.source, opened, today),
        state=coverage.state(()),
        reasons=_reasons(question, opened),
    )
    value = _figure(question, opened)
    if value is not None:
        compared.value = value
    compared.reasons.extend(coverage.sentences())
    return compared


def _figure(question: Question, opened: OpenMart) -> int | None:
    return opened.disclosure.shown(question.identity(()), count(question, opened).get((), 0))


def _reasons(question: Question, opened: OpenMart) -> list[str]:
    """Returns the source's counting rule, and the parts of the difference that it explains (disclosure control
    applies)."""
    source = question.source
    told = [f"Cuenta {source.counts}."]
    if question.offence == _HOMICIDE:
        beside = _figure(replace(question, offence=_OTHER_DEATHS), opened)
        if beside is not None:
            told.append(f"Aparte, unas {beside} muertes de manera indeterminada, que no cuenta como homicidio.")
    late = _figure_of_late(question, opened)
    if late is not None:
        told.append(f"Unas {late} llegaron en entregas posteriores a la primera del año siguiente.")
    return told


def _figure_of_late(question: Question, opened: OpenMart) -> int | None:
    """Returns the events delivered later in the next year: the difference of two published vintages."""
    after = [
        each.delivered
        for each in question.source.delivered
        if each.year == question.first_year
        and each.delivered.year > question.first_year
        and each.delivered <= question.vintage
    ]
    if len(after) < 2:
        return None
    first, last = (_figure(replace(question, vintage=day), opened) for day in (min(after), question.vintage))
    return last - first if first is not None and last is not None and last > first else None


def sources_response(opened: OpenMart, today: date) -> contract.ListSourcesResponse:
    """Every source, and how complete it is."""
    found: list[SourceEntry] = opened.mart.sources
    return contract.ListSourcesResponse(
        sources=[source_message(each, opened, today) for each in found],
        demo=sorted({*opened.mart.demo, *(text for each in found for text in each.demo)}),
        mart_id=opened.mart.id,
    )
