"""The gaps of a figure: a silent source, days that a register lost, reports that still come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from core.mart.layout import SourceEntry
from ronda.v1.statistics_service_pb2 import CellState, Dimension
from server.statistics.mart import Gap, OpenMart
from server.statistics.question import PLACES, Question

_DAY = timedelta(1)
# Looked up once, for cells are many.
_COMPLETE, _PROVISIONAL = CellState.CELL_STATE_COMPLETE, CellState.CELL_STATE_PROVISIONAL
_GAP, _STALE = CellState.CELL_STATE_GAP, CellState.CELL_STATE_STALE
_LATE_TOLD = _GAPS_TOLD = 5  # municipalities that are named
_LOST_SHARE = 0.05  # of a department's or the country's events: a municipality that lost as much is not complete either


class Coverage:
    """Coverage of one question's source, as known at its vintage."""

    def __init__(self, question: Question, opened: OpenMart) -> None:
        source, vintage = question.source, question.vintage
        self._question, self._opened = question, opened
        self._time_at = question.by.index(question.time) if question.time is not None else None
        self._place_at = next((at for at, each in enumerate(question.by) if each in PLACES), None)
        # By the codes of time and place: a table has each many times.
        self._spans: dict[str, tuple[date, date]] = {}
        self._states: dict[tuple[str, str], CellState] = {}
        self._before: dict[tuple[str, int], date] = {}
        self._days = {
            year: sorted(each.delivered for each in source.delivered if each.year == year and each.delivered <= vintage)
            for year in {each.year for each in source.delivered}
        }
        delivered = [day for days in self._days.values() for day in days]
        self.as_of = max(delivered)
        self.stale = (vintage - self.as_of).days > source.stale_after_days
        first, last = date(question.first_year, 1, 1), date(question.last_year, 12, 31)
        place = question.fixed.get("place", "")[:2]
        self._gaps: list[Gap] = [
            gap
            for gap in opened.gaps.get(source.id, [])
            if gap.known_from <= vintage < gap.known_until
            and gap.first_day <= last
            and gap.after_day > first
            and place in ("", gap.place[:2])
        ]

    def state(self, codes: Sequence[str]) -> CellState:
        """Returns the state of one cell: the worst holds."""
        if self.stale:
            return _STALE
        time = codes[self._time_at] if self._time_at is not None else ""
        place = codes[self._place_at] if self._place_at is not None else ""
        found = self._states.get((time, place))
        if found is None:
            found = self._states[time, place] = self._state(time, place or self._question.fixed.get("place", ""))
        return found

    def _state(self, time: str, place: str) -> CellState:
        first, last = self._span(time)
        if self._gaps and self._lost(place, first, last):
            return _GAP
        if last >= self._complete_before(place, first.year):
            return _PROVISIONAL
        return _COMPLETE

    def _lost(self, place: str, first: date, last: date) -> bool:
        """Returns whether too many of these days are lost for a place.

        A gap of its own or of its department counts whole; gaps of its municipalities count if together they reach
        _LOST_SHARE.
        """
        days, lost = (last - first).days + 1, 0.0
        for gap in self._gaps:
            common = (min(last + _DAY, gap.after_day) - max(first, gap.first_day)).days
            if common <= 0:
                continue
            if gap.place == place or (len(gap.place) == 2 and place[:2] in ("", gap.place)):
                return True
            if len(gap.place) == 4 and place in ("", gap.place[:2]):
                lost += (gap.share if place else gap.country_share) * common / days
        return lost >= _LOST_SHARE

    def _span(self, code: str) -> tuple[date, date]:
        if code not in self._spans:
            self._spans[code] = self._span_of(code)
        return self._spans[code]

    def _span_of(self, code: str) -> tuple[date, date]:
        question = self._question
        if question.time == Dimension.DIMENSION_WEEK:
            first = date.fromisoformat(code)
            return first, min(first + (6 - first.weekday()) * _DAY, date(first.year, 12, 31))
        if question.time == Dimension.DIMENSION_MONTH:
            return _month(int(code[:4]), int(code[5:]))
        if question.month:
            return _month(question.first_year, question.month)
        year = int(code) if code else question.first_year
        return date(year, 1, 1), date(year, 12, 31)

    def _complete_before(self, place: str, year: int) -> date:
        """Days before this one are all but complete: so many deliveries have come since as the place needs."""
        found = self._before.get((place, year))
        if found is None:
            days, needed = self._days.get(year, []), self._needed(place)
            found = self._before[place, year] = days[-needed] if len(days) >= needed else date.min
        return found

    def _needed(self, place: str) -> int:
        source = self._question.source.id
        whole = self._opened.needed.get((source, ""), 1)
        return self._opened.needed.get((source, place), whole)

    def sentences(self) -> list[str]:
        """Returns the gaps as sentences for people."""
        source, told = self._question.source, []
        if self.stale:
            told.append(
                f"{source.institution} no entrega desde el {self.as_of:%d/%m/%Y} (más de {source.stale_after_days} "
                "días): GRIS; ningún descenso se afirma."
            )
        years = range(self._question.first_year, self._question.last_year + 1)
        if missing := [str(year) for year in years if year not in self._days or not self._days[year]]:
            more = " y otros años" if len(missing) > _GAPS_TOLD else ""
            told.append(f"Sin ninguna entrega de {', '.join(missing[:_GAPS_TOLD])}{more}: nada se sabe.")
        told += self._silent()
        told += self._late()
        if source.unmapped_rows:
            told.append("Hay filas con un delito que ningún mapa conoce: en el código 99 (ronda statistics sources).")
        refused = sum(each.refused for each in source.delivered)
        if refused:
            told.append(f"{refused} filas rechazadas al leer las entregas (ronda statistics sources).")
        files = [each for each in source.deliveries if each.rule]
        told += [f"{each.file}: no se usó ({each.rule})." for each in files]
        return told

    def _silent(self) -> list[str]:
        """Departments, and the municipalities that lost the most."""
        departments = [gap for gap in self._gaps if len(gap.place) == 2]
        towns = sorted((gap for gap in self._gaps if len(gap.place) != 2), key=lambda gap: -gap.expected)
        names = {**self._opened.municipalities, **self._opened.departments}
        told = [
            f"{names.get(gap.place, gap.place)}: sin ningún registro del {gap.first_day:%d/%m/%Y} al "
            f"{gap.after_day - _DAY:%d/%m/%Y}, donde se esperaban unos {round(gap.expected, -1):.0f} de todos los "
            "delitos: falla del registro."
            for gap in (*departments, *towns[:_GAPS_TOLD])
        ]
        if len(towns) > _GAPS_TOLD:
            told.append(f"Y otros {len(towns) - _GAPS_TOLD} vacíos de registro en municipios.")
        return told

    def _late(self) -> list[str]:
        whole = self._needed("")
        fixed = self._question.fixed.get("place", "")
        late = [
            (needed, place)
            for (source, place), needed in self._opened.needed.items()
            if source == self._question.source.id and place and needed > whole and place.startswith(fixed)
        ]
        told = []
        for _needed, place in sorted(late, reverse=True)[:_LATE_TOLD]:
            since = self._complete_before(place, self._question.last_year)
            if since <= date(self._question.last_year, 12, 31):
                name = {**self._opened.departments, **self._opened.municipalities}.get(place, place)
                day = "todo el año" if since == date.min else f"desde el {since:%d/%m/%Y}"
                told.append(f"{name}: sus reportes llegan tarde; {day} sus cifras son provisionales.")
        return told


def _month(year: int, month: int) -> tuple[date, date]:
    after = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), after - _DAY


def stale_now(source: SourceEntry, today: date) -> bool:
    """Returns whether the source has delivered nothing for too long."""
    return not source.delivered or (today - source.delivered[-1].delivered).days > source.stale_after_days
