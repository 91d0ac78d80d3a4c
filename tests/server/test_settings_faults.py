"""Any fault of the settings ends `ronda serve` with status 78 and a sentence: a service manager that started
it again would not help (deploy/ronda.service names 78)."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from server.audit.keys import make_auditor_keys, make_signing_keys
from server.trust.issuing import make_ca
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.trust.trust_kit import TrustKit

ROOT = Path(__file__).parents[2]
# A checkout in a home directory that is closed to others cannot be run by the server's user.
REACHED_BY_ALL = all(place.stat().st_mode & stat.S_IXOTH for place in (ROOT, *ROOT.parents))
READS_ALL = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


class Place:
    """A production server's settings that work, to be spoilt by a test."""

    def __init__(self, directory: Path, data: Path) -> None:
        self.directory = directory
        self.config = directory / "ronda.toml"
        self.kit = TrustKit(directory / "keys")
        self.trust = self.kit.trust
        self.settings: dict[str, object] = {
            "data": data,
            "listen": "127.0.0.1:0",
            "metrics": "off",
            "workers": 1,
            **self.kit.settings,
        }

    def write(self, **changes: object) -> None:
        """Writes the file; None leaves a setting out."""
        kept = {name: value for name, value in (self.settings | changes).items() if value is not None}
        shown = {name: str(value) if isinstance(value, int) else f'"{value}"' for name, value in kept.items()}
        self.config.write_text("".join(f"{name} = {value}\n" for name, value in shown.items()), encoding="utf-8")

    def serve(self, *arguments: str, reads_all: bool = True) -> tuple[int, str]:
        """Exit status and standard error; a server that starts is stopped, and its status is its own."""
        account = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *(READS_ALL if reads_all else [])]
        process = subprocess.Popen(
            [*(account if os.geteuid() == 0 else []), sys.executable, "-m", "ronda.command", "serve", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "RONDA_CONFIG": str(self.config), "HOME": str(self.directory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            # Nothing comes on standard output before every worker is ready.
            assert process.stdout is not None
            if "ready" in process.stdout.readline():
                process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        return process.returncode, told


@pytest.fixture
def place(published: Published, tmp_path: Path) -> Place:
    published.publish()
    made = Place(tmp_path / "etc", published.data)
    made.write()
    return made


def _with(**changes: object) -> Callable[[Place], None]:
    return lambda place: place.write(**changes)


def _in_data(setting: str, name: str) -> Callable[[Place], None]:
    return lambda place: place.write(**{setting: Path(str(place.settings["data"])) / name})


def _text(text: str) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        place.config.write_text(place.config.read_text(encoding="utf-8") + text, encoding="utf-8")

    return spoil


def _latin_1(place: Place) -> None:
    place.config.write_bytes(place.config.read_bytes() + "# contraseña\n".encode("latin-1"))


def _is_a_directory(place: Place) -> None:
    place.config.unlink()
    place.config.mkdir()


def _trust_file(name: str, text: str | None) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        if text is None:
            (place.trust / name).unlink()
        else:
            (place.trust / name).write_text(text, encoding="utf-8")

    return spoil


def _another_key(place: Place) -> None:
    make_ca("another").write(place.directory / "another.pem", place.directory / "another.key")
    place.write(tls_key=place.directory / "another.key")


def _expired_text(place: Place) -> None:
    (place.directory / "no.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    place.write(tls_cert=place.directory / "no.pem")


def _auditors_key_of_another_kind(place: Place) -> None:
    place.write(audit_auditor_key=place.kit.directory / "audit-keys" / "signing.pub")


def _page_key(size: int) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        (Path(str(place.settings["data"])) / "page.key").write_bytes(bytes(size))

    return spoil


def _no_page_key(place: Place) -> None:
    (Path(str(place.settings["data"])) / "page.key").mkdir()


def _piped_page_key(place: Place) -> None:
    os.mkfifo(Path(str(place.settings["data"])) / "page.key")


def _piped_settings(place: Place) -> None:
    place.config.unlink()
    os.mkfifo(place.config)


def _pipe(**changes: object) -> Callable[[Place], None]:
    """In the place of each of the named files."""

    def spoil(place: Place) -> None:
        os.mkfifo(pipe := place.directory / "pipe")
        place.write(**{name: pipe if value is None else value for name, value in changes.items()})

    return spoil


FAULTS: dict[str, tuple[Callable[[Place], None], str]] = {
    "no file": (lambda place: place.config.unlink(), "RONDA_CONFIG: no such file"),
    "a pipe": (_piped_settings, "RONDA_CONFIG: cannot read"),
    "a directory": (_is_a_directory, "RONDA_CONFIG: cannot read"),
    "no TOML": (_text("workers = = 2\n"), "RONDA_CONFIG"),
    "no UTF-8": (_latin_1, "RONDA_CONFIG"),
    "a setting twice": (_text("workers = 2\n"), "RONDA_CONFIG"),
    "an unknown key": (_text("wrokers = 2\n"), "wrokers: "),
    "a bad value": (_with(workers=-1), "workers: "),
    "a value of another kind": (_with(workers="two"), "workers: "),
    "no address": (_with(listen="here"), "listen: must be host:port"),
    "an address of another machine": (_with(listen="192.0.2.1:50051"), "listen: 192.0.2.1:50051"),
    "a setting behind a table": (
        _text('[postgres]\nlane_listen = "127.0.0.1:0"\n'),
        "lane_listen: stands in the table [postgres]",
    ),
    "no data directory": (_with(data="/nonexistent/data"), "data: "),
    "an empty page key": (_page_key(0), "page.key holds 0 bytes, not the 16"),
    "a page key that is cut": (_page_key(15), "page.key holds 15 bytes, not the 16"),
    "a page key of another kind": (_page_key(32), "page.key holds 32 bytes, not the 16"),
    "no page key that can be read": (_no_page_key, "page.key: Is a directory"),
    "a pipe for a certificate": (_pipe(tls_cert=None), "tls_cert: cannot read"),
    "a pipe for its key": (_pipe(tls_key=None), "tls_key: cannot read"),
    "a pipe for an auditor's key": (_pipe(audit_auditor_key=None), "audit_auditor_key: "),
    "a pipe for a signing key": (_pipe(audit_signing_key=None), "audit_signing_key: "),
    "a pipe for a keeper's CA": (
        _pipe(audit_keeper="grpcs://localhost:1", audit_keeper_ca=None),
        "audit_keeper_ca: cannot read",
    ),
    "a pipe for a page key": (_piped_page_key, "page.key: not a file"),
    "no certificate": (_with(tls_cert="/nonexistent/server.pem"), "tls_cert: cannot read"),
    "a certificate without its key": (_with(tls_key=None), "tls_cert and tls_key belong together"),
    "another certificate's key": (_another_key, "tls_key: "),
    "a certificate that is none": (_expired_text, "tls_"),
    "no trust directory": (_with(trust="/nonexistent/trust"), "trust: cannot read"),
    "no institutions": (_trust_file("institutions.toml", None), "institutions.toml"),
    "institutions that are no TOML": (_trust_file("institutions.toml", "[pnc\n"), "institutions.toml"),
    "an institution's CA that is gone": (_trust_file("pnc/ca.pem", None), "ca.pem"),
    "no policy": (_trust_file("policy.cedar", None), "policy.cedar"),
    "a policy that is none": (_trust_file("policy.cedar", "permit everybody;"), "policy.cedar"),
    "limits that are none": (_trust_file("limits.toml", "[patrol]\nofficer = 3\n"), "limits.toml"),
    "revocations that are none": (_trust_file("revoked.toml", "officers = 3\n"), "revoked.toml"),
    "no auditor's key": (_with(audit_auditor_key=None), "audit_auditor_key: is needed"),
    "an auditor's key that is gone": (_with(audit_auditor_key="/nonexistent/auditor.pub"), "audit_auditor_key: "),
    "an auditor's key of another kind": (_auditors_key_of_another_kind, "audit_auditor_key: "),
    "no signing key": (_with(audit_signing_key=None), "audit_signing_key: is needed"),
    "a signing key that is gone": (_with(audit_signing_key="/nonexistent/signing.key"), "audit_signing_key: "),
    "a limits file nowhere": (_with(limits_file="/nonexistent/limits"), "limits_file: "),
    "a keeper that is no place": (_with(audit_keeper="http://witness:1"), "audit_keeper: must be"),
    "a keeper with half a scheme": (_with(audit_keeper="grpcs//witness:1"), "audit_keeper: must be"),
    "a keeper with another half": (_with(audit_keeper="grpcs:/witness:1"), "audit_keeper: must be"),
    "a keeper without a scheme": (_with(audit_keeper="witness.example:50443"), "audit_keeper: must be"),
    "a keeper that is the log itself": (_in_data("audit_keeper", "audit"), "audit_keeper: keeps nothing"),
    "a keeper within the log": (_in_data("audit_keeper", "audit/../audit/checkpoints"), "audit_keeper: keeps nothing"),
    "a keeper within the data": (_in_data("audit_keeper", "keeper"), "audit_keeper: keeps nothing"),
    "a keeper's CA that is gone": (
        _with(audit_keeper="grpcs://localhost:1", audit_keeper_ca="/nonexistent/ca.pem"),
        "audit_keeper_ca: cannot read",
    ),
    "a keeper's certificate that is gone": (
        _with(
            **{"audit_keeper": "grpcs://localhost:1", "audit_keeper_cert": "/nonexistent/keeper.pem"},
            audit_keeper_key="/nonexistent/keeper.key",
        ),
        "audit_keeper_cert: cannot read",
    ),
    "a keeper's certificate without its key": (
        _with(audit_keeper="grpcs://localhost:1", audit_keeper_cert="/nonexistent/keeper.pem"),
        "belong together",
    ),
    "an audit log nowhere": (_with(audit="/proc/audit"), "audit: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_with_78_and_a_sentence(place: Place, fault: str) -> None:
    spoil, named = FAULTS[fault]
    spoil(place)
    status, told = place.serve()
    assert status == 78, told
    assert named in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a file from another user")
@pytest.mark.skipif(not REACHED_BY_ALL, reason="the server's user cannot reach this checkout at all")
@pytest.mark.parametrize("name", ["data", "generations", "trust", "tls_key", "audit", "audit_signing_key", "config"])
def test_what_the_servers_user_may_not_read(name: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:  # pytest's own is closed to other users
        root = Path(directory)
        root.chmod(0o755)
        (root / "data").mkdir()
        place = Place(root / "etc", root / "data")
        place.write(**({} if name in ("config", "generations") else {name: root / "closed" / "what"}))
        if name == "config":
            (root / "closed").mkdir()
            place.config = Path(shutil.move(place.config, root / "closed" / "ronda.toml"))
        for path in (root / "data", *(root / "etc").rglob("*"), root / "etc"):
            os.chown(path, 65534, 65534)
        if name == "generations":  # restored as root
            (root / "data" / name).mkdir(mode=0o700)
        (root / "closed").mkdir(exist_ok=True)
        (root / "closed").chmod(0o700)
        status, told = place.serve(reads_all=False)
        assert status == 78, told
        named = {"config": "RONDA_CONFIG: cannot read", "generations": f"data: cannot read {root / 'data' / name}: "}
        assert named.get(name, f"{name}: ") in told
        assert "Traceback" not in told


def test_settings_that_work_do(place: Place) -> None:
    """The faults above are what stops the others."""
    status, told = place.serve()
    assert status == 0, told


def test_a_demonstrations_directory_is_refused_where_trust_is_set(
    place: Place, published: Published, start_server: StartServer
) -> None:
    """Its audit log is signed with a key that the demonstration made for itself."""
    demonstration = start_server(data=published.data).wait_ready()
    assert demonstration.stop() == 0
    assert list((published.data / "audit" / "checkpoints").iterdir())
    status, told = place.serve()
    assert status == 78, told
    assert "audit: " in told
    assert "demonstration" in told
    place.write(audit=place.directory / "audit")
    assert place.serve()[0] == 0


def test_a_log_goes_on_under_its_key(place: Place) -> None:
    assert place.serve()[0] == 0
    assert place.serve()[0] == 0
    other = place.directory / "other"
    make_auditor_keys(other)
    make_signing_keys(other)
    place.write(audit_signing_key=other / "signing.key")
    status, told = place.serve()
    assert status == 78, told
    assert "signed with another key" in told
