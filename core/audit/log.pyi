"""The audit log of one worker: records appended to a mapped segment before their answers leave, without the GIL.

The bytes are docs/audit-format.md. This class only appends; segments are made and put on disk by
server/audit/writer.py, and sealed by the checkpoint process.
"""

from typing_extensions import disjoint_base

METHOD_CLEAR: int

@disjoint_base
class AuditLog:
    """An open log. Safe from several threads at once."""

    def __new__(cls) -> AuditLog: ...
    def add_segment(
        self,
        descriptor: int,
        header: bytes,
        query_key: bytes,
        hash_key: bytes,
        max_bytes: int,
        reserve_bytes: int,
    ) -> None:
        """Hands over an empty file, open for reading and writing.

        It is written to at once, or when the present one is full or left by `rotate`. The log owns (and closes) the
        descriptor from here on.

        header: the JSON object of the segment's first record. Keys: 32 bytes each. max_bytes: size at which the segment
        is full, 64 KiB to 1 GiB. reserve_bytes: free space of the disk that is left alone. Raises ValueError for wrong
        keys or sizes, or when a next segment waits already; OSError, when space, memory or mapping fail.
        """

    def rotate(self) -> bool:
        """Leaves the present segment for the next one; False when none waits."""

    def append_record(
        self,
        *,
        clock_ms: int,
        latency_us: int = 0,
        method: int = 0,
        purpose: int = 0,
        status: int = 0,
        flags: int = 0,
        identity: bytes = b"",
        case_number: bytes = b"",
        request_id: bytes = b"",
        generation: bytes = b"",
        overlay_sequence: int = 0,
        asked_key: bytes = b"",
        asked: bytes = b"",
        answer_id: bytes = ...,
        shown: bytes = b"",
        response: bytes | None = None,
        asker: bytes = b"",
        fed: bytes = b"",
        standard: int = 0,
        again_flags: int = 0,
    ) -> None:
        """Appends one record (`AuditFacts` and `ShownEntry` of the .pxd say what each is).

        response: the answer, of which a digest is kept; without it, what comes behind it is not kept either.
        Case number and request id are cut at 255 bytes. Raises core.errors.AuditUnavailable when it could not be
        written, ValueError when answer_id has not 16 bytes or shown no whole number of entries.
        """

    def append_many(self, count: int, n_shown: int, asked: bytes) -> int:
        """Appends, for the bench, `count` records of `n_shown` subjects in a compiled loop; returns its nanoseconds.

        Raises core.errors.AuditUnavailable as soon as one could not be written.
        """

    def sync(self) -> None:
        """Puts every record appended before on disk (fdatasync), and closes segments that were left. Raises OSError."""

    def stop(self) -> None:
        """Makes every later append fail: what was written can no longer be trusted to reach the disk."""

    def close(self) -> None:
        """Puts everything on disk, ends the present segment, drops the waiting one. Later appends fail."""

    @property
    def needs_segment(self) -> bool:
        """True if no next segment waits."""

    @property
    def stopped(self) -> bool:
        """True if appends fail because of `stop` or `close`."""

    @property
    def appended(self) -> int:
        """Records appended."""

    @property
    def durable(self) -> int:
        """Records that are known to be on disk: those up to this count."""

    @property
    def failed(self) -> int:
        """Records that could not be written."""

    @property
    def segment_bytes(self) -> int:
        """Bytes used of the present segment; 0 = there is none."""
