"""OJ, the judiciary: warrants, sentences and protection orders as XML in ISO-8859-1."""

from __future__ import annotations

from lxml import etree

from nation import days, tables
from nation.delimited import write_part
from nation.heard import Heard
from nation.justice import CANCELLED, EXECUTED, LAPSED, PENDING, SUSPENDED, Justice, courts
from nation.world import World
from nation.written_names import PARTS

ENCODING = "ISO-8859-1"
_STATES = {
    PENDING: "PENDIENTE",
    EXECUTED: "EJECUTADA",
    CANCELLED: "REVOCADA",
    SUSPENDED: "EN SUSPENSO",
    LAPSED: "PRESCRITA",
}
_PART_TAGS = dict(zip(PARTS, ["NOMBRE1", "NOMBRE2", "NOMBRE3", "APELLIDO1", "APELLIDO2", "CASADA"], strict=True))
_SEXES = {0: "", 1: "F", 2: "M"}
_FILES = {"ordenes": "ORDENES", "sentencias": "SENTENCIAS", "medidas": "MEDIDAS"}


def write(world: World, justice: Justice) -> int:
    """Writes the block's part of the three files; returns rows."""
    sections = {"ordenes": _warrants(world, justice), "sentencias": _sentences(world, justice),
                "medidas": _orders(world, justice)}  # fmt: skip
    for name, elements in sections.items():
        root = _FILES[name]
        head = f'<?xml version="1.0" encoding="{ENCODING}"?>\n<{root} sistema="SGT">\n' if world.plan.first else ""
        body = b"".join(_bytes(element) for element in elements)
        foot = f"</{root}>\n" if world.plan.last else ""
        write_part(world.plan.folder, f"registers/oj/{name}.xml", head.encode() + body + foot.encode())
    return sum(len(elements) for elements in sections.values())


def _bytes(element: etree._Element) -> bytes:
    text = etree.tostring(element, encoding="unicode") + "\n"
    return text.encode(ENCODING)


def _child(parent: etree._Element, tag: str, text: str, **attributes: str) -> None:
    if text:
        etree.SubElement(parent, tag, attributes).text = text


def _person(parent: etree._Element, tag: str, heard: Heard, age: int | None) -> None:
    element = etree.SubElement(parent, tag)
    _child(element, "CUI", heard.cui)
    _child(element, "DOCUMENTO", heard.document, pais=heard.document_country)
    for part, name in _PART_TAGS.items():
        _child(element, name, heard.part(part))
    _child(element, "NACIMIENTO", heard.birth_text(days.SLASHED) or "01/01/0001")
    _child(element, "EDAD", "" if age is None else str(age))
    _child(element, "SEXO", _SEXES[heard.sex])
    _child(element, "DEPARTAMENTO", tables.departments()[heard.department - 1].name.upper() if heard.department else "")
    _child(element, "PADRE", heard.father)
    _child(element, "MADRE", heard.mother)


def _court(parent: etree._Element, name: str) -> None:
    codes = {court: code for code, court in courts()}
    _child(parent, "JUZGADO", name, codigo=codes[name])


def _warrants(world: World, justice: Justice) -> list[etree._Element]:
    found = []
    for warrant in justice.warrants:
        if "oj" not in warrant.sightings:
            continue
        heard, state, state_day = warrant.sightings["oj"]
        row = etree.Element("ORDEN", TIPO="OC")
        _child(row, "NUMERO", "OC-" + warrant.record)
        _child(row, "CAUSA", warrant.causa)
        _court(row, warrant.court)
        _child(row, "DELITO", warrant.offence["text"], codigo=warrant.offence["code"])
        _child(row, "ARMADO", "S" if warrant.offence["armed"] == "1" else "N")
        _child(row, "FECHA", "31/02/2025" if warrant.damaged else days.date(warrant.issued).strftime(days.SLASHED))
        _child(row, "ESTADO", warrant.state_written or _STATES[state])
        _child(row, "FECHA_ESTADO", days.date(state_day).strftime(days.SLASHED))
        _person(row, "PERSONA", heard, heard.age_on(warrant.issued, world.plan.today))
        found.append(row)
        world.note_alert("oj", "OC-" + warrant.record, heard, "WARRANT", warrant.in_force)
    return found


def _sentences(world: World, justice: Justice) -> list[etree._Element]:
    found = []
    for sentence in justice.sentences:
        row = etree.Element("SENTENCIA")
        _child(row, "NUMERO", "SE-" + sentence.causa)
        _child(row, "CAUSA", sentence.causa)
        _court(row, sentence.court)
        _child(row, "DELITO", sentence.offence["text"], codigo=sentence.offence["code"])
        _child(row, "CLASE", "SEXUAL" if sentence.offence["class"] == "sexual" else "COMUN")
        _child(row, "FECHA", days.date(sentence.day).strftime(days.SLASHED))
        _child(row, "MESES_PRISION", str(sentence.months))
        _child(row, "FIRME", "S" if sentence.final else "N")
        _child(row, "REHABILITADO", "S" if sentence.expunged else "N")
        _person(row, "PERSONA", sentence.person, sentence.person.age_on(sentence.day, world.plan.today))
        found.append(row)
        world.note("oj", "SE-" + sentence.causa, sentence.person.person)
    return found


def _orders(world: World, justice: Justice) -> list[etree._Element]:
    found = []
    for order in justice.orders:
        row = etree.Element("MEDIDA")
        _child(row, "NUMERO", "MS-" + order.causa)
        _child(row, "CAUSA", order.causa)
        _court(row, order.court)
        _child(row, "MEDIDAS", order.measures)
        _child(row, "DESDE", order.start_written or days.date(order.start).strftime(days.SLASHED))
        _child(row, "HASTA", order.end_written or days.date(order.end).strftime(days.SLASHED))
        _child(row, "ESTADO", order.state_written or ("VIGENTE" if order.state == PENDING else "REVOCADA"))
        _child(row, "FECHA_ESTADO", days.date(order.state_day).strftime(days.SLASHED))
        for side, heard in (("AGRESOR", order.restrained), ("VICTIMA", order.protected)):
            _person(row, side, heard, heard.age_on(order.start, world.plan.today))
        found.append(row)
        holds = order.in_force(world.plan.today)
        world.note_alert("oj", "MS-" + order.causa, order.restrained, "PROTECTION_ORDER", holds)
        world.note_alert("oj", "MS-" + order.causa, order.protected, "PROTECTED", holds)
    return found
