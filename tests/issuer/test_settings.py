"""The settings of an issuer: the page says them all, and what breaks a rule is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.audit.settings import AuditSettings
from server.issuer.settings import FILE, IssuerSettings, read_settings
from server.settings import SettingsError
from server.transport.settings import TransportSettings

PAGE = (Path(__file__).parents[2] / "docs" / "issuer.md").read_text(encoding="utf-8")
NEEDED = 'trust = "trust"\ntls_cert = "server.pem"\ntls_key = "server.key"\ntls_client_ca = "ca.pem"\n'


def test_the_page_has_every_setting() -> None:
    rows = []
    for name, field in IssuerSettings.model_fields.items():
        if name not in {**TransportSettings.model_fields, **AuditSettings.model_fields}:
            default = "" if isinstance(field.default, tuple) else field.default
            rows.append(f"| `{name}` | {default} | {field.description} |")
    table = PAGE.split("| setting | default | |\n|---|---|---|\n", 1)[1].split("\n\n", 1)[0]
    assert table.splitlines() == rows


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(NEEDED, encoding="utf-8")
    settings = read_settings(tmp_path)
    assert (settings.database, settings.pepper) == (tmp_path / "officers.db", tmp_path / "pepper")
    assert settings.tls_client_ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("listen = [", "Invalid value"),
        (NEEDED + 'listen = "here"\n', "listen:"),
        (NEEDED + "sms_session_s = 3600\n", "sms_session_s:"),
        (NEEDED + "token_s = 600\n", "token_s:"),
        (NEEDED + "scrypt_log_n = 10\n", "scrypt_log_n:"),
        (NEEDED + 'gateways = ["spiffe://pnc.gob.gt/unit/zona-1/device/1"]\n', "gateways:"),
        (NEEDED + 'gateway = "x"\n', "gateway:"),
        ('trust = "trust"\n', "an issuer needs trust"),
    ],
)
def test_what_breaks_a_rule_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        read_settings(tmp_path)
