"""Countries beside a document's number equal their plain twin."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.free_text.detection import detect
from core.identifiers import api as identifiers
from core.identifiers.types import IdentifierError
from tests.core.identifiers import naive_countries, naive_identifiers

WORDS = [
    *naive_countries.COUNTRIES, "EL", "COSTA", "RICA", "ESTADOS", "UNIDOS", "hondureño", "México", "PASAPORTE", "LIC",
    "LICENCIA", "No.", "DE", "E123456", "152266666", "1580352240101", "A-1", "12", "(", ")", "?", ":", "P123BCD", "PA",
]  # fmt: skip
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@given(texts)
@example("PA 152266666")
@example("HN E123456")
def test_what_a_text_holds(text: str) -> None:
    assert detect(text) == naive_identifiers.detect(text)


@given(st.sampled_from(["HND", "Honduras", "HN", "MEX", "EUA", "ZZZ"]), texts)
def test_a_document_of_a_country(country: str, text: str) -> None:
    outcomes = []
    for document in (identifiers.document, naive_identifiers.document):
        try:
            outcomes.append(document(country, text))
        except IdentifierError as error:
            outcomes.append(error.rule)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Honduras", "HND"),
        ("hondureña", "HND"),
        ("HN", "HND"),
        ("el salvador", "SLV"),
        ("EE. UU.", "USA"),
        ("EUA", "USA"),
    ],
)
def test_a_country(text: str, code: str) -> None:
    assert identifiers.country_code(text) == code
