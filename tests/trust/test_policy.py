"""The example policy against its table; policies that must not load; the enrolment of an institution by command."""

from __future__ import annotations

import json
import os
import shutil
import threading
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.command import app
from ronda.settings import load_settings
from ronda.v1 import context_pb2
from server.settings import SettingsError
from server.trust.allowances import Allowance, read_allowances
from server.trust.directory import read_trust
from server.trust.institutions import Institutions
from server.trust.operator import authorise
from server.trust.peer import peer_of
from server.trust.policy import Policy, Principal
from server.trust.policy_cases import broken_rules, read_cases
from server.trust.revocations import read_revocations
from tests.trust.trust_kit import TrustKit

EXAMPLE = Path(str(files("server.trust") / "example"))


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The example policy."""
    return Policy(EXAMPLE / "policy.cedar", read_allowances(EXAMPLE / "limits.toml"))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> TrustKit:
    """A development set. Read-only."""
    return TrustKit(Path(tmp_path_factory.mktemp("kit")) / "keys")


@pytest.mark.parametrize("case", read_cases(EXAMPLE / "cases.toml"), ids=lambda case: case.name)
def test_the_example_policy_does_what_its_table_says(policy: Policy, case: object) -> None:
    assert broken_rules(policy, case) == []  # type: ignore[arg-type]


def test_what_is_said_of_officers_for_every_action_stays_a_policy(tmp_path: Path) -> None:
    """Written before there was something that a gateway asks for itself: it is taken as it was."""
    (tmp_path / "policy.cedar").write_text(
        (EXAMPLE / "policy.cedar").read_text(encoding="utf-8")
        + 'forbid (principal, action, resource) when { principal.unit == "zona-1" || principal.offUnit };\n'
    )
    allowances = read_allowances(EXAMPLE / "limits.toml")
    hears = Policy(tmp_path / "policy.cedar", allowances).hears
    gateway = ("spiffe://pnc.gob.gt/gateway/sms", "pnc")
    assert hears(gateway, context_pb2.PURPOSE_TRAFFIC_STOP)
    assert not hears(gateway, context_pb2.PURPOSE_INVESTIGATION)


def test_nothing_is_permitted_by_default(tmp_path: Path) -> None:
    (tmp_path / "policy.cedar").write_text("")
    empty = Policy(tmp_path / "policy.cedar", {"all": Allowance()})
    for purpose in context_pb2.Purpose.values():
        assert empty.decide(Principal("pnc", ("patrol",), "u", off_unit=False, delegated=False), purpose) is None
    # methods without an allowance, and sections without methods, are nothing either
    permits = 'permit (principal, action in Action::"LookUp", resource);'
    (tmp_path / "policy.cedar").write_text(permits)
    without_allowance = Policy(tmp_path / "policy.cedar", {"all": Allowance()})
    assert without_allowance.decide(Principal("pnc", (), "u", off_unit=False, delegated=False), 1) is None


def test_a_table_that_does_not_hold_is_told(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "cases.toml").write_text(
        '[[case]]\nname = "x"\ninstitution = "pnc"\nroles = ["patrol"]\npurpose = "TRAFFIC_STOP"\n'
        'allowed = ["Clear"]\nforbidden = ["Check"]\nshown = ["TAX/OPEN"]\nhidden = ["WARRANT/OPEN"]\n'
        'needs_case_number = true\nallowance = "desk"\ndelegates = ["spiffe://x/gateway/y"]\n'
    )
    (case,) = read_cases(tmp_path / "cases.toml")
    assert len(broken_rules(policy, case)) == 7


def _permit_when(condition: str) -> str:
    return f"permit (principal, action, resource) when {{ {condition} }};"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("policy.cedar", "permit (", "policy.cedar"),
        ("policy.cedar", 'permit (principal, action, resource in Section::"WARANT");', "WARANT"),
        ("policy.cedar", 'permit (principal, action == Action::"Chek", resource);', "Chek"),
        ("policy.cedar", _permit_when("(" * 20_000 + "true" + ")" * 20_000), "nested too deeply"),
        ("policy.cedar", _permit_when("[" * 800 + "1" + "]" * 800 + ".contains(1)"), "nested too deeply"),
        ("policy.cedar", _permit_when("if true then true else " * 20_000 + "true"), "characters"),
        # Cedar's validator would take these for right.
        ("policy.cedar", _permit_when("principal" + ".nothing" * 20_000 + " == 1"), "characters"),
        ("institutions.toml", ".".join("a" * 20_000) + " = 1\n", "nested too deeply"),
        ("revoked.toml", "[" + " . ".join(['"a b"'] * 20_000) + "]\n", "nested too deeply"),
        ("limits.toml", "[patrol]\nofficer = { count = 0, seconds = 1, burst = 1 }\n", "patrol.officer.count"),
        ("limits.toml", "[patrol]\nofficers = 3\n", "patrol.officers"),
        ("revoked.toml", "officer = []\n", "revoked.toml: officer"),
        ("revoked.toml", 'officers = ["10001"]', "officers.0: institution/NIP"),
        ("revoked.toml", 'officers = ["PNC/10001"]', "officers.0"),
        ("revoked.toml", 'officers = ["pnc/10001", "pnc/ 10002"]', "officers.1"),
        ("revoked.toml", 'devices = ["patrol-1"]', "devices.0: a device's SPIFFE name"),
        ("revoked.toml", 'devices = ["spiffe://PNC.gob.gt/unit/zona-1/device/patrol-1"]', "devices.0"),
        ("revoked.toml", 'devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1/"]', "devices.0"),
        ("revoked.toml", 'devices = ["spiffe://pnc.gob.gt/zona-1/patrol-1"]', "devices.0"),
        ("revoked.toml", f'certificates = ["{"ab" * 31}"]', "certificates.0: SHA-256"),
        ("revoked.toml", 'certificates = ["q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kBI0Vng"]', "certificates.0"),
        ("revoked.toml", 'tokens = [" "]', "tokens.0"),
        ("institutions.toml", "", "holds one table for each institution"),
        ("institutions.toml", '[pnc]\nname = "x"\n', "pnc.trust_domain"),
        ("pnc/ca.pem", "no certificate", "ca.pem"),
        ("pnc/officers.jwks.json", "{}", "officers.jwks.json"),
        ("pnc/officers.jwks.json", '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "1"}]}', "Ed25519 public keys only"),
    ],
)
def test_files_that_do_not_hold_together_are_refused(
    kit: TrustKit, tmp_path: Path, name: str, text: str, says: str
) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    read_trust(trust)
    (trust / name).write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_trust(trust)
    assert says in str(caught.value)


def test_comments_and_texts_of_any_length_are_in_order(kit: TrustKit, tmp_path: Path) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    with (trust / "policy.cedar").open("a") as policy:
        policy.write("// ((( why ;\n" * 10_000 + _permit_when('"(((((" == "\\"" && ' * 80 + "false"))
    read_trust(trust)


@pytest.mark.parametrize("text", ["case = 3\n", "[case]\nname = 1\n", "case = []\n", ""])
def test_a_table_of_cases_that_is_none_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "cases.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"cases\.toml: "):
        read_cases(tmp_path / "cases.toml")


def test_a_fingerprint_is_read_as_tools_print_it(kit: TrustKit, tmp_path: Path) -> None:
    pair = kit.police.device("zona-1", "patrol-1")
    serial = peer_of(pair.certificate, read_trust(kit.trust).institutions).serial
    with_colons = ":".join(serial[at : at + 2] for at in range(0, 64, 2)).upper()
    for written in (serial, serial.upper(), with_colons):
        (tmp_path / "revoked.toml").write_text(f'certificates = ["{written}"]\n')
        assert read_revocations(tmp_path / "revoked.toml").certificates == {serial}


@pytest.mark.parametrize("what", ["ca", "keys"])
def test_a_key_vouches_for_one_institution(kit: TrustKit, tmp_path: Path, what: str) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    name = {"ca": "ca.pem", "keys": "officers.jwks.json"}[what]
    shutil.copy(trust / "mp" / name, trust / "pnc" / name)
    with pytest.raises(SettingsError, match=f"mp: {what}: .*pnc") as caught:
        read_trust(trust)
    assert "institutions.toml" in str(caught.value)


def test_a_certificate_that_is_no_ca_vouches_for_nobody(kit: TrustKit, tmp_path: Path) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    (trust / "pnc" / "ca.pem").write_bytes(kit.police.device("zona-1", "patrol-1").certificate)
    with pytest.raises(SettingsError, match=r"pnc/ca\.pem: .*no CA"):
        read_trust(trust)


@pytest.mark.parametrize("name", ["revoked.toml", "policy.cedar", "limits.toml", "institutions.toml", "pnc/ca.pem"])
def test_what_is_no_file_is_refused_and_waited_for_by_nobody(kit: TrustKit, tmp_path: Path, name: str) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    (trust / name).unlink(missing_ok=True)
    os.mkfifo(trust / name)
    refused: list[SettingsError] = []

    def look() -> None:
        try:
            read_trust(trust)
        except SettingsError as error:
            refused.append(error)

    read = threading.Thread(target=look, daemon=True)
    read.start()
    read.join(10)
    assert [name in str(error) for error in refused] == [True]


def _run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("command", ["test", "schema"])
def test_a_trust_directory_that_is_none_is_said_to_be_none(command: str, tmp_path: Path) -> None:
    none = CliRunner().invoke(app, ["policy", command, str(tmp_path / "nope")])
    empty = CliRunner().invoke(app, ["policy", command, str(tmp_path)])
    assert (none.exit_code, empty.exit_code) == (2, 2)
    assert "no such directory; `ronda policy init" in none.output
    assert empty.output == f"{tmp_path}/limits.toml: No such file or directory\n"


@pytest.mark.parametrize("host", ["ab cd", "", "-a.gt", "a..gt", "10.1.2.3:50051", "https://ronda.gob.gt", "a" * 64])
def test_a_host_that_nobody_can_dial_gets_no_certificate(host: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["keys", "server", str(tmp_path / "made"), "--host", "ok.gt", "--host", host])
    assert done.exit_code == 2
    assert "neither a host name nor an address" in done.output
    assert not (tmp_path / "made").exists()


def test_an_institution_is_enrolled_by_command(tmp_path: Path) -> None:
    trust, firemen, device = tmp_path / "trust", tmp_path / "bomberos", tmp_path / "device-7"
    _run("policy", "init", trust)
    _run("keys", "institution", firemen, "--id", "bomberos", "--trust-domain", "bomberos.gob.gt")
    public = ("--ca", firemen / "ca.pem", "--jwks", firemen / "officers.jwks.json")
    _run("keys", "enrol", trust, "--id", "bomberos", "--name", "Bomberos", "--trust-domain", "bomberos.gob.gt", *public)
    assert "cases hold" in _run("policy", "test", trust)
    _run("keys", "device", firemen, "--unit", "central", "--device", "7", "--out", device)
    who = ("--nip", "1", "--unit", "central", "--role", "dispatcher")
    token = _run("keys", "token", firemen, *who, "--certificate", f"{device}.pem").strip()
    assert token.count(".") == 2
    peer = peer_of(Path(f"{device}.pem").read_bytes(), Institutions(trust / "institutions.toml"))
    assert (peer.device, peer.unit) == ("spiffe://bomberos.gob.gt/unit/central/device/7", "central")
    private = [path for path in tmp_path.rglob("*") if path.suffix == ".key" or path.name == "officers.key.json"]
    assert len(private) == 3
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    again = CliRunner().invoke(app, ["keys", "institution", str(firemen), "--id", "b", "--trust-domain", "b.gt"])
    assert again.exit_code == 2
    assert "nothing is overwritten" in again.output
    assert "entity Section enum" in _run("policy", "schema", trust)


def test_the_office_needs_a_token_of_its_own(kit: TrustKit) -> None:
    settings = load_settings(**kit.settings)
    auditor, patrol = kit.issuer("pdh"), kit.police
    office = auditor.token("7", "auditoria", ["auditor"], "none", audience="ronda-office")
    assert authorise(settings, office, "ReadAudit")["nip"] == "7"
    for token, action in (
        (office, "Expunge"),
        (auditor.token("7", "auditoria", ["auditor"], "none"), "ReadAudit"),
        (patrol.token("7", "zona-1", ["patrol", "auditor"], "none", audience="ronda-office"), "ReadAudit"),
        ("", "ReadAudit"),
        ("a.b.c", "ReadAudit"),
    ):
        with pytest.raises(PermissionError):
            authorise(settings, token, action)
    with pytest.raises(PermissionError, match="development"):
        authorise(load_settings(), office, "ReadAudit")
    assert json.loads((kit.trust / "pnc" / "officers.jwks.json").read_text())["keys"][0].get("d") is None
