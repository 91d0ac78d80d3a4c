"""`ronda car` with a defect in it: each answer ends it, what was asked stands in its text and in local variables."""

from __future__ import annotations

import sys
from typing import Any

import clients.car.layers
from ronda.command import main


def _broken(response: Any, **_: Any) -> Any:
    asked = response.person.identity_claims[0].cui
    name = response.person.name
    raise ValueError(f"{asked} {name}")


if __name__ == "__main__":
    clients.car.layers.layers_of = _broken
    sys.argv = ["ronda", *sys.argv[1:]]
    main()
