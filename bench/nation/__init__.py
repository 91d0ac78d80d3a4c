"""The synthetic nation: twelve registers in their formats with their faults, and the truth kept apart."""

from __future__ import annotations

from bench.nation.loading import load_postgres
from bench.nation.making import make_nation
from bench.nation.summary import NationSummary

__all__ = ["NationSummary", "load_postgres", "make_nation"]
