"""nomenklatura's LogicV2 (the matcher of OpenSanctions' yente): pairs, with entities made before and caches warm."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from followthemoney import model
from followthemoney.proxy import EntityProxy
from nomenklatura.matching import LogicV2

from bench.names.peers import exchange

RUNS = 3


def _entity(number: str, name: str, birth: list[int] | None, given: str = "", surnames: str = "") -> EntityProxy:
    proxy = model.make_entity("Person")
    proxy.id = number
    proxy.add("name", name)
    proxy.add("birthDate", exchange.iso(birth))
    proxy.add("firstName", given or None)
    proxy.add("lastName", surnames or None)
    return proxy


def _weighed(folder: Path, config: Any) -> list[list[float]]:
    """The scores of each question's others."""
    found = []
    for row in exchange.lines(folder / "weighed.jsonl"):
        asked = _entity("asked", row["asked"], None)
        asked.add("birthDate", row["birth"] or None)
        scores = []
        for number, (names, birth) in enumerate(row["others"]):
            other = _entity(f"o{number}", names[0], None)
            other.add("name", names[1:])
            other.add("birthDate", birth or None)
            scores.append(LogicV2.compare(asked, other, config).score)
        found.append(scores)
    return found


def main() -> None:
    """Scores both halves; the time is that of the last run over the held-back half."""
    folder = Path(sys.argv[1])
    config = LogicV2.default_config()
    report: dict[str, Any] = {"pairs": {}}
    for half in ("tuning", "held"):
        couples = [
            (_entity(f"a{n}", p["asked"], p["asked_birth"]),
             _entity(f"b{n}", f"{p['given']} {p['surnames']}".strip(), p["birth"], p["given"],
                     p["surnames"] if p["given"] else ""))
            for n, p in enumerate(exchange.lines(folder / f"pairs-{half}.jsonl"))
        ]  # fmt: skip
        times = []
        for _ in range(RUNS if half == "held" else 1):
            started = time.perf_counter()
            report["pairs"][half] = [LogicV2.compare(a, b, config).score for a, b in couples]
            times.append((time.perf_counter() - started) / len(couples) * 1e6)
        report["us_a_pair"], report["us_a_pair_cold"] = min(times), times[0]
    if (folder / "weighed.jsonl").exists():
        report["weighed"] = _weighed(folder, config)
    exchange.write(folder, "logic_v2", report)


if __name__ == "__main__":
    main()
