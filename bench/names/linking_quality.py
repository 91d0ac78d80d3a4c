"""Warrants without a CUI in the published generation, held against the truth: who was linked, how surely, how rightly.

Reads the dossiers as they are stored, without the engine, and the registers' files.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.names import metrics
from bench.names.population import Population
from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from ronda.v1.alert_pb2 import AlertState, Hit
from ronda.v1.level_pb2 import Level

_HIT, _POSSIBLE = Level.LEVEL_HIT, Level.LEVEL_POSSIBLE
_PENDING = AlertState.ALERT_STATE_PENDING
_NO_DATES = ("01/01/0001", "01/01/1900")
_NULLS = ("", "-1", "N/A", "SIN DATO", *_NO_DATES)
MOST_SHARED = 50


@dataclass
class Warrant:
    """A pending warrant that no register gives an identifier for. links: CUI -> level of the alert in that dossier."""

    causa: str
    truth: str
    links: dict[str, int] = field(default_factory=dict)
    name: str = ""
    only_a_name: bool = False  # nothing else is stated that a link by name may rest on: only counted, never linked


def pending_without_identifier(nation: Path) -> dict[str, Warrant]:
    """Returns pending warrants without an identifier, by causa.

    Left out: a causa with an identifier in some register (it is linked by that), and one that the Judiciary has closed,
    even if the police still list it: its state decides, and no alert is pending.
    """
    registers = nation / "registers"
    truths = {
        (row["register"], row["record_id"]): row["cui"]
        for row in pq.read_table(nation / "truth" / "records.parquet").to_pylist()
        if row["register"] in ("oj", "sapo", "mp")
    }
    found: dict[str, Warrant] = {}
    left_out: set[str] = set()
    text = (registers / "oj" / "ordenes.xml").read_text(encoding="latin-1")
    for order in re.findall(r"<ORDEN .*?</ORDEN>", text, flags=re.DOTALL):
        causa, number = _tag(order, "CAUSA"), _tag(order, "NUMERO")
        if "<CUI>" in order or "<DOCUMENTO" in order or "<ESTADO>PENDIENTE<" not in order:
            left_out.add(causa)
        else:
            name = " ".join(_tag(order, tag) for tag in ("NOMBRE1", "NOMBRE2", "NOMBRE3", "APELLIDO1", "APELLIDO2"))
            bare = not any(tag in order for tag in ("<EDAD>", "<DEPARTAMENTO>", "<PADRE>", "<MADRE>"))
            bare = bare and _tag(order, "NACIMIENTO") == _NO_DATES[0]
            found[causa] = Warrant(causa, truths.get(("oj", number), ""), name=" ".join(name.split()), only_a_name=bare)
    with (registers / "sapo" / "ordenes_captura.csv").open(encoding="latin-1", newline="") as file:
        for row in csv.DictReader(file):
            if any(row[column].strip() not in _NULLS for column in ("CEDULA", "CUI")):
                left_out.add(row["NO_CAUSA"])
            elif row["ESTADO"] == "VIGENTE" and row["NO_CAUSA"] not in found:
                name = " ".join(
                    row[c] for c in ("PRIMER_NOMBRE", "SEGUNDO_NOMBRE", "PRIMER_APELLIDO", "SEGUNDO_APELLIDO")
                )
                truth = truths.get(("sapo", row["NO_ORDEN"]), "")
                rest = ("EDAD", "DEPARTAMENTO", "NOMBRE_PADRE", "NOMBRE_MADRE", "FECHA_NACIMIENTO")
                bare = all(row[column].strip() in _NULLS for column in rest)
                found[row["NO_CAUSA"]] = Warrant(row["NO_CAUSA"], truth, name=" ".join(name.split()), only_a_name=bare)
    return {causa: warrant for causa, warrant in found.items() if causa not in left_out and warrant.truth}


def _tag(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", text)
    return found.group(1) if found else ""


@dataclass
class PersonAlerts:
    """A person with a CUI and an alert on file: (kind, link level, in force, Hit's stored fields)."""

    cui: str
    alerts: list[tuple[int, int, bool, Hit]]


def alerts_of_persons(directory: Path) -> Iterator[PersonAlerts]:
    """Yields every person with a CUI and a pending alert in the dossier, of any sensitivity.

    Warrants issued while the person was a minor are linked as all others are.
    """
    generation = Generation.open(directory)
    for entity in range(generation.persons):
        dossier = DossierReader(generation.dossier(entity))
        if dossier.kind != EntityKind.PERSON:
            continue
        alerts = [
            (alert.kind, alert.link_level, True, Hit.FromString(alert.hit))
            for alert in dossier.alerts()
            if alert.state == _PENDING
        ]
        if alerts:
            yield PersonAlerts(_cui(dossier), alerts)


def _cui(dossier: DossierReader) -> str:
    return next((held.text for held in dossier.identifiers() if held.kind == IdentifierKind.CUI), "")


def _causa(record_id: str) -> str:
    """OC-09109-2026-002001, SAPO-09109-2026-002001 -> 09109-2026-002001."""
    return record_id.split("-", 1)[1] if record_id.split("-", 1)[0].isalpha() else record_id


def run(nation: Path, directory: Path, population: Population) -> dict[str, Any]:
    """Quality of the links of warrants, and clean persons who turn POSSIBLE, by how many share their name."""
    warrants = pending_without_identifier(nation)
    of_record = {
        (row["register"], row["record_id"]): row["cui"]
        for row in pq.read_table(nation / "truth" / "records.parquet").to_pylist()
        if row["kind"] != "PROTECTED"
    }
    possible_only: set[int] = set()
    accused: set[int] = set()  # persons whom some pending alert is truly about
    for person in alerts_of_persons(directory):
        place = population.place(person.cui)
        wrong_level = 0
        for _kind, link, _force, hit in person.alerts:
            for source in hit.sources or [Hit().sources.add(record=hit.record)]:
                warrant = warrants.get(_causa(source.record.record_id))
                if warrant is not None and source.record.register_id in ("oj", "sapo", "mp"):
                    warrant.links[person.cui] = max(warrant.links.get(person.cui, 0), link)
            # a record that its maker did not note is about nobody known: it counts as about this person
            cuis = {of_record.get((s.record.register_id, s.record.record_id), person.cui) for s in hit.sources}
            if person.cui in cuis:
                if place is not None:
                    accused.add(place)
            else:
                wrong_level = max(wrong_level, link)
        if wrong_level and place is not None:
            possible_only.add(place)
    return _warrant_figures(warrants, population) | _clean_figures(possible_only - accused, accused, population)


def _warrant_figures(warrants: dict[str, Warrant], population: Population) -> dict[str, Any]:
    living = np.bincount(population.group[~population.dead], minlength=len(population.group_size))
    hits = right = reached = few = linkable = linked = 0
    counts: list[int] = []
    examples: dict[str, list[str]] = defaultdict(list)
    for warrant in warrants.values():
        sure = [cui for cui, level in warrant.links.items() if level == _HIT]
        hits += len(sure)
        right += warrant.truth in sure
        place = population.place(warrant.truth)
        true_name = population.name(place).asked() if place is not None else "?"
        if any(cui != warrant.truth for cui in sure) and len(examples["wrong hit"]) < 20:
            examples["wrong hit"].append(f"{warrant.causa} {warrant.name} is {true_name}")
        if place is None or living[population.group[place]] > MOST_SHARED:
            continue
        few += 1
        reached += warrant.truth in warrant.links
        if not warrant.only_a_name:
            linkable += 1
            linked += warrant.truth in warrant.links
        counts.append(sum(level == _POSSIBLE for level in warrant.links.values()))
        if warrant.truth not in warrant.links and len(examples["not linked"]) < 40:
            examples["not linked"].append(
                f"{warrant.causa} {warrant.name} is {true_name} ({len(warrant.links)} others linked)"
            )
    return {
        "warrants": len(warrants),
        "hits": hits,
        "precision_of_hit": right / hits if hits else None,
        "hit_share": right / max(1, len(warrants)),
        "few_share_the_name": few,
        "recall": reached / max(1, few),
        "say_more_than_a_name": linkable,
        "recall_of_those": linked / max(1, linkable),
        "possible_median": float(np.median(counts)) if counts else 0.0,
        "possible_p99": float(metrics.percentile(counts, 0.99)) if counts else 0.0,
        "possible_mean": float(np.mean(counts)) if counts else 0.0,
        "examples": dict(examples),
    }


def _clean_figures(turned: set[int], accused: set[int], population: Population) -> dict[str, Any]:
    sizes = population.group_size[population.group]
    clean = ~population.dead
    clean[list(accused)] = False
    bands = {"unique": (1, 1), "2": (2, 2), "3 to 5": (3, 5), "6 to 20": (6, 20), "over 20": (21, 10**9)}
    by_band = {}
    turned_sizes = Counter(int(sizes[place]) for place in turned if clean[place])
    for band, (least, most) in bands.items():
        total = int((clean & (sizes >= least) & (sizes <= most)).sum())
        hit = sum(count for size, count in turned_sizes.items() if least <= size <= most)
        by_band[band] = {"persons": total, "turned": hit / total if total else 0.0}
    return {
        "clean": int(clean.sum()),
        "clean_turned_possible": sum(turned_sizes.values()) / int(clean.sum()),
        "clean_by_sharers_of_the_name": by_band,
    }


def checked_clean(levels: list[str]) -> dict[str, int]:
    """Levels of a sample of clean persons checked by CUI through gRPC."""
    return dict(Counter(levels))


def main() -> None:
    """For a look at one nation: `python -m bench.names.linking_quality NATION GENERATION`."""
    import sys  # noqa: PLC0415 - only here

    nation, directory = Path(sys.argv[1]), Path(sys.argv[2])
    print(json.dumps(run(nation, directory, Population.load(nation)), indent=2, default=str))


if __name__ == "__main__":
    main()
