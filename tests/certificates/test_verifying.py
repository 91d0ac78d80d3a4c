"""A certificate as others read it: validators that nobody here wrote, a camera, and whoever alters one."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from clients.certificate.asking import Clearance, Outcome, RegisterRead, Standard
from clients.certificate.facts import Institution, plain
from clients.certificate.making import ClocksDiffer, make_certificate
from clients.certificate.page import Unwritable
from clients.certificate.refused import Fault, NotValid
from clients.certificate.signer import Signer, Trusted
from clients.certificate.verifying import Printed, verify_pdf, verify_token
from ronda.commands.exit_status import ExitStatus
from server.certificates.directory import OfficeDirectory
from server.trust.issuing import Pair, document_signer
from tests.certificates.counter import ONLINE, Counter
from tests.certificates.readers import code_on_page, openssl_verifies, pdfsig_says


@pytest.fixture(scope="module")
def handed(counter: Counter) -> dict[str, Any]:
    """One certificate, for all tests of this module."""
    counter.sign_in()
    return counter.issued("clean", "police")


@pytest.fixture
def file(handed: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "shown.pdf"
    path.write_bytes(handed["pdf"])
    return path


def trusted(office: OfficeDirectory) -> Trusted:
    return Trusted.read(office.path / "public" / "authority.pem", office.path / "public" / "tokens.jwks.json")


def attached(pdf: bytes) -> dict[str, str]:
    """As a program that knows nothing of us finds it."""
    ((content,),) = [each for name, each in pypdf.PdfReader(io.BytesIO(pdf)).attachments.items()]
    document: dict[str, str] = json.loads(content)
    return document


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return document


def refused(counter: Counter, shown: str | Path, *more: str) -> str:
    """The fault that the command names."""
    told = counter.told("verify", shown, *more, status=ExitStatus.NOT_VALID)["error"]
    assert told["valid"] is False
    return str(told["fault"])


def test_validators_that_nobody_here_wrote(
    counter: Counter, handed: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    authority = counter.office.path / "public" / "authority.pem"
    assert openssl_verifies(handed["pdf"], authority, tmp_path)
    said = pdfsig_says(file)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    (signature,) = PdfFileReader(io.BytesIO(handed["pdf"])).embedded_signatures
    root = load_cert_from_pemder(str(authority))  # type: ignore[no-untyped-call]
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.docmdp_ok
    assert status.signing_cert.key_usage_value.native == {"non_repudiation"}


def test_the_code_on_the_page_is_read_without_a_network(counter: Counter, file: Path, tmp_path: Path) -> None:
    text = code_on_page(file, tmp_path)
    assert text.startswith(f"{ONLINE}#")
    told = counter.told("verify", text)
    assert (told["valid"], told["standard"], told["compared_with_page"]) == (True, "police", False)
    said = counter.run("verify", text).output
    assert "no se comparó con la página" in said


def test_a_stranger_learns_no_person_from_the_code(counter: Counter, handed: dict[str, Any]) -> None:
    """Even one who tries every CUI: the key of the hash is on the page, outside the code."""
    said = claims(handed["token"])
    assert set(said) == {"iss", "jti", "std", "res", "iat", "exp", "cuih", "pdfs"}
    assert counter.cui("clean") not in json.dumps(said)
    page_key = attached(handed["pdf"])["page_key"]
    assert len(plain(page_key)) == 16
    assert page_key not in handed["token"]
    other = counter.issued("clean", "police")
    assert claims(other["token"])["cuih"] != said["cuih"], "two certificates of one person do not show that they are"


def test_the_file(counter: Counter, file: Path, handed: dict[str, Any]) -> None:
    told = counter.told("verify", file)
    assert (told["number"], told["valid_until"]) == (handed["number"], handed["valid_until"])
    assert told["compared_with_page"] is True
    assert "REVOCACIÓN NO COMPROBADA" in counter.run("verify", file).output
    assert told["revocation_checked"] is False


def altered(pdf: bytes) -> dict[str, bytes]:
    """Returns bytes that somebody changed, in many ways."""
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.add_metadata({"/Title": "Otra"})
    added = io.BytesIO()
    writer.write(added)
    found: dict[str, bytes] = {"a later revision": added.getvalue(), "a byte behind the end": pdf + b"\n"}
    for share in (0.1, 0.3, 0.5, 0.64, 0.9, 0.99):
        at = int(len(pdf) * share)
        found[f"a bit at {share}"] = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    return found


def test_whatever_is_changed_in_the_file(counter: Counter, handed: dict[str, Any], tmp_path: Path) -> None:
    believed, now = trusted(counter.office), datetime.now(UTC)
    for name, content in altered(handed["pdf"]).items():
        with pytest.raises(NotValid) as error:
            verify_pdf(content, believed, now)
        assert error.value.fault in (Fault.ALTERED, Fault.NO_PDF, Fault.UNSIGNED), name
    (tmp_path / "bad.pdf").write_bytes(next(iter(altered(handed["pdf"]).values())))
    assert refused(counter, tmp_path / "bad.pdf") == "ALTERED"


def test_an_unsigned_copy_and_what_is_no_pdf(counter: Counter, handed: dict[str, Any], tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.append(io.BytesIO(handed["pdf"]), import_outline=False)
    for page in writer.pages:
        page.pop("/Annots", None)
    writer.root_object.pop("/AcroForm", None)
    writer.write(tmp_path / "copy.pdf")
    assert refused(counter, tmp_path / "copy.pdf") == "UNSIGNED"
    for content in (b"%PDF-1.7\n", b"%PDF-" + bytes(5000), handed["pdf"][:2000]):
        (tmp_path / "bad.pdf").write_bytes(content)
        assert refused(counter, tmp_path / "bad.pdf") in ("NO_PDF", "UNSIGNED")
    for content in (b"\xff\xfe no token", b"\x89PNG\r\n" + bytes(300), b"", b" " + handed["pdf"]):
        (tmp_path / "photo").write_bytes(content)
        assert refused(counter, tmp_path / "photo") == "NO_PDF", "a photograph of a page is no altered code"
    assert counter.run("verify", tmp_path / "nothing.pdf").exit_code == ExitStatus.CALLER


def test_what_is_no_file_or_far_too_large_holds_nobody(
    counter: Counter, handed: dict[str, Any], tmp_path: Path
) -> None:
    """A pipe would be waited for, a device without an end fill the machine's memory."""
    os.mkfifo(tmp_path / "pipe")
    for shown in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        run = counter.run("verify", shown)
        assert run.exit_code == ExitStatus.CALLER and "no es un archivo" in run.output, shown
    with (tmp_path / "large.pdf").open("wb") as file:
        file.write(handed["pdf"])
        file.truncate(3 << 30)
    assert refused(counter, tmp_path / "large.pdf") == "NO_PDF"


def test_another_office_of_the_same_name(counter: Counter, file: Path, handed: dict[str, Any], tmp_path: Path) -> None:
    other = OfficeDirectory.make(tmp_path / "other", "digecam", "Oficina de Constancias", ONLINE, 1095)
    for shown, fault in ((file, Fault.SIGNER_UNKNOWN), (handed["token"], Fault.SIGNATURE)):
        assert refused(counter, shown, "--trust", str(other.path / "public")) == fault.name


def test_another_signer_of_the_same_authority(counter: Counter, handed: dict[str, Any]) -> None:
    """The holder of a certificate of the same provider makes a page and puts a true token beside it."""
    path = counter.office.path
    authority = Pair((path / "public" / "authority.pem").read_bytes(), (path / "authority.key").read_bytes())
    other = document_signer(authority, "Otra", 1095)
    directory = counter.directory / "other-signer"
    directory.mkdir()
    other.write(directory / "signer.pem", directory / "signer.key")
    files = (directory / "signer.pem", directory / "signer.key", *counter.office.signer_files[2:])
    signer = replace(Signer.read(*files), print=claims(handed["token"])["pdfs"])
    now = datetime.now(UTC).replace(microsecond=0)
    read = (RegisterRead("RENAP", now, True),)
    facts = Clearance(
        counter.cui("clean"), "OTRA", Standard.POLICE, Outcome.NO_RECORD, "NOTHING_ON_FILE", "g", "a", now, read, ()
    )
    made = make_certificate(facts, handed["number"], Institution("digecam", "Oficina", ""), signer, now)
    with pytest.raises(NotValid) as error:
        verify_pdf(made.pdf, trusted(counter.office), datetime.now(UTC))
    assert error.value.fault is Fault.SIGNER_UNKNOWN
    with pytest.raises(ClocksDiffer):
        make_certificate(facts, handed["number"], Institution("d", "O", ""), signer, now + timedelta(days=1))
    for name in ("Ñ'Óʼ Kʼulubʼ Xiquitá de Ixcoy Güitz Ñáñez", "A" * 300):
        assert make_certificate(replace(facts, name=name), "N", Institution("d", "O", ""), signer, now).pdf
    with pytest.raises(Unwritable):
        make_certificate(replace(facts, name="漢字"), "N", Institution("d", "O", ""), signer, now)


def test_a_certificate_for_servers_signs_no_document(counter: Counter, tmp_path: Path) -> None:
    """Nor is one made with it: the office's command refuses the key."""
    shutil.copytree(counter.office.path, tmp_path / "office")
    keys = counter.trusted.kit.directory
    for end in ("pem", "key"):
        shutil.copy(keys / f"counter.{end}", tmp_path / "office" / f"signer.{end}")
    result = counter.run(
        "--cui", counter.cui("clean"), "--standard", "police", "--out", tmp_path / "c.pdf",
        RONDA_CERTIFICATE_OFFICE=str(tmp_path / "office"),
    )  # fmt: skip
    assert result.exit_code == ExitStatus.CALLER
    assert not (tmp_path / "c.pdf").exists()


def test_a_signer_that_ends_before_the_certificate_signs_none(counter: Counter, tmp_path: Path) -> None:
    office = OfficeDirectory.make(tmp_path / "office", "digecam", "Oficina", "", 90)
    result = counter.run(
        "--cui", counter.cui("clean"), "--standard", "police", "--out", tmp_path / "c.pdf",
        RONDA_CERTIFICATE_OFFICE=str(office.path),
    )  # fmt: skip
    assert result.exit_code == ExitStatus.CALLER
    assert "vence antes" in result.output
    assert not (tmp_path / "c.pdf").exists()


@pytest.mark.parametrize(
    ("days", "fault"),
    [(-1, Fault.NOT_YET), (-400, Fault.NOT_YET), (200, Fault.EXPIRED), (1200, Fault.SIGNER_EXPIRED)],
)
def test_by_the_clock(counter: Counter, handed: dict[str, Any], days: int, fault: Fault) -> None:
    """A verifier's clock that is a day behind says so; the signer outlives what it signed."""
    now = datetime.now(UTC) + timedelta(days=days)
    with pytest.raises(NotValid) as error:
        verify_pdf(handed["pdf"], trusted(counter.office), now)
    assert error.value.fault is fault
    with pytest.raises(NotValid) as error:
        verify_token(handed["token"], trusted(counter.office), now)
    assert error.value.fault is (Fault.EXPIRED if days > 0 else Fault.NOT_YET)


def test_a_changed_token(counter: Counter, handed: dict[str, Any]) -> None:
    header, _, signature = handed["token"].split(".")
    for change in (
        {"res": "WITH_RECORD"},
        {"exp": 9_999_999_999},
        {"jti": "AAAAA-AAAAA-AAAAA-AAAAA"},
        {"std": "renas"},
    ):
        said = json.dumps({**claims(handed["token"]), **change}).encode()
        payload = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
        assert refused(counter, f"{header}.{payload}.{signature}") == "SIGNATURE"
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"ronda-certificate"}').rstrip(b"=").decode()
    assert refused(counter, f"{none}.{handed['token'].split('.')[1]}.") == "SIGNATURE"


def test_a_token_that_the_key_signed_for_something_else(counter: Counter) -> None:
    key = OKPKey.import_key(json.loads((counter.office.path / "token.key.json").read_text(encoding="ascii")))
    for header, payload in (
        ({"typ": "other"}, "{}"),
        ({}, "{}"),
        ({"typ": "ronda-certificate"}, '{"res":"NO_RECORD"}'),
    ):
        token = jws.serialize_compact({"alg": "EdDSA", "kid": key.kid, **header}, payload, key, algorithms=["EdDSA"])
        assert refused(counter, token) == "NO_TOKEN"


def test_a_code_on_another_page(counter: Counter, handed: dict[str, Any]) -> None:
    """Printed under another number, or for another person: the page's key does not make another CUI fit."""
    key, cui = attached(handed["pdf"])["page_key"], counter.cui("clean")
    token = handed["token"]
    told = counter.told("verify", token, "--number", handed["number"].lower(), "--cui", cui, "--page-key", key.lower())
    assert told["compared_with_page"] is True
    assert refused(counter, token, "--number", "AAAAA-AAAAA-AAAAA-AAAAA") == "ANOTHER_PAGE"
    assert refused(counter, token, "--cui", counter.cui("wanted"), "--page-key", key) == "ANOTHER_PAGE"
    assert refused(counter, token, "--cui", cui, "--page-key", "0" * 16) == "ANOTHER_PAGE"
    other = counter.issued("clean", "police")
    with pytest.raises(NotValid):
        verify_token(other["token"], trusted(counter.office), datetime.now(UTC), Printed("", cui, key))
    assert counter.run("verify", token, "--cui", cui).exit_code == ExitStatus.CALLER
