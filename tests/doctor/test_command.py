"""`ronda doctor` as it is typed: exit statuses, settings before a restart, and the bundle without personal data."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ronda.doctor.checkup import check_up
from ronda.settings import Settings, load_settings
from server.trust.development_ca import make_development_set
from server.trust.issuing import make_ca, server_certificate
from server.trust.last_good import LAST_GOOD
from tests.command.terminal import on_terminal, piped
from tests.indexer.small_registers import cui_of
from tests.kit.served_world import NAME, PLATE, TELEPHONE


def test_settings_before_a_restart(tmp_path: Path, installation: Path) -> None:
    config = tmp_path / "ronda.toml"
    config.write_text(f'data = "{installation}"\nworkers = 3\n')
    done = piped("doctor", "--settings", "--json", RONDA_CONFIG=str(config), RONDA_METRICS="off")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["findings"] == []
    rows = {row["name"]: (row["value"], row["origin"]) for row in told["settings"]}
    assert rows["workers"] == (3, str(config))
    assert rows["metrics"] == ("off", "RONDA_METRICS")
    assert rows["listen"] == ("127.0.0.1:50051", "default")


def test_settings_that_do_not_hold_end_with_78(tmp_path: Path, installation: Path) -> None:
    config = tmp_path / "ronda.toml"
    config.write_text(f'data = "{installation}"\n[postgres]\nworkers = "3"\n')
    status, told = on_terminal(100, "doctor", "--settings", RONDA_CONFIG=str(config))
    assert status == 78
    assert "[grave]" in told
    assert "workers: stands in the table [postgres]" in told
    assert "docs/settings.md" in told
    config.write_text(f'data = "{tmp_path / "none"}"\n')
    done = piped("doctor", "--settings", RONDA_CONFIG=str(config))
    assert done.returncode == 78
    assert "ronda index" in done.stdout
    done = piped("doctor", "--settings", RONDA_POSTGRES='{"oj": "postgresql://u:sup3rsecret@bd/d"}')
    assert done.returncode == 78
    assert "sup3rsecret" not in done.stdout + done.stderr


def test_a_directory_that_is_not_there_gives_no_traceback(tmp_path: Path) -> None:
    done = piped("doctor", "--data", str(tmp_path / "none"), RONDA_METRICS="off")
    assert done.returncode == 7
    assert "Traceback" not in done.stderr
    assert "hallazgos" in done.stdout


def test_certificates_and_the_trust_directory(settings: Settings, tmp_path: Path) -> None:
    make_development_set(tmp_path / "dev")
    ends = server_certificate(make_ca("near its end"), ["localhost"], days=5)
    ends.write(tmp_path / "server.pem", tmp_path / "server.key")
    assert load_pem_private_key((tmp_path / "server.key").read_bytes(), None)
    given = {
        "data": settings.data,
        "metrics": "off",
        "trust": tmp_path / "dev" / "trust",
        "tls_cert": tmp_path / "server.pem",
        "tls_key": tmp_path / "server.key",
        "audit": tmp_path / "dev" / "audit",
        "audit_auditor_key": tmp_path / "dev" / "audit-keys" / "auditor.pub",
        "audit_signing_key": tmp_path / "dev" / "audit-keys" / "signing.key",
    }
    (tmp_path / "dev" / "audit").mkdir(mode=0o700, exist_ok=True)

    def found() -> dict[str, str]:
        return {each.kind.name: f"{each.where} {each.detail}" for each in check_up(load_settings(**given), deep=False)}

    assert found().keys() == {"certificate_ends_soon"}
    assert found()["certificate_ends_soon"].startswith("tls_cert")
    (tmp_path / "dev" / "trust" / "policy.cedar").write_text("permit (")
    assert found().keys() == {"certificate_ends_soon", "trust_refused"}
    (tmp_path / "server.key").chmod(0o644)
    assert found().keys() == {"certificate_ends_soon", "trust_refused", "open_to_others"}
    assert "part_lost" not in found()
    served = json.loads((settings.data / "served.json").read_text())
    (settings.data / "served.json").write_text(json.dumps({**served, "parts": [*served["parts"], LAST_GOOD]}))
    assert LAST_GOOD in found()["part_lost"], "who was revoked is admitted again where revoked.toml is gone too"
    shutil.copy(tmp_path / "dev" / "server.key", tmp_path / "server.key")
    (tmp_path / "server.key").chmod(0o600)
    assert "is not the key of" in found()["files_unusable"]


def test_the_bundle_holds_nothing_personal(installation: Path, tmp_path: Path) -> None:
    seeds = [NAME, PLATE, TELEPHONE, cui_of(1), "juan.perez", "2411-9191"]
    config = tmp_path / "ronda.toml"
    dsn = f"postgresql://juan.perez@bd.example/d?application_name={cui_of(1)}"
    config.write_text(
        f'# {" ".join(seeds)}\ndata = "{installation}"\nsources = "/home/juan.perez/x"\nmetrics = "off"\n'
        f'[postgres]\noj = "{dsn}"\n'
    )
    log = tmp_path / "log.jsonl"
    lines = [
        json.dumps({"level": "error", "event": "audit_unavailable", "why": " ".join(seeds)}),
        json.dumps({"level": "info", "event": NAME}),
        json.dumps({"level": PLATE, "event": "ready"}),
        json.dumps({"level": "info", "event": f"p{cui_of(1)}"}),
        *seeds,
        "[1]",
    ]
    log.write_text("\n".join([*lines, *lines[:1]]) + "\n")
    bundle = tmp_path / "bundle.tar"
    done = piped("doctor", "--bundle", str(bundle), "--log", str(log), RONDA_CONFIG=str(config))
    assert done.returncode in (0, 7), done.stderr  # whether the clock of this machine is synchronised
    assert bundle.stat().st_mode & 0o777 == 0o600
    with tarfile.open(bundle) as tar:
        parts = {member.name: tar.extractfile(member).read().decode() for member in tar}  # type: ignore[union-attr]
    whole = bundle.read_bytes().decode(errors="replace")
    assert [seed for seed in seeds if seed.lower() in whole.lower()] == []
    assert "CAAL" not in whole
    assert json.loads(parts["ronda-doctor/events.json"]) == {"error audit_unavailable": 2, "other": len(lines) - 1}
    numbers = json.loads(parts["ronda-doctor/manifest.json"])
    assert {register["id"] for register in numbers["registers"]} >= {"renap", "oj"}
    assert json.loads(parts["ronda-doctor/versions.json"])["ronda"]
