"""Arms and words of an institution on its pages, from office.json; unusable ones are reported first."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image

from ronda.commands.exit_status import ExitStatus
from tests.certificates.counter import Counter
from tests.certificates.test_issuing import page_text


@pytest.fixture
def facts(counter: Counter) -> Iterator[dict[str, Any]]:
    """Yields the content of office.json; put back afterwards."""
    path = counter.office.path / "office.json"
    before = path.read_text(encoding="utf-8")
    yield json.loads(before)
    path.write_text(before, encoding="utf-8")


def write(counter: Counter, facts: dict[str, Any]) -> None:
    (counter.office.path / "office.json").write_text(json.dumps(facts), encoding="utf-8")


def picture(path: Path, kind: str, size: tuple[int, int] = (60, 80)) -> None:
    Image.new("RGB", size, (0, 90, 160)).save(path, kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_arms_heading_and_foot_stand_on_the_page(counter: Counter, facts: dict[str, Any], kind: str) -> None:
    picture(counter.office.path / "escudo", kind)
    said = {"heading": "República de Guatemala\nMinisterio de Gobernación", "foot": "6.ª avenida 13-71, zona 1"}
    write(counter, {**facts, **said, "arms": "escudo"})
    told = counter.issued()
    text = page_text(told["pdf"])
    for each in ("República de Guatemala", "Ministerio de Gobernación", said["foot"], facts["name"], facts["online"]):
        assert each in text
    assert text.index("República") < text.index(facts["name"])
    (page,) = pypdf.PdfReader(io.BytesIO(told["pdf"])).pages
    assert len(page.images) == 2, "the arms and the QR code"
    pdf = counter.out / "arms.pdf"
    pdf.write_bytes(told["pdf"])
    assert counter.run("verify", pdf).exit_code == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"arms": "escudo.png"}, "arms: no se puede leer la imagen"),
        ({"arms": "cut.png"}, "arms: el escudo no es una imagen PNG o JPEG entera"),
        ({"arms": "text.png"}, "arms: el escudo no es una imagen"),
        ({"arms": "gif"}, "arms: el escudo no es una imagen"),
        ({"arms": "wide.png"}, "arms: la imagen del escudo es demasiado grande"),
        ({"arms": "big.png"}, "arms: la imagen del escudo es demasiado grande"),
        ({"arm": "x"}, "arm: no se conoce"),
        ({"foot": "x" * 151}, "foot: es demasiado largo"),
        ({"heading": 5}, "heading: debe ser un texto"),
        ({"name": " "}, "name: falta o está vacío"),
        ({"online": "http://constancias.example"}, "online: debe empezar con https://"),
    ],
)
def test_what_cannot_stand_there_is_told_first(
    counter: Counter, facts: dict[str, Any], changed: dict[str, Any], said: str
) -> None:
    office = counter.office.path
    picture(office / "gif", "GIF")
    picture(office / "wide.png", "PNG", (600, 100))
    picture(office / "cut.png", "PNG", (400, 400))
    (office / "cut.png").write_bytes((office / "cut.png").read_bytes()[:300])
    (office / "text.png").write_text("no image")
    (office / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * (2 << 20))
    write(counter, {**facts, **changed})
    before = len(counter.records())
    for arguments in (("--cui", counter.cui("clean"), "--standard", "wanted"), ("serve", "--listen", "127.0.0.1:0")):
        ended = counter.run(*arguments)
        assert (ended.exit_code, said in ended.output) == (ExitStatus.SETTINGS, True), ended.output
    assert len(counter.records()) == before


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "mingob" "name": "M"}', '{"id": "mingob"}', ""])
def test_a_file_that_was_damaged_by_hand_is_no_missing_office(
    counter: Counter, facts: dict[str, Any], text: str
) -> None:
    """A clerk who was asked to make the office with `ronda keys document-signer` made new keys."""
    (counter.office.path / "office.json").write_text(text, encoding="utf-8")
    ended = counter.run("--cui", counter.cui("clean"), "--standard", "wanted")
    assert ended.exit_code == ExitStatus.SETTINGS, ended.output
    assert "document-signer" not in ended.output
    assert "no se puede leer" in ended.output or "name: falta" in ended.output
    assert facts["name"]


def test_a_letter_that_the_page_has_not(counter: Counter, facts: dict[str, Any]) -> None:
    write(counter, {**facts, "foot": "字"})
    ended = counter.run("--cui", counter.cui("clean"), "--standard", "wanted")
    assert (ended.exit_code, "los textos de la institución" in ended.output) == (1, True), ended.output
