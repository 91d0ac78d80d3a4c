"""The function that answers: every service method, from one generation, without the GIL.

What an answer means is docs/answers.md; the bytes of requests and responses are proto/ronda/v1.
"""

from enum import IntEnum
from typing import NamedTuple

from typing_extensions import disjoint_base

from core.access.caller import Caller
from core.access.grant import Grant as Grant
from core.audit.log import AuditLog
from core.call.confirmations import Confirmations
from core.generation.store import Generation

class Method(IntEnum):
    """A unary method of the contract. `METHODS` maps its bare rpc name ("CheckPerson") to it."""

    CHECK = 1
    CHECK_PERSON = 2
    CHECK_VEHICLE = 3
    SEARCH_PERSONS = 4
    SEARCH_VEHICLES = 5
    LIST_RECORDS = 6
    LIST_REGISTERS = 7
    GET_GENERATION = 8

METHODS: dict[str, Method]

class Shown(NamedTuple):
    """A subject with data in an answer: ShownEntry of core/subject/shown.pxd, as the audit record keeps it."""

    subject_id: bytes  # 16 raw bytes
    level: int  # Level; 0 = none was said; of a clearance row the ClearanceResult
    kind: int  # SubjectKind of a person; 4 = vehicle, 5 = plate
    how: int  # 1 asked for, 2 owner, 3 candidate or search result, 4 clearance row, 5 list
    flags: int  # bit 0: a discreet alert was touched; bit 1: records that are not OPEN left
    row: int  # place in a clearance batch; ordinal of an owner or candidate
    register: int  # with bit 0 of flags: ordinal of the alert's register
    sections: int  # bit (1 << Section)

@disjoint_base
class Engine:
    """Answers from one open generation. Safe from several threads at once; holds the generation open."""

    def __new__(cls, generation: Generation, page_key: bytes = ...) -> Engine:
        """page_key: 16 secret bytes, of page tokens; without it tokens are of this process alone."""

    @property
    def generation(self) -> Generation: ...
    @property
    def generation_id(self) -> str: ...
    @property
    def sequence(self) -> int:
        """Sequence of the ledger up to which live changes are over the generation; 0 = there are none."""
    def inherit(self, older: Engine) -> None:
        """Takes over the idle working memories of another view's engine, and what it shows of confirmations."""
    confirmations: Confirmations | None
    """Statements of issuing institutions about hits; every answer but Clear's shows them. None = none."""

    def answer(
        self,
        method: int,
        request: bytes,
        caller: Caller | Grant,
        clock_ms: int,
        audit: AuditLog | None = None,
        quick: bool = False,
        entered: int = -1,
        serving: Engine | None = None,
    ) -> bytes:
        """Returns the response's bytes for the request's bytes; `clock_ms` is UTC in milliseconds.

        The GIL is released for the whole work. With a Caller, the purpose of the request's context decides: its grant,
        its methods, its limits; a Grant is that alone (tests, benches). With `audit` the record is written before this
        returns, and a refusal has its record too.

        Raises core.errors.QuestionError when the request is at fault or forbidden (FORBIDDEN, TOKEN_EXPIRED),
        LimitExceeded, DossierDamaged when a stored dossier is, AuditUnavailable when the record could not be written.
        Raises a Needed when something must be supplied first; then ask again. These are GrantNeeded (a policy decision
        about the purpose), TimeNeeded (with `quick`), GenerationNeeded (the page token's). A Needed has no record.

        quick: a name search of more than about a millisecond raises TimeNeeded. Try it again without `quick` where
        waiting harms nobody, with its `entered` (limits are then not taken twice). serving: the engine that serves now,
        when this one answers a page of an older generation. Then no level is given. Raises GENERATION_GONE (a
        QuestionError) unless the data that the page shows of each subject stands in `serving` too and this caller may
        see it there (docs/answers.md section 13).
        """

    def answered(
        self,
        method: int,
        request: bytes,
        caller: Caller | Grant,
        clock_ms: int,
        audit: AuditLog | None = None,
        quick: bool = False,
        entered: int = -1,
        serving: Engine | None = None,
    ) -> tuple[bytes, int]:
        """The response as `answer` gives it, and the Level that it says; 0 = none, as of a list. Raises as `answer`."""

    def answer_again(
        self,
        method: int,
        request: bytes,
        clock_ms: int,
        asker: bytes,
        answer_id: bytes,
        superseded: bool = False,
        standard: int = 0,
        clock_doubtful: bool = False,
    ) -> bytes:
        """Returns a past answer's bytes, from its audit record; no limit counts it, and it has no record.

        method: METHOD_OF_CLEAR for a batch. asker: the record's AskerText (core/audit/record.pxd), 72 bytes: the
        caller's grant, and the binding of its page tokens. answer_id: 16 bytes for the answer. superseded: a page of a
        generation that another had replaced. standard: of a batch. clock_doubtful: AgainFlag.CLOCK_DOUBTFUL. Statements
        of institutions about hits are not shown: AgainFlag.CONFIRMED marks such answers. Raises as `answer`, and
        ValueError for an asker or id of another length.
        """

    def has_page_key_of(self, asker: bytes) -> bool:
        """Returns whether this engine makes the same page tokens as then. Raises ValueError as `answer_again`."""

    def answer_shown(
        self, method: int, request: bytes, caller: Caller | Grant, clock_ms: int, audit: AuditLog | None = None
    ) -> tuple[bytes, list[Shown]]:
        """Returns, for tests, the response as `answer` gives it, and the subjects shown in it. Raises as `answer`."""

    def answer_many(
        self, method: int, requests: list[bytes], caller: Caller | Grant, clock_ms: int, audit: AuditLog | None = None
    ) -> tuple[int, int]:
        """Answers each, for the bench, in a compiled loop without Python between. Returns (bytes written, nanoseconds).

        Raises as `answer` does, at the first request that fails.
        """

    def clearance(
        self, first_request: bytes, caller: Caller | Grant, clock_ms: int, audit: AuditLog | None = None
    ) -> Clearance:
        """Opens a Clear stream: checks context, standard and generation of its first message. Raises as `answer`.

        A `generation_id` that is not this engine's: GenerationNeeded. A refusal has its record in `audit`; each batch
        gets one of its own.
        """

@disjoint_base
class Clearance:
    """One Clear stream: a standard, a caller and a generation. Safe from several threads at once."""

    @property
    def first_has_rows(self) -> bool:
        """Returns whether the first message carries rows: then `answer(first_request)` is due for it too."""

    @property
    def standard(self) -> int:
        """ClearanceStandard of the stream."""

    def follow(self, engine: Engine) -> None:
        """Answers the next batches from this engine, of another view of the same generation. Raises ValueError."""

    def answer(self, batch: bytes, clock_ms: int, caller: Caller | Grant | None = None) -> bytes:
        """One ClearRequest in, one ClearResponse out; context, standard and generation of `batch` are ignored.

        `caller` takes the place of the stream's from this batch on: after GrantNeeded, which a retired one raises.
        Rows that are invalid become row errors. Raises as `Engine.answer`, and QuestionError for what is no message,
        for columns of unequal length and for more than 4,000 rows, or 1,000 with names.
        """

    def answer_shown(
        self, batch: bytes, clock_ms: int, caller: Caller | Grant | None = None
    ) -> tuple[bytes, list[Shown]]:
        """Returns, for tests, the response as `answer` gives it, and the subjects shown in it."""
