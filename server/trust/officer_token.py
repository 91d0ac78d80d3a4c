"""The officer's token: a JWT (RFC 7519) signed with Ed25519 by their institution, bound to the device's certificate.

    {"alg": "EdDSA", "kid": ..., "typ": "JWT"}
    {"iss": the institution's issuer, "aud": "ronda", "sub": their NIP, "unit": ..., "roles": [...], "jti": ...,
     "iat": ..., "nbf": ..., "exp": ..., "cnf": {"x5t#S256": thumbprint of the client certificate (RFC 8705)},
     "act": {"sub": SPIFFE name of the gateway that asks on their behalf (RFC 8693)},
     "auth_time": when they signed in, of a token that a session renewed (OpenID Connect Core 1.0, section 2)}

A token of the audience "ronda-recall" opens AlertService alone: no PIN stands behind it (docs/issuer.md).

`act`, `auth_time` and `nbf` may be missing, nothing else. Algorithms are fixed here, never taken from the token:
`none`, HS256 and every other are refused before a key is looked at.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import extract_compact
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from core.documents import json_of
from ronda.v1 import error_pb2
from server.errors import Refusal
from server.trust.institutions import Institution, Institutions

# RFC 9864 renames EdDSA with this curve to Ed25519; issuers use either.
ALGORITHMS = ("EdDSA", "Ed25519")
RECALL = "-recall"
"""Suffix of the audience's name, for a token that opens AlertService alone. An older server refuses it."""
MAX_BYTES = 4096
_SCHEME = "bearer "


class _Confirmation(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)
    thumbprint: str = Field(alias="x5t#S256")


class _Actor(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    sub: str


class _Claims(BaseModel):
    """Other claims are ignored, as RFC 7519 section 4 has it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    iss: str
    aud: str | list[str]
    sub: str = Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")
    unit: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    roles: list[str] = Field(min_length=1, max_length=16)
    jti: str = Field(min_length=1, max_length=128)
    iat: StrictInt
    exp: StrictInt
    nbf: StrictInt | None = None
    cnf: _Confirmation
    act: _Actor | None = None
    auth_time: StrictInt | None = Field(default=None, ge=0)


@dataclass(frozen=True)
class TokenRules:
    """The rules for a token besides its signature."""

    audience: str
    max_age_s: int  # exp - iat at most
    skew_s: int  # how far clocks may differ
    with_recall: bool = False  # whether tokens that open AlertService alone are taken too


@dataclass(frozen=True)
class Officer:
    """The content of a token. `actor` is the gateway's SPIFFE name, "" = no gateway."""

    institution: Institution
    nip: str
    unit: str
    roles: tuple[str, ...]
    token_id: str
    signed_in_ms: int  # `auth_time`, else `iat`
    expires_ms: int  # skew included
    thumbprint: str
    actor: str
    recall_only: bool = False  # nothing but AlertService


def read_token(authorization: str, institutions: Institutions, rules: TokenRules, clock_ms: int) -> Officer:
    """The officer of an `authorization` header. Raises Refusal TOKEN_*, its rule named."""
    if not authorization:
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_MISSING)
    token = authorization[len(_SCHEME) :].strip(" ")  # no other space: what is one depends on how bytes were decoded
    if authorization[: len(_SCHEME)].lower() != _SCHEME or not token:
        raise _invalid("scheme", "the authorization is not a Bearer token")
    if len(token) > MAX_BYTES:
        raise _invalid("size", f"a token has at most {MAX_BYTES} bytes")
    institution = _issuer(token, institutions)
    claims = _verified(token, institution)
    audiences = claims.aud if isinstance(claims.aud, list) else [claims.aud]
    recall_only = rules.audience not in audiences
    if recall_only and not (rules.with_recall and claims.act and f"{rules.audience}{RECALL}" in audiences):
        raise _invalid("audience", "the token was made for another audience")
    if not 0 < claims.exp - claims.iat <= rules.max_age_s:
        raise _invalid("lifetime", f"a token lives at most {rules.max_age_s} seconds, and ends after it begins")
    expires_ms = (claims.exp + rules.skew_s) * 1000
    if clock_ms >= expires_ms:
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_EXPIRED)
    if clock_ms < (max(claims.iat, claims.nbf or 0) - rules.skew_s) * 1000:
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_NOT_YET_VALID)
    return Officer(
        institution=institution,
        nip=claims.sub,
        unit=claims.unit,
        roles=tuple(sorted(set(claims.roles))),
        token_id=claims.jti,
        signed_in_ms=min(claims.iat, claims.iat if claims.auth_time is None else claims.auth_time) * 1000,
        expires_ms=expires_ms,
        thumbprint=claims.cnf.thumbprint,
        actor=claims.act.sub if claims.act else "",
        recall_only=recall_only,
    )


def _issuer(token: str, institutions: Institutions) -> Institution:
    """Returns the institution with the keys to try: read before the signature, so believed only after it."""
    try:
        parts = extract_compact(token.encode("ascii"))
        header, claims = parts.headers(), json_of(parts.payload)
    except (JoseError, Base64Error, ValueError, KeyError, TypeError, RecursionError):
        raise _invalid("form", "the token is no signed JWT") from None
    if header.get("alg") not in ALGORITHMS:
        raise _invalid("algorithm", "the token must be signed with EdDSA (Ed25519)")
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    institution = institutions.by_issuer.get(issuer) if isinstance(issuer, str) else None
    if institution is None:
        raise _invalid("issuer", "no institution has that issuer")
    return institution


def _verified(token: str, institution: Institution) -> _Claims:
    try:
        claims: dict[str, Any] = jwt.decode(token, institution.keys, algorithms=list(ALGORITHMS)).claims
    except UnsupportedAlgorithmError:
        raise _invalid("algorithm", "the token must be signed with EdDSA (Ed25519)") from None
    except (JoseError, ValueError, RecursionError):
        raise _invalid("signature", "no key of the issuer made this signature") from None
    try:
        return _Claims.model_validate(claims)
    except ValidationError as error:
        claim = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise _invalid(claim, f"the claim {claim} is missing or breaks its rule") from None


def _invalid(rule: str, text: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_TOKEN_INVALID, rule=text, metadata={"rule": rule})
