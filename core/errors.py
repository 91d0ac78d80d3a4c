"""The errors of the core, by who is at fault: the question, the data on disk, or the input of the assembler.

No message holds an identifier, a name, a plate or a telephone.
"""

from __future__ import annotations


class CoreError(Exception):
    """Root of every error that the core raises on purpose."""


class QuestionError(CoreError):
    """The caller's request breaks a rule; nothing was looked up.

    Attributes:
        reason: number of a `ronda.v1.ErrorReason`.
        field: name of the request's field, dotted ("document.country"); empty when no single field is at fault.
        rule: the rule that it breaks, in English, without the value.
        count: for QUERY_TOO_BROAD, how many may fit, where they were counted; else 0.
    """

    def __init__(self, reason: int, field: str, rule: str, *, count: int = 0) -> None:
        super().__init__(f"{field}: {rule}" if field else rule)
        self.reason = reason
        self.field = field
        self.rule = rule
        self.count = count


class Needed(CoreError):
    """Something that the core needs to go on: no answer yet, no fault, and no record. Supply it and ask again.

    Attributes:
        entered: result of the limits for the call, for the `entered` of the next try; -1 when they were not asked.
    """

    entered: int = -1


class GrantNeeded(Needed):
    """Policy's word: it was not asked yet about this caller's purpose.

    Attributes:
        purpose: number of a `ronda.v1.Purpose`.
    """

    def __init__(self, purpose: int) -> None:
        super().__init__(f"purpose {purpose}")
        self.purpose = purpose


class CallerRetired(GrantNeeded):
    """The caller must be admitted again: trust has changed since, or the caller was forgotten."""


class TimeNeeded(Needed):
    """Time: a name would take too long to be found for a call that must be quick. Limits were taken."""

    def __init__(self, entered: int) -> None:
        super().__init__("not quick")
        self.entered = entered


class GenerationNeeded(Needed):
    """Another generation: the one that a page token or a stream's first message names.

    Attributes:
        generation_id: which.
        field: name of the request's field that names it.
    """

    def __init__(self, generation_id: str, field: str, entered: int = -1) -> None:
        super().__init__(f"{field}: another generation answers")
        self.generation_id = generation_id
        self.field = field
        self.entered = entered


class LimitExceeded(CoreError):
    """The caller has spent an allowance of its policy; nothing is answered.

    Attributes:
        limit: which one: officer, officer_day, device, rows, hours, neighbours, misses, subjects, repeats.
        retry_after_ms: when it is worth to ask again.
    """

    def __init__(self, limit: str, retry_after_ms: int) -> None:
        super().__init__(limit)
        self.limit = limit
        self.retry_after_ms = retry_after_ms


class TooManyPersons(LimitExceeded):
    """The caller was shown as many different persons as an hour or a day allows.

    `limit` is persons_listed_hour, persons_listed_day or persons_day.
    """


class StoredDataError(CoreError):
    """Root of what is wrong with files on disk: ours, never the caller's."""


class DossierDamaged(StoredDataError):
    """One dossier cannot be trusted, and nothing is shown in its place.

    Attributes:
        entity: its number in this generation (says nothing about who it is).
        why: what is wrong.
    """

    def __init__(self, entity: int, why: str) -> None:
        super().__init__(f"dossier {entity}: {why}")
        self.entity = entity
        self.why = why


class GenerationDamaged(StoredDataError):
    """A file of a generation is missing, cut, altered, or not one that this version reads.

    Attributes:
        file: name of the file within the generation's directory.
        why: what is wrong.
    """

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file
        self.why = why


class LedgerDamaged(StoredDataError):
    """The ledger of fed changes is cut or altered where it was on disk, or not one that this version reads.

    Attributes:
        offset: byte of the log at which it begins.
        why: what is wrong.
    """

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"changes.log at {offset}: {why}")
        self.offset = offset
        self.why = why


class LedgerArchiveAway(LedgerDamaged):
    """Entries that are asked for lie in a segment of the archive that is not here: somebody moved it away."""

    def __init__(self, offset: int, what: str) -> None:
        """what: the entries, or the segment's file."""
        super().__init__(offset, f"{what}: archived, and not here; put the segment back (docs/feed.md, A long ledger)")


class LedgerBusy(CoreError):
    """Another process writes this ledger: it has one writer."""


class LedgerFull(CoreError):
    """There is no room on the ledger's disk: nothing was taken over."""


class AssemblyError(CoreError):
    """The assembler's input breaks the agreement (order, schema, numbers): a defect of the indexer."""


class AuditUnavailable(CoreError):
    """The audit record could not be written (no space, or the log is closed): the answer must not leave."""
