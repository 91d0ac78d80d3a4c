"""Settings of calls: how large, how many, how long."""

from __future__ import annotations

from pydantic import Field

from server.settings import MIB, GroundSettings
from server.transport.settings import TransportSettings
from server.trust.settings import TrustSettings


class CallSettings(GroundSettings):
    """Bounds of a call, of a device's and an officer's calls, and of what answers them."""

    max_message_bytes: int = Field(
        16 * 1024,
        ge=1024,
        description="Largest request of a unary call, in bytes; larger is MESSAGE_TOO_LARGE. What is answered is kept "
        "whole in the audit log; the longest question has some 10,000.",
    )
    max_clear_message_bytes: int = Field(
        4 * MIB, ge=1024, description="Largest message of a Clear stream, in bytes; larger is MESSAGE_TOO_LARGE."
    )
    max_concurrent_calls: int = Field(
        256, ge=1, description="Searches and Clear streams that one worker holds at once; more are shed (OVERLOADED)."
    )
    max_calls_per_device: int = Field(
        64, ge=1, description="The same of one device, on one worker; more are shed. Clear streams that wait count too."
    )
    max_calls_per_officer: int = Field(32, ge=1, description="The same of one officer.")
    half_open_s: int = Field(
        5, ge=1, description="Time that the first message of a call may take to come, in seconds; then it is ended."
    )
    max_loop_lag_ms: int = Field(
        250, ge=10, description="How late a worker's event loop may run, in milliseconds, before calls are shed."
    )
    search_threads: int = Field(
        2, ge=1, le=64, description="Threads of a worker for searches that take over a millisecond, and Clear batches."
    )
    clear_idle_s: int = Field(
        120, ge=1, description="Time that a Clear stream may stay silent, in seconds; it pins its generation."
    )
    default_deadline_ms: int = Field(
        5000, ge=1, description="Deadline of a unary call that brings none, in milliseconds."
    )
    generations_poll_ms: int = Field(
        250, ge=10, description="How often a worker looks for a newly published generation, in milliseconds."
    )
    live_poll_ms: int = Field(
        100,
        ge=10,
        le=10_000,
        description="How often a worker looks whether live changes are kept up (docs/live.md), in milliseconds; a new "
        "view it sees within 10 ms. Where nothing was ever fed it looks once a second.",
    )
    lane_poll_us: int = Field(
        100,
        ge=0,
        le=1000,
        description="How long the express lane's loop waits for the next call awake before it sleeps, while calls come "
        "that close behind one another, in microseconds: a sleeping core answers later. 0 = it sleeps at once.",
    )
    page_generation_s: int = Field(
        300,
        ge=0,
        description="How long a generation may be named (by a page token, by Clear) once another has replaced it, in "
        "seconds; then it is GENERATION_GONE.",
    )
    reflection: bool = Field(False, description="Whether gRPC reflection (v1alpha) is served.")


class AnsweringSettings(CallSettings, TrustSettings, TransportSettings):
    """Settings of all that a call passes: its connection, its caller, and its own bounds."""
