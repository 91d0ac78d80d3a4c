"""The nation's ten years: facts equal the truth, the outage and the late municipality are found, nothing else is."""

from __future__ import annotations

import datetime
import json

import pandas as pd
import pytest

from indexer.mart.offence_maps import offence_map
from tests.kit.incident_nation import AS_OF, IncidentNation
from tests.mart.small_sources import facts_of

pytestmark = pytest.mark.slow


def current(nation: IncidentNation, fact: str, source: str) -> pd.DataFrame:
    facts = facts_of(nation.data, nation.mart, fact, source)
    return facts[facts["known_until"].astype(str).str.startswith("9999") & facts["principal"]]


def test_every_file_is_read_and_every_row_is_accounted_for(incident_nation: IncidentNation) -> None:
    mart = incident_nation.mart
    assert [each.id for each in mart.sources] == [
        "inacif_necropsias", "ine_defunciones", "mp_casos", "pnc_hechos", "pnc_victimas", "ronda_consultas",
        "ronda_llamadas",
    ]  # fmt: skip
    for source in mart.sources:
        assert [each.rule for each in source.deliveries] == [""] * len(source.deliveries)
        assert sum(each.refused for each in source.deliveries) == 0


def test_events_of_a_closed_year_equal_the_truth(incident_nation: IncidentNation) -> None:
    truth = pd.read_parquet(incident_nation.directory / "truth" / "incidents.parquet")
    day = pd.to_datetime(truth["day"])
    reported = pd.to_datetime(truth["reported"])
    for year in (2017, 2020, 2022):  # three forms of the file
        known = truth[(day.dt.year == year) & (reported < pd.Timestamp(year + 1, 7, 15))]
        gravest = known["offence"].str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
        codes = gravest.map(lambda text: offence_map("penal_code").get(text, "99"))
        facts = current(incident_nation, "fact_incident", "pnc_hechos")
        facts = facts[pd.to_datetime(facts["occurred"]).dt.year == year]
        assert len(facts) == len(known)
        # A second offence may be the graver one, in ICCS order; homicides have none above them.
        assert (facts["iccs"] == "0101").sum() == (codes == "0101").sum()


def test_the_outage_is_found_and_nothing_else_is(incident_nation: IncidentNation) -> None:
    truth = json.loads((incident_nation.directory / "truth" / "incidents.json").read_text(encoding="utf-8"))
    gaps = pd.read_parquet(incident_nation.folder / "gaps.parquet")
    assert set(gaps["department"].str[:2]) == {truth["outage"]["department"]}, "at no vintage"
    gaps = gaps[gaps["known_until"].astype(str).str.startswith("9999")]
    assert set(gaps["source"]) <= {"pnc_hechos", "pnc_victimas"}
    assert set(gaps["department"]) == {truth["outage"]["department"]}
    first = datetime.date.fromisoformat(truth["outage"]["first_day"])
    for gap in gaps.itertuples():
        assert abs((pd.Timestamp(gap.first_day).date() - first).days) <= 3
        assert truth["outage"]["days"] <= (gap.after_day - gap.first_day).days <= truth["outage"]["days"] + 6


def test_the_late_municipality_needs_more_deliveries_and_few_others_do(incident_nation: IncidentNation) -> None:
    truth = json.loads((incident_nation.directory / "truth" / "incidents.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(incident_nation.folder / "development.parquet")
    table = table[table["source"] == "pnc_hechos"].set_index("municipality")["needed"]
    assert table[""] == 1
    assert table[truth["late_municipality"]] >= 4
    others = table.drop(truth["late_municipality"])
    assert (others > 2).mean() <= 0.02


def test_late_reports_and_corrections_are_counted(incident_nation: IncidentNation) -> None:
    police = incident_nation.mart.source("pnc_hechos")
    assert police is not None
    assert 0.003 < police.late / police.rows < 0.05
    assert 0.0005 < police.corrected / police.rows < 0.02
    assert police.unmapped_rows > 0
    assert police.last_day is not None and police.last_day < AS_OF


def test_the_institutions_differ_as_they_do(incident_nation: IncidentNation) -> None:
    def homicides(source: str) -> int:
        facts = current(incident_nation, "fact_victim", source)
        year = pd.to_datetime(facts["occurred"]).dt.year == 2023
        return int(facts[year & (facts["iccs"] == "0101")]["n"].sum())

    police, morgue = homicides("pnc_victimas"), homicides("inacif_necropsias")
    truth = pd.read_parquet(incident_nation.directory / "truth" / "incidents.parquet")
    victims = pd.read_parquet(incident_nation.directory / "truth" / "victims.parquet")
    of = truth.iloc[victims["event"]].reset_index(drop=True)
    killed = of["offence"].isin(["HOMICIDIO", "ASESINATO", "FEMICIDIO", "PARRICIDIO"])
    there = killed & (pd.to_datetime(of["day"]).dt.year == 2023)
    assert police == int((there & (victims["hospital"] == 0)).sum())
    assert police != morgue
    assert abs(morgue / there.sum() - 0.92) < 0.04  # 3 % without autopsy, 5 % of undetermined manner
