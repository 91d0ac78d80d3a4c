"""Words for input and output of figures: dimensions, rules, states, topics."""

from __future__ import annotations

from ronda.v1.statistics_service_pb2 import CellState, ChangeState, CountingRule, Dimension

DIMENSIONS: dict[str, tuple[int, str]] = {
    "year": (Dimension.DIMENSION_YEAR, "año"),
    "month": (Dimension.DIMENSION_MONTH, "mes"),
    "week": (Dimension.DIMENSION_WEEK, "semana"),
    "weekday": (Dimension.DIMENSION_WEEKDAY, "día de la semana"),
    "hour": (Dimension.DIMENSION_HOUR, "hora"),
    "department": (Dimension.DIMENSION_DEPARTMENT, "departamento"),
    "municipality": (Dimension.DIMENSION_MUNICIPALITY, "municipio"),
    "zone": (Dimension.DIMENSION_ZONE, "zona"),
    "offence": (Dimension.DIMENSION_OFFENCE, "delito"),
    "sex": (Dimension.DIMENSION_SEX, "sexo"),
    "age": (Dimension.DIMENSION_AGE_BAND, "edad"),
    "relation": (Dimension.DIMENSION_RELATION, "relación"),
    "mechanism": (Dimension.DIMENSION_MECHANISM, "mecanismo"),
    "step": (Dimension.DIMENSION_STEP, "paso"),
    "purpose": (Dimension.DIMENSION_PURPOSE, "motivo"),
    "method": (Dimension.DIMENSION_METHOD, "consulta"),
    "level": (Dimension.DIMENSION_LEVEL, "respuesta"),
    "hit": (Dimension.DIMENSION_HIT, "alerta"),
}
"""Word of the command -> dimension, its Spanish heading."""
HEADINGS = dict(DIMENSIONS.values())

RULES: dict[str, tuple[int, str]] = {
    "victims": (CountingRule.COUNTING_RULE_VICTIM, "víctimas"),
    "events": (CountingRule.COUNTING_RULE_EVENT, "hechos"),
    "offences": (CountingRule.COUNTING_RULE_OFFENCE, "delitos"),
    "suspects": (CountingRule.COUNTING_RULE_SUSPECT, "sindicados"),
    "steps": (CountingRule.COUNTING_RULE_CASE_STEP, "pasos de casos"),
    "checks": (CountingRule.COUNTING_RULE_CHECK, "consultas"),
    "calls": (CountingRule.COUNTING_RULE_CALL, "llamadas"),
}
RULE_TEXTS = dict(RULES.values())

STATES: dict[int, str] = {
    CellState.CELL_STATE_UNSPECIFIED: "GRIS: no se sabe",
    CellState.CELL_STATE_COMPLETE: "",
    CellState.CELL_STATE_PROVISIONAL: "GRIS: provisional",
    CellState.CELL_STATE_GAP: "GRIS: el registro perdió días",
    CellState.CELL_STATE_STALE: "GRIS: la fuente no entrega",
}
CHANGES: dict[int, str] = {
    ChangeState.CHANGE_STATE_UNSPECIFIED: "no se prueba",
    ChangeState.CHANGE_STATE_NONE: "sin cambio",
    ChangeState.CHANGE_STATE_RISE: "SUBE",
    ChangeState.CHANGE_STATE_FALL: "BAJA",
}
HIDDEN = "oculta"
MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
SEX_WORDS = {"F": ("f", "mujer", "mujeres"), "M": ("m", "hombre", "hombres")}

TOPICS: dict[str, tuple[str, str, str]] = {
    "homicides": ("0101", "victims", "Homicidios intencionales: víctimas, por lo que se pida."),
    "assaults": ("0201", "victims", "Agresiones y amenazas: víctimas."),
    "kidnappings": ("020221", "victims", "Secuestros: víctimas."),
    "extortion": ("02051", "events", "Extorsiones: hechos."),
    "rape": ("0301", "victims", "Violencia sexual: víctimas."),
    "robberies": ("0401", "events", "Robos con violencia o amenaza: hechos."),
    "thefts": ("0502", "events", "Hurtos: hechos."),
    "drugs": ("0601", "events", "Delitos de drogas: hechos."),
    "weapons": ("0901", "events", "Delitos con armas: hechos."),
    "all": ("", "events", "Todos los delitos: hechos."),
    "checks": ("", "checks", "Consultas hechas en Ronda: cuántas, y de qué fueron sus alertas."),
}
"""Word of the command -> ICCS code, counting rule, what it shows."""
