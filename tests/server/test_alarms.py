"""Each rule of deploy/prometheus fires on what it is for, and is quiet in an ordinary hour (Debian's promtool)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from clients.sms.counts import GAUGES, NAMES
from tests.house.imports import ROOT
from tests.server.conftest import StartServer
from tests.server.published import Published

RULES = ROOT / "deploy" / "prometheus" / "ronda.rules.yml"
DASHBOARD = RULES.with_name("ronda.dashboard.json")
PAGE = ROOT / "docs" / "alarms.md"
PROMTOOL = shutil.which("promtool")


class Case(NamedTuple):
    """Series by the minute, as promtool writes them ("0x30 1x30": thirty minutes of each), and when it is looked."""

    fires: dict[str, str]
    quiet: dict[str, str]
    at: str = "60m"


def steady(metric: str, bad: float, good: float) -> Case:
    return Case({metric: f"{good}x30 {bad}x60"}, {metric: f"{good}x90"})


def grows(metric: str, by: int = 1, before: str = "0x48") -> Case:
    """A counter that grows, or `_x48`: that appears, twelve minutes before."""
    return Case({metric: f"{before} {by}x60"}, {metric: f"{by}x120"})


def appears(metric: str, by: int = 1) -> Case:
    return grows(metric, by, "_x48")


def pair(one: str, other: str, bad: tuple[float, float], good: tuple[float, float]) -> Case:
    return Case(
        {one: f"{good[0]}x30 {bad[0]}x60", other: f"{good[1]}x30 {bad[1]}x60"},
        {one: f"{good[0]}x90", other: f"{good[1]}x90"},
    )


DAY = 1440
CASES = {
    "RondaDown": steady('up{job="ronda"}', 0, 1),
    "RondaServesNothing": pair("ronda_workers_ready", "ronda_workers_serving", (2, 0), (2, 2)),
    "RondaWorkersRestart": Case(
        {"ronda_worker_restarts_total": "0x90", 'ronda_child_restarts_total{child="feed"}': "0x48 4x40"},
        {"ronda_worker_restarts_total": "2x90", 'ronda_child_restarts_total{child="feed"}': "4x90"},
    ),
    "RondaDefect": appears('ronda_watch_failures_total{what="GenerationKeeper.watch"}'),
    "RondaClockDoubtful": steady("ronda_clock_doubtful", 1, 0),
    "RondaClockSteps": grows("ronda_clock_steps_total", 2),
    "RondaCallsShed": Case(
        {'ronda_calls_shed_total{cause="lag"}': "0x40 1+1x30"}, {'ronda_calls_shed_total{cause="lag"}': "7x90"}
    ),
    "RondaConnectionsClosed": appears('ronda_connections_closed_total{cause="strangers"}', 30),
    "RondaLaneUnwell": Case(
        {'ronda_lane_total{what="ended_unwell"}': "_x48 1x30"}, {'ronda_lane_total{what="accepted"}': "0+9x90"}
    ),
    "RondaRegisterNotFresh": pair(
        'ronda_register_state{register="oj",state="STALE"}',
        'ronda_register_state{register="oj",state="FRESH"}',
        (1, 0),
        (0, 1),
    ),
    "RondaFeedIncomplete": steady('ronda_feed_stale{source="court",register="oj",cause="GAP"}', 1, 0),
    "RondaChangesWait": pair("ronda_ledger_sequence", "ronda_view_sequence", (12, 9), (9, 9)),
    "RondaRecallStands": steady("ronda_recall_looked_age_seconds", 61, 1),
    "RondaHotlistOld": Case(
        {'ronda_hotlist_age_seconds{mask="5"}': "0+60x20 7260x60", "ronda_hotlist_valid_seconds": "7200x90"},
        {'ronda_hotlist_age_seconds{mask="5"}': "1x90", "ronda_hotlist_valid_seconds": "7200x90"},
    ),
    "RondaHotlistFails": pair("ronda_hotlist_failing", "ronda_hotlist_looked_age_seconds", (1, 1), (0, 1)),
    "RondaConfirmationOverdue": Case(
        {'ronda_confirmations_escalated{urgency="URGENT"}': "0x30 1x60"},
        {
            'ronda_confirmations_escalated{urgency="URGENT"}': "0x90",
            'ronda_confirmations_escalated{urgency="ROUTINE"}': "1x90",
        },
    ),
    "RondaConfirmationsStand": steady("ronda_confirmations_looked_age_seconds", 61, 1),
    "RondaRowsRefused": Case(
        {'ronda_register_rows_refused{register="oj"}': f"3x{DAY} 400x90"},
        {'ronda_register_rows_refused{register="oj"}': f"30x{DAY} 41x90"},
        f"{DAY + 60}m",
    ),
    "RondaPossibleShareJumps": Case(
        {
            'ronda_answers_total{method="CheckPerson",level="POSSIBLE"}': f"0+1x{DAY} {DAY}+5x400",
            'ronda_answers_total{method="CheckPerson",level="CLEAR"}': f"0+9x{DAY} {9 * DAY}+5x400",
        },
        {  # ten times a night, and half of them POSSIBLE
            'ronda_answers_total{method="CheckPerson",level="POSSIBLE"}': f"0x{DAY} 1x200 5x200",
            'ronda_answers_total{method="CheckPerson",level="CLEAR"}': f"0+1x{DAY} {DAY}x200 {DAY + 5}x200",
        },
        f"{DAY + 390}m",
    ),
    "RondaGenerationOld": Case(
        {"ronda_generation_built_timestamp_seconds": f"0x{2 * DAY}"},
        {"ronda_generation_built_timestamp_seconds": f"0x{DAY} {DAY * 60}x{DAY}"},
        f"{DAY + DAY // 2 + 10}m",
    ),
    "RondaGenerationRefused": steady("ronda_generation_refused", 2, 0),
    "RondaOtherNameTables": steady("ronda_generation_other_name_tables", 1, 0),
    "RondaDiskLow": pair("ronda_disk_free_bytes", "ronda_generation_bytes", (19, 10), (21, 10)),
    "RondaBackupMissing": Case(
        {
            "ronda_backup_last_success_timestamp_seconds": f"0x{2 * DAY}",
            "ronda_backup_within_seconds": f"{36 * 3600}x{2 * DAY}",
        },
        {
            "ronda_backup_last_success_timestamp_seconds": f"0x{DAY} {DAY * 60}x{DAY}",
            "ronda_backup_within_seconds": f"{36 * 3600}x{2 * DAY}",
        },
        f"{DAY + DAY // 2 + 10}m",
    ),
    "RondaAuditNotSigned": steady("ronda_audit_signed_age_seconds", 11, 1),
    "RondaAuditKeeperBehind": steady('ronda_audit_keeper_behind{keeper="1"}', 61, 2),
    "RondaAuditKeeperLost": steady('ronda_audit_keeper_lost{keeper="1"}', 1, 0),
    "RondaWitnessSilent": steady("ronda_witness_checkpoint_age_seconds", 181, 61),
    "RondaWitnessRefuses": grows('ronda_witness_refused_total{reason="NOT_CONTINUED"}'),
    "RondaAuditDamaged": pair("ronda_audit_segments_damaged", "ronda_recall_records_altered", (0, 1), (0, 0)),
    "RondaAuditDropped": grows("ronda_audit_segments_dropped_total"),
    "RondaAuditDiskLow": pair("ronda_audit_disk_free_bytes", "ronda_audit_disk_bytes", (19, 100), (21, 100)),
    "RondaTrustRefused": steady('ronda_trust_at_fault{part="policy"}', 1, 0),
    "RondaTlsRefused": steady('ronda_tls_at_fault{by="files"}', 1, 0),
    "RondaUnitSeesMany": Case(
        {'ronda_unit_persons_listed{unit="pnc/zona-1"}': "_x48 640x40"},
        {'ronda_unit_persons_listed{unit="pnc/zona-1"}': "640x20 _x40"},  # its hour is over
    ),
    "RondaCertificateEnds": Case(
        {'ronda_certificate_end_timestamp_seconds{certificate="ca",institution="pnc"}': f"{29 * 86400 + 3600}x90"},
        {'ronda_certificate_end_timestamp_seconds{certificate="ca",institution="pnc"}': f"{31 * 86400 + 3600}x90"},
    ),
    "RondaConsoleCut": steady("ronda_console_server_serving", 0, 1),
    "RondaConsoleFails": Case(
        {'ronda_console_requests_total{outcome="FAILED"}': "0x48 1x60"},
        {'ronda_console_requests_total{outcome="REFUSED"}': "0+1x90"},
    ),
    "RondaIssuerGuessing": appears('ronda_issuer_calls_total{method="SignIn",outcome="SIGN_IN_REFUSED"}', 40),
    "RondaIssuerOverloaded": steady("ronda_issuer_hashes_waiting", 11, 3),
    "RondaIssuerSlow": Case(
        {
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="0.1"}': "0+1x90",
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="0.5"}': "0+9x90",
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="+Inf"}': "0+9x90",
        },
        {
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="0.1"}': "0+9x90",
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="0.5"}': "0+9x90",
            'ronda_issuer_call_seconds_bucket{method="Exchange by session",le="+Inf"}': "0+9x90",
        },
    ),
    "RondaSmsUnbound": steady("ronda_sms_bound", 0, 1),
    "RondaSmsSilent": Case(
        {'node_textfile_mtime_seconds{file="/var/lib/ronda-sms/ronda_sms.prom"}': "0x90"},
        {'node_textfile_mtime_seconds{file="/var/lib/ronda-sms/ronda_sms.prom"}': "0+60x90"},
    ),
    "RondaSmsQueues": pair("ronda_sms_outbox", "ronda_sms_answering", (201, 4), (3, 4)),
    "RondaSmsFails": grows("ronda_sms_failures_total", 9),
    "RondaSmsUndelivered": Case(
        {
            "ronda_sms_refused_total": "0x90",
            "ronda_sms_undelivered_total": "0x48 9x40",
            "ronda_sms_receipts_failed_total": "0x90",
        },
        {
            "ronda_sms_refused_total": "9x90",
            "ronda_sms_undelivered_total": "9x90",
            "ronda_sms_receipts_failed_total": "0x48 2x40",
        },
    ),
    "RondaSmsRefusedForNow": grows("ronda_sms_refused_for_now_total", 40),
    "RondaSmsGuessing": pair("ronda_sms_locked_out_total", "ronda_sms_pins_put_off_total", (0, 0), (0, 0))._replace(
        fires={"ronda_sms_locked_out_total": "0x48 30x40", "ronda_sms_pins_put_off_total": "0x90"}
    ),
    "RondaSmsBreaks": grows("ronda_sms_binds_total", 20),
}


class Rule(NamedTuple):
    """A rule of the file of alarms."""

    name: str
    expr: str
    severity: str
    runbook: str


_RULE = re.compile(
    r"- alert: (\w+)\n +expr: \|-\n +(.+)\n(?: +for: \w+\n)? +labels: {severity: (\w+)}\n +annotations:\n"
    r" +summary: .+\n +runbook_url: (.+)\n"
)


def rules() -> list[Rule]:
    text = RULES.read_text(encoding="utf-8")
    found = [Rule(*each) for each in _RULE.findall(text)]
    assert len(found) == text.count("- alert:"), "each rule is written alike"
    return found


def tried(name: str, series: dict[str, str], at: str, fires: bool) -> dict[str, Any]:
    return {
        "name": f"{name} {'fires' if fires else 'is quiet'}",
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})',
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


@pytest.mark.skipif(PROMTOOL is None, reason="needs Debian's package prometheus, which ./run test installs")
def test_each_rule_fires_and_is_quiet(tmp_path: Path) -> None:
    """Each in a file of its own: promtool evaluates every rule of a file for every minute of each series."""
    assert {rule.name for rule in rules()} == set(CASES)
    head, *alarms = RULES.read_text(encoding="utf-8").split("      - alert: ")
    files = []
    for alarm in alarms:
        name = alarm.partition("\n")[0]
        case, alone, file = CASES[name], tmp_path / f"{name}.yml", tmp_path / f"{name}.test.yml"
        alone.write_text(f"{head}      - alert: {alarm}", encoding="utf-8")
        tests = [tried(name, case.fires, case.at, fires=True), tried(name, case.quiet, case.at, fires=False)]
        told = {"rule_files": [str(alone)], "evaluation_interval": "1m", "tests": tests}
        file.write_text(json.dumps(told), encoding="utf-8")
        files.append(str(file))
    ran = subprocess.run([str(PROMTOOL), "test", "rules", *files], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_rule_has_its_place_on_the_page_that_says_what_to_do() -> None:
    anchors = set(re.findall(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert anchors == set(CASES)
    for rule in rules():
        assert rule.runbook == f"docs/alarms.md#{rule.name.lower()}"
        assert rule.severity in ("page", "ticket")


def test_what_rules_and_dashboard_name_is_in_a_scrape(published: Published, start_server: StartServer) -> None:
    published.publish()
    server = start_server(workers=1).wait_ready()
    families = {family.name for family in text_string_to_metric_families(server.metrics())}
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(panels) > 10
    named = {
        name.removesuffix("_total").removesuffix("_bucket")
        for expr in (*(rule.expr for rule in rules()), *shown)
        for name in re.findall(r"\bronda_[a-z_]+", expr.replace("ronda_sms.prom", ""))
    }
    # A feed, recall, hot lists, confirmations, a second keeper, a witness, a console and an issuer bring theirs.
    modules = (
        *("metrics/counts.py", "processes/scrape.py", "processes/last_copy.py", "issuer/metrics.py"),
        "audit/witness_metrics.py",
        *(f"{room}/scraped.py" for room in ("feed", "recall", "hotlist", "confirmation")),
    )
    paths = [*(ROOT / "server" / module for module in modules), ROOT / "clients" / "console" / "figures.py"]
    sources = "".join(path.read_text(encoding="utf-8") for path in paths)
    absent = named - families - {f"ronda_sms_{name}" for name in (*NAMES, *GAUGES)}
    assert not {name for name in absent if f'"{name}"' not in sources}
