"""A cell that no list of the manifest knows gives no clean certificate (docs/answers.md section 12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

_SENTENCE = """
[[record]]
source = "ordenes"
section = "sentence"
when = {{ column = "{kind}", {listed} }}
record_id = "ORDEN"
clearance = {standards}
certificate_visible = {{ column = "{column}", in = ["{shown}"] }}

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
"""
_SEXUAL, _OTHER = 'in = ["SEXUAL"], others = ["COMUN"]', 'not_in = ["SEXUAL"]'
NAMES = ("ANA ABAC", "BERTA BATZ", "CARLA CHIROY", "DORA DUBON", "ELSA FIGUEROA", "FLOR HERRARTE", "GLORIA JUAREZ")
# CLASE -> results against CRIMINAL_RECORD and RENAS
CLASSES = {
    "SEXUAL": ("WITH_RECORD", "WITH_RECORD"),
    "COMUN": ("WITH_RECORD", "NO_RECORD"),
    "SEXUALES": ("WITH_RECORD", "REVIEW"),
    "VIOLACION": ("WITH_RECORD", "REVIEW"),
    "": ("WITH_RECORD", "REVIEW"),
}
# CONSTANCIA -> result against POLICE_RECORD, where S shows a record on a certificate, and where N does
FLAGS = {
    "S": ("WITH_RECORD", "NO_RECORD"),
    "n": ("NO_RECORD", "WITH_RECORD"),
    "SI": ("REVIEW", "NO_RECORD"),
    "NO": ("NO_RECORD", "REVIEW"),
    "X": ("REVIEW", "REVIEW"),
    "": ("REVIEW", "REVIEW"),
}


def _record(listed: str, standards: str, kind: str = "CLASE", column: str = "VISIBLE", shown: str = "S") -> str:
    return _SENTENCE.format(listed=listed, standards=standards, kind=kind, column=column, shown=shown)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        head = 'standards = ["police", "criminal", "renas"]\nstale_after'
        oj = small_world.OJ.replace("stale_after", head, 1)
        oj = oj.replace('"warrant"\n', '"warrant"\nwhen = { column = "TIPO", in = ["OC"], others = ["SE"] }\n')
        sexual = _record(_SEXUAL, '["criminal", "renas"]')
        other = _record(_OTHER, '["criminal"]')
        shown = _record('in = ["SHOWN"], others = ["HIDDEN"]', '["police"]', "FLAG", "CONSTANCIA", "S")
        hidden = _record('in = ["HIDDEN"], others = ["SHOWN"]', '["police"]', "FLAG", "CONSTANCIA", "N")
        patched.setattr(small_world, "OJ", oj + sexual + other + shown + hidden)
        columns = "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA DELITO TIPO CLASE FLAG VISIBLE CONSTANCIA"
        patched.setitem(small_world.HEADERS, "oj", columns)
        world = SmallWorld()
        _fill(world)
        yield from world.serve(tmp_path_factory.mktemp("flags"))


def _fill(world: SmallWorld) -> None:
    rows = [{"CLASE": name, "VISIBLE": "S", "FLAG": "NONE"} for name in CLASSES]
    rows += [{"FLAG": kind, "CONSTANCIA": word} for word in FLAGS for kind in ("SHOWN", "HIDDEN")]
    for number, cells in enumerate(rows, 1):
        name = f"{NAMES[number % 7]} {NAMES[number // 7]}"
        cui = world.person(number, name)
        row = {"ORDEN": f"O{number}", "CUI": cui, "NOMBRE": name, "NACIMIENTO": "1980-05-17", "TIPO": "SE"}
        world.rows["oj"].append({"FECHA": "2020-05-05", **row, **cells})


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_that_no_list_knows(asker: Asker, case: str) -> None:
    cuis = [cui_of(1 + list(CLASSES).index(case))]
    assert tuple(cleared(asker, name, cuis=cuis)[0][0] for name in ("CRIMINAL_RECORD", "RENAS")) == CLASSES[case]


@pytest.mark.parametrize("case", FLAGS)
def test_a_flag_that_no_list_knows(asker: Asker, case: str) -> None:
    first = 1 + len(CLASSES) + 2 * list(FLAGS).index(case)
    cuis = [cui_of(first), cui_of(first + 1)]
    assert tuple(result for result, _ in cleared(asker, "POLICE_RECORD", cuis=cuis)) == FLAGS[case]
