"""Tables as they are asked for: one, and those of UN-CTS that the sources allow.

UN-CTS (UNODC's yearly survey of crime trends) asks by ICCS; names and numbers of its tables are as remembered: no
questionnaire lies in the repository.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clients.statistics.words import RULES
from ronda.v1 import context_pb2, value_pb2
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import Dimension


@dataclass
class Table:
    """The counted rule (a word of RULES), the dimensions, the ICCS code, and the fixed nodes."""

    rule: str
    by: list[int]
    offence: str = ""
    fixed: dict[str, Any] = field(default_factory=dict)
    every_offence: bool = False

    def request(
        self, context: context_pb2.RequestContext, vintage: value_pb2.PartialDate | None, source: str = ""
    ) -> contract.QueryRequest:
        """Returns the request of the contract."""
        return contract.QueryRequest(
            context=context,
            rule=RULES[self.rule][0],  # type: ignore[arg-type]
            every_offence=self.every_offence,
            by=self.by,  # type: ignore[arg-type]
            filter=contract.StatisticsFilter(offence=self.offence, **self.fixed),
            vintage=vintage,
            source=source,
        )


_SEX, _AGE, _MECHANISM = Dimension.DIMENSION_SEX, Dimension.DIMENSION_AGE_BAND, Dimension.DIMENSION_MECHANISM
_RELATION, _OFFENCE, _STEP = Dimension.DIMENSION_RELATION, Dimension.DIMENSION_OFFENCE, Dimension.DIMENSION_STEP
_HOMICIDE = "0101"


def uncts(year: int) -> dict[str, tuple[str, Table]]:
    """Name of a table -> its Spanish title, what to ask."""
    fixed = {"first_year": year, "last_year": year}
    return {
        "homicidio-victimas-por-sexo": (
            "Homicidio intencional: víctimas por sexo",
            Table("victims", [_SEX], _HOMICIDE, fixed),
        ),
        "homicidio-victimas-por-edad-y-sexo": (
            "Homicidio intencional: víctimas por edad y sexo",
            Table("victims", [_AGE, _SEX], _HOMICIDE, fixed),
        ),
        "homicidio-victimas-por-mecanismo": (
            "Homicidio intencional: víctimas por mecanismo",
            Table("victims", [_MECHANISM], _HOMICIDE, fixed),
        ),
        "homicidio-victimas-por-relacion-y-sexo": (
            "Homicidio intencional: víctimas por relación con el agresor y sexo",
            Table("victims", [_RELATION, _SEX], _HOMICIDE, fixed),
        ),
        "delitos-registrados": ("Delitos registrados, por código ICCS", Table("offences", [_OFFENCE], "", fixed, True)),
        "victimas-por-delito-y-sexo": (
            "Víctimas por código ICCS y sexo",
            Table("victims", [_OFFENCE, _SEX], "", fixed),
        ),
        "proceso-penal": (
            "Proceso penal: denuncias, acusaciones y sentencias por código ICCS",
            Table("steps", [_OFFENCE, _STEP], "", fixed),
        ),
    }
