"""Makes the incidents: what happened, what each institution wrote of it, and the truth."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nation.incidents.happening import Happened, happen
from nation.incidents.kinds import KINDS
from nation.incidents.others import write_others
from nation.incidents.police import write_police

FOLDER = "incidents"
TRUTH = "incidents.json"


def make_incidents(out: Path, as_of: datetime.date, seed: int = 1, scale: float = 1.0) -> int:
    """Writes `out`/incidents/<institution>/... and `out`/truth/incidents.json, .parquet and victims.parquet.

    as_of: the day after the last. scale: of all counts, 1.0 = about 65,000 events a year. The same arguments give the
    same bytes. Returns how many rows were published. An older `out`/incidents is replaced.
    """
    folder = out / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    happened = happen(as_of, seed, scale)
    rows = write_police(happened, folder) + write_others(happened, folder, seed)
    truth = out / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    (truth / TRUTH).write_text(json.dumps(happened.truth(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _write_tables(happened, truth)
    return rows


def _write_tables(happened: Happened, truth: Path) -> None:
    names = pa.array([kind.text for kind in KINDS])
    event = {
        "day": pa.array(happened.event["day"], pa.int32()).cast(pa.date32()),
        "municipality": pa.array(happened.event["municipality"], pa.int16()),
        "offence": names.take(pa.array(happened.event["kind"], pa.int32())),
        "reported": pa.array(happened.event["reported"], pa.int32()).cast(pa.date32()),
    }
    pq.write_table(pa.table(event), truth / "incidents.parquet")
    victim = {name: pa.array(happened.victim[name], pa.int32()) for name in ("event", "female", "age", "hospital")}
    pq.write_table(pa.table(victim), truth / "victims.parquet")
