"""The persons that a warrant may mean, as a table: persons on file by any identifier, one warrant, a server's answers.

Written by hand from docs/answers.md sections 4 and 5, for the arrested and the victim; surnames keep the cases apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

DOCUMENT = 'document_country = "PAIS"\ndocument_number = "PASAPORTE"\n'
RENAP = MANIFESTS["renap"].replace(
    'sex = { column = "SEXO", codes = "sex" }\n',
    'sex = { column = "SEXO", codes = "sex" }\nfather_name = "PADRE"\nbirth_department = "DEPTO"\n'
    'mother_name = "MADRE"\n',
)
OJ = MANIFESTS["oj"].replace(
    'birth_date = "NACIMIENTO"\n',
    'birth_date = "NACIMIENTO"\nabout_age = "EDAD"\nresidence_department = "DEPTO"\nfather_name = "PADRE"\n'
    'mother_name = "MADRE"\n'
    f'sex = {{ column = "SEXO", codes = "sex" }}\n{DOCUMENT}',
)
OJ = OJ.replace("[codes.state]", '[codes.sex]\nM = "MALE"\nF = "FEMALE"\n\n[codes.state]')
# Who crosses a border, and who drives: on file by a passport or a licence alone.
OTHERS = """
[register]
id = "{id}"
name = "{id}"
owner = "{id}"
contact = "tel."
order = {order}
roles = {{ person = ["context"] }}
identifies = ["{identifies}"]
stale_after = "30d"

[[source]]
name = "filas"
format = "csv"
path = "{id}.csv"
as_of = {{ from = "mtime" }}

[codes.sex]
M = "MALE"
F = "FEMALE"

[[record]]
source = "filas"
section = "{section}"
record_id = "ID"

[record.subject]
{subject}
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
sex = {{ column = "SEXO", codes = "sex" }}
"""
MIGRACION = OTHERS.format(
    id="migracion", order=40, identifies="foreign_document", section="border_crossing", subject=DOCUMENT
)
TRANSITO = OTHERS.format(
    id="transito", order=50, identifies="licence", section="licence", subject='licence = "LICENCIA"'
)


@dataclass(frozen=True)
class Person:
    """`file`: RENAP by CUI, Migración by passport (two crossings), Tránsito by licence."""

    name: str
    born: str = "1980-05-17"
    sex: str = "F"
    file: str = "cui"
    department: str = "1"
    father: str = ""
    mother: str = ""


@dataclass(frozen=True)
class Warrant:
    """number: place of the case's person with the CUI or passport on it, or -1 for one that nobody has."""

    name: str
    born: str = "1980-05-17"
    number: int | None = None
    age: str = ""
    department: str = ""
    father: str = ""
    sex: str = ""
    mother: str = ""


@dataclass(frozen=True)
class Case:
    """levels: of the answer for each person by the own identifier; counted: its name_only_alerts."""

    persons: tuple[Person, ...]
    warrant: Warrant
    levels: str
    counted: tuple[int, ...] = ()


def foreigner(name: str, born: str = "1980-05-17") -> Person:
    return Person(name, born, file="passport")


HIS = {"father": "LEON XITUM", "mother": "ROSA TEPAZ"}
ROSARIO = Person("ROSARIO CHAICOJ TEPEU")
ANA, TWIN = Person("ANA LUCIA ABAJ TZUNUX"), Person("MARIA ELENA ABAJ TZUNUX")
EVERYBODY = {
    "only a foreigner": Case(
        (foreigner("KARLA BEATRIZ ALVARENGA RIVAS"),), Warrant("KARLA BEATRIZ ALVARENGA RIVAS"), "HIT"
    ),
    "a foreigner, as heard": Case((foreigner("YESENIA BONILLA ZELAYA"),), Warrant("YESENIA BONIYA SELAYA"), "HIT"),
    "a Guatemalan and a foreigner": Case(
        (Person("ROSA IDALIA CABRERA LEIVA"), foreigner("ROSA IDALIA CABRERA LEIVA")),
        Warrant("ROSA IDALIA CABRERA LEIVA"),
        "POSSIBLE POSSIBLE",
    ),
    "two foreigners": Case(
        (foreigner("SONIA DUARTE MEZA"), foreigner("SONIA DUARTE MEZA")),
        Warrant("SONIA DUARTE MEZA"),
        "POSSIBLE POSSIBLE",
    ),
    "a foreigner of another birth date": Case(
        (Person("TANIA ESCOBAR NIETO"), foreigner("TANIA ESCOBAR NIETO", "1991-02-03")),
        Warrant("TANIA ESCOBAR NIETO"),
        "HIT CLEAR",
    ),
    "a foreigner's name alone": Case(
        (foreigner("URSULA FAJARDO OSEGUEDA"),), Warrant("URSULA FAJARDO OSEGUEDA", born=""), "INSUFFICIENT", (1,)
    ),
    "a foreigner's name and age": Case(
        (foreigner("VILMA GUARDADO PORTAN"),), Warrant("VILMA GUARDADO PORTAN", born="", age="40"), "POSSIBLE"
    ),
    "only by licence": Case((Person("WENDY HUINAC QUEME", file="licence"),), Warrant("WENDY HUINAC QUEME"), "HIT"),
    "a foreigner's number, one digit wrong": Case(
        (foreigner("XIOMARA IRAHETA SORTO"),), Warrant("XIOMARA IRAHETA SORTO", number=-1), "POSSIBLE"
    ),
    "another foreigner's passport": Case(
        (foreigner("YOLANI JIRON TALAVERA"), foreigner("PEDRO KATTAN ULLOA", "1960-01-01")),
        Warrant("YOLANI JIRON TALAVERA", number=1),
        "POSSIBLE POSSIBLE",
    ),
    "a foreigner by her passport": Case(
        (foreigner("ZULMA LAINEZ VINDEL"), foreigner("ZULMA LAINEZ VINDEL")),
        Warrant("ZULMA LAINEZ VINDEL", number=0),
        "HIT POSSIBLE",
    ),
    "a foreigner, one given name and one surname": Case(
        (foreigner("AMALIA JOSEFINA MADRIZ WALESKA"),), Warrant("AMALIA MADRIZ"), "POSSIBLE"
    ),
    # a number that nothing bears out takes nothing away
    "nobody's CUI, age": Case(
        (Person("BELIA NAJARRO XICAY"),), Warrant("BELIA NAJARRO XICAY", "", -1, age="40"), "POSSIBLE"
    ),
    "nobody's CUI, department": Case(
        (Person("CLEMENCIA OLCOT YAQUI", department="9"),),
        Warrant("CLEMENCIA OLCOT YAQUI", "", -1, department="9"),
        "POSSIBLE",
    ),
    "nobody's CUI, a name alone": Case(
        (Person("DELFINA PIRIR ZET"),), Warrant("DELFINA PIRIR ZET", "", -1), "POSSIBLE"
    ),
    "nobody's CUI, birth date swapped": Case(
        (Person("ESTELA QUINO ACEITUNO", "1980-05-07"),), Warrant("ESTELA QUINO ACEITUNO", "1980-07-05", -1), "POSSIBLE"
    ),
    "nobody's CUI, two of the name and date": Case(
        (Person("FABIANA RUANO BATRES"), Person("FABIANA RUANO BATRES")),
        Warrant("FABIANA RUANO BATRES", number=-1),
        "POSSIBLE POSSIBLE",
    ),
    "nobody's CUI, nearly the name": Case(
        (Person("GENOVEVA LETICIA SIPAC CANO"),), Warrant("GENOVEVA SIPAC", number=-1), "POSSIBLE"
    ),
    "a stranger's CUI and an age": Case(
        (Person("HERLINDA TOC DARDON"), Person("TOMAS XOL YAT", "1961-01-02", "M")),
        Warrant("HERLINDA TOC DARDON", "", 1, age="40"),
        "POSSIBLE POSSIBLE",
    ),
    "a stranger's CUI and a name alone": Case(
        (Person("ISABEL UCELO ESPINA"), Person("MARCO YOC TUM", "1961-01-02", "M")),
        Warrant("ISABEL UCELO ESPINA", "", 1),
        "POSSIBLE POSSIBLE",
    ),
    "her twin's CUI": Case((ANA, TWIN), Warrant(ANA.name, number=1), "POSSIBLE POSSIBLE"),
    "her own CUI, and a twin": Case(
        (Person("JULIA VASQUEZ FIGUEROLA"), Person("KAREN VASQUEZ FIGUEROLA")),
        Warrant("JULIA VASQUEZ FIGUEROLA", number=0),
        "HIT CLEAR",
    ),
    "her twin's CUI, a given name in common": Case(
        (Person("MARIA JOSE XUYA GOMEZ"), Person("MARIA FERNANDA XUYA GOMEZ")),
        Warrant("MARIA JOSE XUYA GOMEZ", number=1),
        "POSSIBLE POSSIBLE",
    ),
    "her sister's CUI and the same parents": Case(
        (
            Person("LIDIA YUMAN HERRERA", father="LEON YUMAN PAZ"),
            Person("NORMA YUMAN HERRERA", "1985-01-01", father="LEON YUMAN PAZ"),
        ),
        Warrant("LIDIA YUMAN HERRERA", "", 1, father="LEON YUMAN PAZ"),
        "POSSIBLE POSSIBLE",
    ),
    "her mother's CUI": Case(
        (Person("OFELIA ZAMORA ICAL", "2000-03-04"), Person("OFELIA ZAMORA LUX", "1975-08-09")),
        Warrant("OFELIA ZAMORA ICAL", "2000-03-04", 1),
        "POSSIBLE POSSIBLE",
    ),
    "a homonym's CUI": Case(
        (Person("PAULA AJCIP JOCOP"), Person("PAULA AJCIP JOCOP", "1995-12-12")),
        Warrant("PAULA AJCIP JOCOP", number=1),
        "POSSIBLE POSSIBLE",
    ),
    "her CUI, another surname since": Case(
        (Person("RAQUEL ELENA BOCEL KESTLER"),), Warrant("RAQUEL ELENA MENCHU ORTIZ", number=0), "POSSIBLE"
    ),
    "her CUI and both surnames misspelt": Case(
        (Person("SILVIA CANASTUJ LACAN"), Person("OLGA MUX NIMATUJ")),
        Warrant("SILVIA KANASTUG LAKAM", number=0),
        "HIT CLEAR",
    ),
    "her CUI, nobody else, another birth date": Case(
        (Person("TELMA DONIS MARROQUIN"),), Warrant("TELMA DONIS MARROQUIN", "1999-01-01", 0), "HIT"
    ),
    "a stranger's CUI with half his name": (
        Case((Person("JUAN CARLOS LOPEZ XICARA"),), Warrant("JUAN LOPEZ MAZARIEGOS", "1961-09-19", 0), "POSSIBLE")
    ),
    "a stranger's CUI with half his name, and who is meant": Case(
        (Person("LUIS FELIPE SOCOP XICARA"), Person("LUIS SOCOP MAZARIEGOS", "1961-09-19")),
        Warrant("LUIS SOCOP MAZARIEGOS", "1961-09-19", 0),
        "POSSIBLE POSSIBLE",
    ),
    "his CUI with half his name, born that day": Case(
        (Person("PABLO ANDRES SOCOP XICARA"),), Warrant("PABLO SOCOP MAZARIEGOS", number=0), "HIT"
    ),
    "his CUI with half his name and a filler": Case(
        (Person("RENE ARTURO SOCOP XICARA"),), Warrant("RENE SOCOP MAZARIEGOS", "1900-01-01", 0), "POSSIBLE"
    ),
    "his CUI with one name of each kind and a filler": Case(
        (Person("ROQUE ARTURO SOCOP XICARA"),), Warrant("ROQUE SOCOP", "1900-01-01", 0), "HIT"
    ),
    "his CUI with one name of each kind, born on a New Year's Day": Case(
        (Person("RUFO ARTURO SOCOP XICARA"),), Warrant("RUFO SOCOP", "1963-01-01", 0), "POSSIBLE"
    ),
    "his CUI with one name of each kind, born another day": Case(
        (Person("RUBEN ARTURO SOCOP XICARA"),), Warrant("RUBEN SOCOP", "1963-02-03", 0), "POSSIBLE"
    ),
    "his CUI with a brother's second name": Case(
        (Person("JOEL ARTURO SOCOP XICARA", father="LEON SOCOP"),),
        Warrant("JOEL MARIO SOCOP XICARA", "", 0, father="LEON SOCOP"),
        "POSSIBLE",
    ),
    "his CUI with another second surname, and his father": Case(
        (Person("JAIRO ARTURO SOCOP XICARA", father="LEON SOCOP"),),
        Warrant("JAIRO ARTURO SOCOP MAZARIEGOS", "", 0, father="LEON SOCOP"),
        "HIT",
    ),
    "his CUI and birth date with another's second name and surname": Case(
        (Person("JUSTO ARTURO SOCOP XICARA"),), Warrant("JUSTO MARIO SOCOP MAZARIEGOS", number=0), "POSSIBLE"
    ),
    "his CUI and name, another birth date and father": Case(
        (Person("JORGE ARTURO SOCOP XICARA", father="LEON SOCOP"),),
        Warrant("JORGE ARTURO SOCOP XICARA", "1961-09-19", 0, father="RAUL MENDEZ"),
        "POSSIBLE",
    ),
    "his CUI with half his name, born on a New Year's Day": Case(
        (Person("RUBEN DARIO SOCOP XICARA"),), Warrant("RUBEN SOCOP MAZARIEGOS", "1963-01-01", 0), "POSSIBLE"
    ),
    "his CUI with half his name, and his father": Case(
        (Person("SAUL ARTURO SOCOP XICARA", father="LEON SOCOP"),),
        Warrant("SAUL SOCOP MAZARIEGOS", "1961-09-19", 0, father="LEON SOCOP"),
        "POSSIBLE",
    ),
    "his CUI without a name, and another birth date": Case(
        (Person("TELMO ARTURO SOCOP XICARA"),), Warrant("", "1961-09-19", 0), "POSSIBLE"
    ),
    "his CUI without a name": Case((Person("TITO ARTURO SOCOP XICARA"),), Warrant("", number=0), "HIT"),
    # foreign names as they are written here
    "Yovani, written Jovany": Case((Person("YOVANI CHUMIL BIXCUL"),), Warrant("JOVANY CHUMIL VIXCUL"), "HIT"),
    "Michael, written Maicol": Case((Person("MICHAEL CHUMIL BIXCAL"),), Warrant("MAICOL CHUMIL BIXCAL"), "HIT"),
    "Yeison is not Johnny": Case((Person("YEISON CHUMIL BIXCOL"),), Warrant("JOHNNY CHUMIL BIXCOL"), "CLEAR"),
    # no parent in a parent's field
    "both fathers unknown": Case(
        (Person("MARCELA XITUM TEPAZ", father="DESCONOCIDO"),),
        Warrant("MARCELA XITUM TEPAZ", "", father="DESCONOCIDO"),
        "INSUFFICIENT",
        (1,),
    ),
    "both fathers NO CONSTA": Case(
        (Person("NOELIA XITUM TEPAZ", father="NO CONSTA"),),
        Warrant("NOELIA XITUM TEPAZ", "", father="No consta"),
        "INSUFFICIENT",
    ),
    "a father's given name alone": Case(
        (Person("OTILIA XITUM TEPAZ", father="LEON"),), Warrant("OTILIA XITUM TEPAZ", "", father="LEON"), "INSUFFICIENT"
    ),
    "one father": Case(
        (Person("PETRONA XITUM TEPAZ", father="LEON XITUM"),),
        Warrant("PETRONA XITUM TEPAZ", "", father="LEON XITUM"),
        "HIT",
    ),
    "an unknown father on the row alone": Case(
        (Person("QUETA XITUM TEPAZ", father="LEON XITUM"),),
        Warrant("QUETA XITUM TEPAZ", "1980-05-17", father="PADRE DESCONOCIDO"),
        "HIT",
    ),
    "a stranger's CUI and unknown fathers": Case(
        (Person("RAMONA SACALXOT IXCOT", father="XXX"),),
        Warrant("RAMONA QUIXTAN VICENTE", "1961-01-02", 0, father="XXX"),
        "POSSIBLE",
    ),
    # both parents
    "both her parents and another birth date": Case(
        (Person("SELVIN XITUM TEPAZ", **HIS), Person("SELVIN XITUM TEPAZ", "1991-02-03")),
        Warrant("SELVIN XITUM TEPAZ", "1965-03-23", None, **HIS),
        "POSSIBLE CLEAR",
    ),
    "both her parents, and a namesake of the birth date": Case(
        (Person("TELVINA XITUM TEPAZ", **HIS), Person("TELVINA XITUM TEPAZ", "1968-09-21")),
        Warrant("TELVINA XITUM TEPAZ", "1968-09-21", None, **HIS),
        "POSSIBLE POSSIBLE",
    ),
    "one of her parents and another birth date": Case(
        (Person("ULBIA XITUM TEPAZ", father=HIS["father"], mother="ANA QUEJ"),),
        Warrant("ULBIA XITUM TEPAZ", "1962-09-23", None, **HIS),
        "CLEAR",
    ),
    "the one parent that is stated and another birth date": Case(
        (Person("URSULA XICAY TEPEU", father="LEON XICAY", mother="ANA TEPEU"),),
        Warrant("URSULA XICAY TEPEU", "1962-09-24", None, father="LEON XICAY"),
        "POSSIBLE",
    ),
    "the one parent that is stated, two words and another birth date": Case(
        (Person("ZENAIDA XICAYTZA", father="LEON XICAY", mother="ANA TEPEU"),),
        Warrant("ZENAIDA XICAYTZA", "1962-09-25", None, father="LEON XICAY"),
        "CLEAR",
    ),
    "her birth date and parents, and her sister of a longer name": Case(
        (Person("XENIA CHAICOJ TEPEU", **HIS), Person("XENIA ROSA CHAICOJ TEPEU", "1984-02-03", **HIS)),
        Warrant("XENIA CHAICOJ TEPEU", "1980-05-17", None, **HIS),
        "HIT CLEAR",
    ),
    "her parents alone, and her sister of a longer name": Case(
        (Person("XIMENA CHAICOJ TEPEU", **HIS), Person("XIMENA ROSA CHAICOJ TEPEU", "1984-02-03", **HIS)),
        Warrant("XIMENA CHAICOJ TEPEU", "", None, **HIS),
        "POSSIBLE POSSIBLE",
    ),
    "the only bearer, another sex": Case(
        (Person("YADIRA CHAICOJ TEPEU"),), Warrant("YADIRA CHAICOJ TEPEU", "", sex="M"), "INSUFFICIENT"
    ),
    "the only bearer, another father": Case(
        (Person("YOLANDA CHAICOJ TEPEU", father="LEON XITUM"),),
        Warrant("YOLANDA CHAICOJ TEPEU", "", father="RAUL MENDEZ"),
        "INSUFFICIENT",
    ),
    "a bearer of her sex, and one of another": Case(
        (ROSARIO, replace(ROSARIO, born="1971-02-03", sex="M")),
        Warrant(ROSARIO.name, "", sex="F"),
        "INSUFFICIENT CLEAR",
    ),
    "an initial and both parents": Case(
        (Person("VIVIANA ANDREA XITUM TEPAZ", **HIS), Person("VIVIANA ANDREA XITUM TEPAZ", "1991-02-03")),
        Warrant("VIVIANA A. XITUM TEPAZ", "", None, **HIS),
        "POSSIBLE CLEAR",
    ),
    "a sister of both parents": Case(
        (Person("WENDOLYN ROSA XITUM TEPAZ", **HIS),),
        Warrant("WENDOLYN IRMA XITUM TEPAZ", "1959-10-11", None, **HIS),
        "CLEAR",
    ),
    # nearly the name, exactly the birth date
    "one given name and one surname": Case(
        (Person("BLANCA ESTER EQUITE NORIEGA"),), Warrant("BLANCA EQUITE"), "POSSIBLE"
    ),
    "an initial": Case((Person("CARLA SOFIA FLORIAN OVANDO"),), Warrant("C. SOFIA FLORIAN OVANDO"), "POSSIBLE"),
    "initials of both": Case((Person("DIANA ROSARIO GIRON PINEDA"),), Warrant("D. R. GIRON PINEDA"), "POSSIBLE"),
    "a surname's initial": Case((Person("ELVIRA TERESA HICHO QUEVEDO"),), Warrant("ELVIRA T. HICHO Q."), "POSSIBLE"),
    "another second surname": Case(
        (Person("FRIDA ITZEL IXCAMEY RAXON"),), Warrant("FRIDA ITZEL IXCAMEY SALAZAR"), "POSSIBLE"
    ),
    "a letter wrong in each surname": Case(
        (Person("GLADIS JUDITH JOACHIN TARACENA"),), Warrant("GLADIS JUDITH JOACXIN TARAGENA"), "POSSIBLE"
    ),
    "letters wrong in given name and surname": Case(
        (Person("HORTENSIA KAUFFMANN ULUAN"),), Warrant("HORTENZIO KAUFMAB ULUAN"), "POSSIBLE"
    ),
    "another given name besides": Case(
        (Person("INGRID PAOLA LEMUS VALLE"),), Warrant("INGRID MISHEL LEMUS VALLE"), "POSSIBLE"
    ),
    "the husband's surname for the second": Case(
        (Person("JOVITA ISABEL MANCILLA WAIGHT"),), Warrant("JOVITA MANCILLA DE ZULETA"), "POSSIBLE"
    ),
    "another sex": Case((Person("KATERIN NUFIO XITUMUL"),), Warrant("KATERIN NUFIO XITUMUL", sex="M"), "POSSIBLE"),
    "nearly the name, two of them": Case(
        (Person("LESBIA CARINA OXLAJ YANCOBA"), Person("LESBIA MARINA OXLAJ ZACARIAS")),
        Warrant("LESBIA OXLAJ"),
        "POSSIBLE POSSIBLE",
    ),
    "a twin of her own name's half": Case(
        (Person("MILDRED ANAI PABLO AGUSTIN"), Person("MILDRED EUNICE PABLO AGUSTIN")),
        Warrant("MILDRED ANAI PABLO AGUSTIN"),
        "HIT POSSIBLE",
    ),
    "nearly the name, another birth date": Case(
        (Person("NINETH ROSMERY QUIB BARAHONA"),), Warrant("NINETH QUIB", "1984-11-30"), "CLEAR"
    ),
    "nearly the name and no birth date": Case(
        (Person("OTILIA RAMOS CHOXIN"),), Warrant("O. RAMOS CHOXIN", ""), "CLEAR"
    ),
    "a twin of other given names": Case((Person("PERLA SICAJAU DOMINGO"),), Warrant("RUBI SICAJAU DOMINGO"), "CLEAR"),
    "the given names alone": Case((Person("ANA ELENA TUBAC ELIAS"),), Warrant("ANA ELENA ZARCO VIDES"), "CLEAR"),
}


def identifier(case: str, place: int) -> str:
    """CUI, passport or licence of a case's person; -1: like the first one's, and nobody's."""
    person = EVERYBODY[case].persons[max(place, 0)]
    number = 100 * (list(EVERYBODY).index(case) + 1) + place % 100
    return cui_of(number) if person.file == "cui" else f"{person.file[0].upper()}X{number:06d}"


def written(registers: SmallRegisters, name: str, header: str, rows: list[list[str]]) -> None:
    with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("meant"))
    texts = {"renap": RENAP, "oj": OJ, "migracion": MIGRACION, "transito": TRANSITO}
    for name, text in texts.items():
        (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
    files: dict[str, list[list[str]]] = {"cui": [], "passport": [], "licence": [], "oj": []}
    for case, table in EVERYBODY.items():
        for place, p in enumerate(table.persons):
            number = identifier(case, place)
            row = [number, *(["HND"] if p.file == "passport" else []), p.name, p.born, p.sex]
            files[p.file].append([*row, p.father, p.department, p.mother] if p.file == "cui" else row)
        w = table.warrant
        number = "" if w.number is None else identifier(case, w.number)
        document = ["HND", number] if number.startswith("PX") else ["", ""]
        own = "" if document[1] else number
        stated = [own, w.name, w.born, "PENDIENTE", "2020-05-05", w.age, w.department, w.father, w.sex]
        files["oj"].append([case, *stated, *document, w.mother])
    written(registers, "renap", "ID CUI NOMBRE NACIMIENTO SEXO PADRE DEPTO MADRE", [[r[0], *r] for r in files["cui"]])
    crossings = [[f"{r[0]}-{n}", r[0], *r[1:]] for r in files["passport"] for n in (1, 2)]
    written(registers, "migracion", "ID PASAPORTE PAIS NOMBRE NACIMIENTO SEXO", crossings)
    written(registers, "transito", "ID LICENCIA NOMBRE NACIMIENTO SEXO", [[r[0], *r] for r in files["licence"]])
    header = "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA EDAD DEPTO PADRE SEXO PAIS PASAPORTE MADRE"
    written(registers, "oj", header, files["oj"])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", EVERYBODY)
def test_each_person_by_identifier(asker: Asker, case: str) -> None:
    table = EVERYBODY[case]
    for place, level in enumerate(table.levels.split()):
        person, number = table.persons[place], identifier(case, place)
        request = checks.CheckPersonRequest()
        if person.file == "passport":
            request.document.CopyFrom(value_pb2.ForeignDocument(country="HND", number=number))
        else:
            setattr(request, person.file, number)
        answer = asker(request)
        assert level_pb2.Level.Name(answer.answer.level) == f"LEVEL_{level}", f"person {place}"
        nothing = level in ("CLEAR", "INSUFFICIENT")  # the latter: the order may be of its name's only bearer
        assert [h.record.record_id for h in answer.answer.hits] == [case] * (not nothing)
        if nothing and table.counted:
            assert answer.person.name_only_alerts == table.counted[place]


def test_homonyms_are_everybody_on_file(asker: Asker) -> None:
    """A Guatemalan and a foreigner of one name are homonyms of each other."""
    case = "a Guatemalan and a foreigner"
    mine = asker.person(identifier(case, 0)).person
    document = value_pb2.ForeignDocument(country="HND", number=identifier(case, 1))
    theirs = asker(checks.CheckPersonRequest(document=document)).person
    assert (mine.homonyms, theirs.homonyms) == (1, 1)
