"""A key under which anybody can sign is refused by name, in a key set and in a CA."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from server.settings import SettingsError
from server.trust.directory import read_trust
from server.trust.small_order import is_of_small_order
from tests.trust.trust_kit import TrustKit

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
GROUP = 2**252 + 27742317777372353535851937790883648493
Point = tuple[int, int]
NOWHERE: Point = (0, 1)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> TrustKit:
    """A development set. Read-only."""
    return TrustKit(tmp_path_factory.mktemp("kit") / "keys")


def added(a: Point, b: Point) -> Point:
    """On the curve -x² + y² = 1 + d x² y² (RFC 8032)."""
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P)
    return x % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P


def times(number: int, point: Point) -> Point:
    found = NOWHERE
    for bit in bin(number)[2:]:
        found = added(found, found)
        found = added(found, point) if bit == "1" else found
    return found


def point_with(y: int) -> Point | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    for x in (root, root * pow(2, (P - 1) // 4, P) % P):
        if x * x % P == square:
            return x, y
    return None


def small_points() -> set[Point]:
    """Returns what is left of points when they are multiplied by the order of the group that keys are of."""
    found: set[Point] = set()
    for seed in range(200):
        y = int.from_bytes(hashlib.sha512(str(seed).encode()).digest(), "little") % P
        point = point_with(y)
        if point is not None:
            left = times(GROUP, point)
            found |= {left, (-left[0] % P, left[1])}
    return found


def encodings() -> list[bytes]:
    ys = {y for _, y in small_points()}
    ys |= {y + P for y in ys if y + P < 2**255}
    return [(y | sign << 255).to_bytes(32, "little") for y in sorted(ys) for sign in (0, 1)]


def test_each_point_of_small_order_is_known_and_no_other() -> None:
    points = small_points()
    assert len(points) == 8
    assert all(times(8, point) == NOWHERE for point in points)
    assert len(encodings()) == 14
    assert all(is_of_small_order(each) for each in encodings())
    assert not any(is_of_small_order(Ed25519PrivateKey.generate().public_key().public_bytes_raw()) for _ in range(100))


def test_anybody_signs_under_one() -> None:
    """Why they are refused: this signature was made by nobody."""
    nobody = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(nobody).verify(nobody + bytes(32), b"officer 10001")
    with pytest.raises(InvalidSignature):
        Ed25519PrivateKey.generate().public_key().verify(nobody + bytes(32), b"officer 10001")


@pytest.mark.parametrize("public", encodings(), ids=bytes.hex)
def test_a_key_set_with_one_is_refused_by_name(kit: TrustKit, tmp_path: Path, public: bytes) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    path = trust / "pnc" / "officers.jwks.json"
    document = json.loads(path.read_text())
    x = base64.urlsafe_b64encode(public).decode().rstrip("=")
    document["keys"].append({"kty": "OKP", "crv": "Ed25519", "kid": "zero", "x": x})
    path.write_text(json.dumps(document))
    with pytest.raises(SettingsError, match=r"officers\.jwks\.json: key zero is of small order"):
        read_trust(trust)


def test_a_ca_with_one_is_refused_by_name(kit: TrustKit, tmp_path: Path) -> None:
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, Ed25519PublicKey.from_public_bytes(bytes(32)), 1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(Ed25519PrivateKey.generate(), None)
    )
    with (trust / "pnc" / "ca.pem").open("ab") as file:
        file.write(certificate.public_bytes(Encoding.PEM))
    with pytest.raises(SettingsError, match=r"ca\.pem: the key of a CA is of small order"):
        read_trust(trust)
