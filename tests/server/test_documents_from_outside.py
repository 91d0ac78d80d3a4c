"""Files and tokens of any content: their reader refuses them by name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from indexer.manifest.loading import ManifestError, load_manifest
from ronda.command import app
from ronda.objectives.targets import TargetsError, read_targets
from server.audit.keys import KeyFileError, kept_hash_keys, make_signing_keys
from server.errors import Refusal
from server.habeas_data.two_persons import NotReleased, read_request
from server.issuer.pepper import KEYS, Pepper
from server.settings import SettingsError
from server.trust.allowances import read_allowances
from server.trust.institutions import Institutions
from server.trust.officer_token import TokenRules, read_token
from server.trust.policy_cases import read_cases
from server.trust.revocations import read_revocations
from tests.trust.trust_kit import TrustKit

DEEP = 20_000
DEEP_JSON = b"[" * DEEP
DEEP_TOML = b"a = " + b"[" * DEEP
CUT, LETTERS = b"{", b"\xff\xfe\x00"


@pytest.mark.parametrize("content", [DEEP_TOML, b"a = ", LETTERS])
@pytest.mark.parametrize(
    ("read", "refusal"),
    [
        (Institutions, SettingsError),
        (read_allowances, SettingsError),
        (read_revocations, SettingsError),
        (read_cases, SettingsError),
        (read_targets, TargetsError),
        (load_manifest, ManifestError),
    ],
)
def test_a_file_of_toml(
    tmp_path: Path, content: bytes, read: Callable[[Path], object], refusal: type[Exception]
) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(content)
    with pytest.raises(refusal, match=r"file\.toml"):
        read(path)


@pytest.mark.parametrize("content", [DEEP_JSON, CUT, LETTERS, b"null", b"5", b"[]"])
def test_a_file_of_json(tmp_path: Path, content: bytes) -> None:
    for name in (KEYS, "hash.key", "request"):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError, match=KEYS):
        Pepper(tmp_path)
    with pytest.raises(KeyFileError):
        kept_hash_keys(tmp_path, 0)
    with pytest.raises(NotReleased):
        read_request(tmp_path / "request")
    make_signing_keys(tmp_path / "keys")
    public = str(tmp_path / "keys" / "signing.pub")
    done = CliRunner().invoke(app, ["audit", "proof", "--check", str(tmp_path / "request"), "--public-key", public])
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (1, 2)
    assert "no es una prueba" in done.output or "NO SE SOSTIENE" in done.output


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize("header", [b'{"alg":"EdDSA","kid":"k"}', DEEP_JSON, LETTERS, b"5"])
@pytest.mark.parametrize("payload", [DEEP_JSON, CUT, LETTERS, b"null", b'{"iss":' + DEEP_JSON])
def test_a_strangers_token(tmp_path: Path, header: bytes, payload: bytes) -> None:
    kit = TrustKit(tmp_path / "kit")
    institutions = Institutions(kit.trust / "institutions.toml")
    token = f"Bearer {_text(header)}.{_text(payload)}.{_text(b'signature')}"
    with pytest.raises(Refusal):
        read_token(token, institutions, TokenRules("ronda", 60, 3600), 0)
