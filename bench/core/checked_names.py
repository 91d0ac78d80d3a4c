"""Names, identifiers and the one box, called from Python: the call itself is in the figures."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from bench.core.conftest import Asked
from core.free_text.detection import detect
from core.identifiers.api import problem
from core.identifiers.kinds import IdentifierKind
from core.names.comparison import similarity
from core.names.keys import name_key


def test_similarity_of_two_names(benchmark: BenchmarkFixture, asked: Asked) -> None:
    pairs = list(zip(asked.names[::2], asked.names[1::2], strict=False))
    benchmark.extra_info["operations"] = len(pairs)
    assert similarity(asked.names[0], asked.names[0]) > 0.9
    benchmark(lambda: [similarity(a, b) for a, b in pairs])


def test_name_key(benchmark: BenchmarkFixture, asked: Asked) -> None:
    benchmark.extra_info["operations"] = len(asked.names)
    benchmark(lambda: [name_key(name) for name in asked.names])


def test_check_digit_of_a_cui(benchmark: BenchmarkFixture, asked: Asked) -> None:
    benchmark.extra_info["operations"] = len(asked.cuis)
    assert problem(IdentifierKind.CUI, asked.cuis[0]) is None
    benchmark(lambda: [problem(IdentifierKind.CUI, cui) for cui in asked.cuis])


def test_what_a_box_may_be(benchmark: BenchmarkFixture, asked: Asked) -> None:
    typed = [*asked.cuis[:500], *asked.plates[:500], *asked.names[:500]]
    benchmark.extra_info["operations"] = len(typed)
    benchmark(lambda: [detect(text) for text in typed])
