"""Settings of the SMS gateway: the operator's SMSC, Ronda, the issuer, and how much and how long."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class SmsSettings(BaseModel):
    """The start-up settings of `ronda sms`."""

    sms_smsc: str = Field("", description="`ronda sms`: address of the operator's SMSC, host:port.")
    sms_system_id: str = Field("ronda", max_length=15, description="Name by which the gateway binds.")
    sms_password: Path | None = Field(
        None, description="File with the password of the bind, at most eight characters; none = an empty one."
    )
    sms_directory: Path = Field(
        Path("sms"), description="Directory of the gateway: its queue (sealed), the queue's key, its counts."
    )
    sms_server: str = Field("127.0.0.1:50051", description="Address of Ronda's server that the gateway asks.")
    sms_lane: str = Field(
        "",
        description="Address of that server's express lane, host:port; empty = the one that it tells, if any.",
    )
    sms_identity: Path | None = Field(
        None,
        description="Beginning of the names of the gateway's certificate and key (.pem, .key); `server-ca.pem` and "
        "`issuer-ca.pem` stand beside them. None = a server in development mode.",
    )
    sms_issuer: str = Field("", description="Address of the institution's issuer (TokenService), host:port.")
    sms_country_code: str = Field("502", description="Put before numbers of eight digits that come without it.")
    sms_window: int = Field(64, ge=1, le=1000, description="Replies sent to the SMSC and not acknowledged, at most.")
    sms_rate: int = Field(2000, ge=1, description="Replies sent to the SMSC, a second.")
    sms_answer_s: float = Field(
        20, ge=1, description="Time within which an answer must be had, in seconds; then SIN RESPUESTA is sent."
    )
    sms_pin_s: float = Field(
        90, ge=1, description="Time within which the issuer's word on a PIN must be had, in seconds."
    )
    sms_retry_s: float = Field(
        600, ge=1, description="How long a reply that the SMSC refuses for now is tried again, in seconds."
    )
    sms_validity_s: int = Field(
        180, ge=30, description="How long a reply may be on its way, in seconds; older, SIN RESPUESTA is sent instead."
    )
    sms_duplicate_s: int = Field(
        60, ge=1, description="Within how many seconds the same text of the same sender is the same message."
    )
    sms_sender_minute: int = Field(
        20,
        ge=1,
        description="Messages of one sender that are looked at, a minute: with a PIN, questions without, others.",
    )
    sms_enquire_s: float = Field(30, ge=1, description="Silence after which the SMSC is asked whether it is there.")
    sms_open: int = Field(
        2000,
        ge=1,
        description="Questions being answered and replies not acknowledged, together; further ones are put off.",
    )
