"""The one writer: turns the ledger's new entries into a delta over the serving base, and a view that names it.

    changes --fed_rows--> standard records --joining--> links --standing--> the subjects touched
            --deltas--> live/<base>/<id>/ --view_file--> live/<base>/VIEW

Everything it makes can be made again from the ledger: nothing is synced, a start begins with the ledger's first entry.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.built import ENGINE, RULES
from core.errors import CoreError
from core.generation.overlay import DeltaGeneration
from core.generation.store import Generation
from core.generation.subject_key import needed_subject_key
from core.generation.view_file import BEAT, LIVE, MOST_DELTAS, read_view, write_view
from core.ledger.change import Change
from core.ledger.reader import LedgerReader, Position
from indexer.generations.publishing import GENERATIONS
from indexer.linking.database import LinkedRegister
from indexer.linking.few_records import FewRecords
from indexer.linking.names_kept import AskedIndex
from indexer.live.another_number import namesakes
from indexer.live.contradicted import Contradicted, listed_states
from indexer.live.deltas import make_delta
from indexer.live.fed_rows import FedRecords, FedRows, RefusedChange, are_closed, closed_rows
from indexer.live.feeds import Feed, Named
from indexer.live.folded import Folded
from indexer.live.going_past import link_past
from indexer.live.joining import Joined, Linking, count, join
from indexer.live.kept import KeptRecords
from indexer.live.linked_anew import (
    always_open,
    as_stated,
    deciding_numbers,
    handed_on,
    linked_by_others,
    of_no_alerts,
    of_these_causas,
    of_these_persons,
)
from indexer.live.meaning import Meaning, doubted_subjects, meant_records, naming_nothing, several_among, with_doubts
from indexer.live.named_alone import Counted, NamedAlone, Recount
from indexer.live.named_links import NamedLinks
from indexer.live.near_numbers import near_persons, records_near
from indexer.live.own_dates import dated_by_number
from indexer.live.owners import owners_among, records_of_owners
from indexer.live.pieces import pieces_of
from indexer.live.record_key import RecordKey, keys_of, places_of, without_records
from indexer.live.refusing import settle_each
from indexer.live.restated import Restated
from indexer.live.rounds import rounds_of
from indexer.live.shared_keys import FILE, KEPT, SharedKeys
from indexer.live.standing import (
    ID,
    STANDING_SCHEMA,
    Standing,
    Subject,
    check_registers,
    values,
)
from indexer.live.yielding import Yielding
from indexer.manifest.model import Manifest
from indexer.standard import STANDARD_SCHEMA
from indexer.subject_ids import ids_of_persons

_MEMORY_BYTES = 200_000_000  # of the database that a tick's records are linked in
_DAY_MS = 86_400_000
_GUATEMALA_BEHIND_MS = 6 * 3_600_000


@dataclass
class _Delta:
    delta_id: str
    subjects: tuple[bytes, ...]


@dataclass
class TickResult:
    """The result of a tick."""

    changes: int = 0
    subjects: int = 0
    refused: list[RefusedChange] = field(default_factory=list)
    naming_nothing: list[Change] = field(default_factory=list)  # cancellations under a key of no record
    contradicted: int = 0  # fed alerts in force so far that a later extract does not list as PENDING


@dataclass
class _Gathered:
    """The inputs for linking some changes."""

    changed: pa.Table  # standard records to be linked
    others: pa.Table  # linked records around them, STANDING_SCHEMA
    replaced: pa.Table  # those that stood in place of the changed ones
    nearby: set[bytes]  # subjects of the records in `others` and `replaced`
    asked: AskedIndex
    keys: set[RecordKey]
    twins: set[bytes] = field(default_factory=set)  # subjects that share name and birth date with another

    def reach(self, subject_ids: set[bytes], standing: Standing) -> None:
        """Adds the subjects' records to those around."""
        if missing := subject_ids - self.nearby:
            self.others = self.with_rows_of(missing, standing)
            self.nearby = self.nearby | missing

    def follow(self, keys: set[RecordKey], standing: Standing) -> pa.Table:
        """Moves these records to those to be linked again; returns them as linked before."""
        self.reach(standing.holders(keys), standing)
        self.others, followed = without_records(self.others, keys)
        self.replaced = pa.concat_tables([self.replaced, followed])
        self.keys |= keys
        return followed

    def with_rows_of(self, subject_ids: set[bytes], standing: Standing) -> pa.Table:
        """The others, with those of these subjects."""
        if not subject_ids:
            return self.others
        return pa.concat_tables([self.others, without_records(standing.rows(subject_ids), self.keys)[0]])


def day_of(time_ms: int) -> int:
    """The day in Guatemala, since 1970, of a time in UTC milliseconds."""
    return (time_ms - _GUATEMALA_BEHIND_MS) // _DAY_MS


def made_with(manifests: Sequence[Manifest]) -> str:
    """Returns a digest of the program and manifests: others may make other deltas of the same changes."""
    state = hashlib.sha256(f"{ENGINE} {RULES}".encode())
    for manifest in manifests:
        state.update(manifest.model_dump_json().encode() + b"\0")
    return state.hexdigest()[:32]


class LiveWriter:
    """Views over one base. Not thread-safe; one process for a data directory."""

    def __init__(self, data: Path, base_id: str, manifests: Sequence[Manifest], into: Path | None = None) -> None:
        """into: where views go in place of <data>/live, to be made again for one's own use.

        Raises GenerationDamaged where the base cannot be opened, keeps no records, or has other registers.
        """
        live = into or data / LIVE
        self.base = Generation.open(data / GENERATIONS / base_id)
        check_registers(self.base, [manifest.id for manifest in manifests])
        self._work = live / f".work-{base_id}"
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(mode=0o700, parents=True)
        self.standing = Standing(self.base, KeptRecords(self.base), self._work)
        self.home = live / base_id
        self.ledger = ""  # id of what is followed
        self.sequence = 0
        self.day: int | None = None  # in Guatemala, since 1970, on which changes are linked; None = today
        self.behind = False  # the ledger goes on behind what the view holds: then it is not said to be up to date
        self._key = needed_subject_key(data, self.base.manifest.get("subject_key"))
        self._fed = FedRows(manifests)
        registers, built_ms = self.base.manifest["registers"], int(self.base.manifest["built_at_ms"])
        self._folded = Folded.of(self.base.directory)
        self._yielding = Yielding(registers, built_ms, manifests, self._fed, self._folded)
        self._shared_keys = SharedKeys(
            data / LIVE / FILE,
            [manifest.id for manifest in manifests],
            kept=self.base.directory / KEPT,
            reads_only=into is not None,
        )
        self._names = [str(stated["name"]) for stated in registers]
        self._named_alone = NamedAlone(self.standing)
        self._named_links = NamedLinks(self.standing, self._key)
        self._restated = Restated(self.standing, manifests)
        self._manifests = manifests
        self._always_open = always_open(manifests)
        self._extract_ms = {
            stated["id"]: int(stated["as_of_ms"]) for stated in registers if stated["state"] == "loaded"
        }
        contradicted = self._folded.contradicted if self._folded is not None else ()
        self._contradicted = Contradicted(registers, built_ms, manifests, self._listed, contradicted)
        self._made_with = made_with(manifests)
        self._feeds: dict[str, Feed] = {}
        self._copied: Folded | None = None  # of a base with a ledger that was put back from an older copy
        self._deltas: list[_Delta] = []
        self._named_before: set[str] = set()
        self._database = FewRecords(self._work, memory_bytes=_MEMORY_BYTES)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def restated(self) -> frozenset[bytes]:
        """Ids of persons with another name, birth date or sex in the feed than in the base."""
        return self._restated.subjects

    def begins_at(self, ledger: LedgerReader) -> Position | None:
        """Returns the place behind the entries that the build took in, with its registers in their state there.

        None if the base holds none of this ledger, or if this is an older copy that went on otherwise. It is then read
        from its first entry on, and the part in the base is skipped. Raises LedgerDamaged, OSError.
        """
        self.ledger = ledger.ledger_id.hex()
        if self._folded is None or not self._folded.is_of(self.ledger):
            return None
        self._feeds = self._folded.feeds()
        place = self._folded.place_in(ledger)
        if place is None:
            self._copied = self._folded
        else:
            self.sequence = place.sequence
        return place

    @property
    def took_in(self) -> int | None:
        """The last entry that the base's build took in, of whichever ledger; None = it took none in."""
        return self._folded.sequence if self._folded is not None else None

    # ---- a tick ----

    def take(self, changes: Iterable[Change]) -> TickResult:
        """Applies the next entries of the ledger, in order, and publishes the view that holds them."""
        result = TickResult()
        touched: dict[bytes, Subject | None] = {}
        self._shared_keys.read_again()
        for due in pieces_of(changes):
            for change in due:
                self._feeds.setdefault(change.register, Feed()).note(change)
            new = due if self._copied is None else [each for each in due if not self._copied.holds(each)]
            counting, yielding = self._yielding.parted(new)
            told = len(result.naming_nothing)
            for counted in rounds_of(counting, self._fed.unreadable, self._fed.key, self._shared):
                refused = settle_each(counted, partial(self._settle, into=touched, result=result))
                not_read = {why.sequence: why for why in refused}
                for change in counted:
                    self._feeds[change.register].take(self._key_of(change), change, not_read.get(change.sequence))
                read = (self._fed.key(change) for change in counted if change.sequence not in not_read)
                self._yielding.won(key for key in read if key is not None)
                result.refused += refused
            for change in result.naming_nothing[told:]:
                self._feeds[change.register].naming_nothing += 1
            touched |= self._shown_otherwise(self._yielding.settle(yielding, self._rows_of))
            self.sequence = due[-1].sequence
            result.changes += len(due)
        result.subjects = len(touched)
        result.contradicted = len(self._contradicted.found)
        if touched:
            self._add_level(touched)
        if result.changes:
            self.publish()
        return result

    def _settle(
        self, due: Sequence[Change], into: dict[bytes, Subject | None], result: TickResult
    ) -> list[RefusedChange]:
        """Links the changed records and puts the subjects that they touch together again.

        into: gets these subjects. result: learns of cancellations that name nothing. Returns the changes that cannot be
        read.
        """
        fed, meaning = self._meant(self._fed.read(due))
        if not fed.keys and not meaning.doubted:
            return fed.refused
        standing = self.standing
        found = self._gather(fed)
        found.reach(standing.holders(meaning.doubted), standing)
        found.changed = self._contradicted.marked(found.changed, fed.keys)
        closed = closed_rows(found.replaced, fed.cancelled)
        linking = self._linking()
        joined = self._joined(found, closed, linking)
        subjects = joined.subjects
        touched = {*values(found.replaced, "subject_id"), *values(joined.linked, "subject_id")}
        recount = self._recounted(found, joined.counted, linking)
        touched |= {each for each in recount.subjects if standing.known(each) is not None}
        touched |= doubted_subjects(found.others, meaning.doubted)
        others = found.with_rows_of(touched - found.nearby, standing)
        kept = others.filter(pc.is_in(others.column("subject_id"), value_set=pa.array(list(touched), ID)))
        kept = with_doubts(kept, meaning.doubted, self._names)
        changed = with_doubts(pa.concat_tables([joined.linked, closed]), meaning.doubted, self._names)
        now = pa.concat_tables([kept, changed])
        held = set(values(now, "subject_id"))
        held |= owners_among(standing, touched - held, now)
        settled: dict[bytes, Subject | None] = {
            each: (subjects.get(each) or standing.known(each)) if each in held else None for each in touched
        }
        for owner_id, owner in subjects.items():  # who owns something and is nowhere else
            if owner_id not in settled and standing.known(owner_id) is None:
                settled[owner_id] = owner
        settled = {each: self._named_alone.told(whom, recount) if whom else None for each, whom in settled.items()}
        settled = self._restated.told(settled, now, joined.linked, fed.keys)
        standing.settle(settled, kept, changed)
        self._named_alone.settle(recount)
        self._named_links.note(found.changed, found.asked, found.replaced)
        result.naming_nothing += naming_nothing(fed.cancelled, found.replaced)
        result.naming_nothing += naming_nothing(meaning.doubted, found.others)
        into.update(settled)
        return fed.refused

    def _joined(self, found: _Gathered, closed: pa.Table, linking: Linking) -> Joined:
        """The changed records linked: by the rules, but for those that no rule can move."""
        standing = self.standing
        shared = found.twins | self.restated
        past, linked = link_past(standing, linking, found.changed, found.others, found.asked, shared)
        around = pa.concat_tables([found.others, closed, linked])
        joined = join(standing, found.changed.filter(pa.array(~past)), around, linking, found.asked)
        known = {each: standing.known(each) for each in values(linked, "subject_id")}
        subjects = {each: subject for each, subject in known.items() if subject is not None}
        return Joined(pa.concat_tables([joined.linked, linked]), {**joined.subjects, **subjects}, joined.counted)

    def _meant(self, fed: FedRecords) -> tuple[FedRecords, Meaning]:
        """The changes by the records that they mean."""
        standing = self.standing.rows(self.standing.holders(fed.keys))
        return meant_records(fed, standing, self._shared_keys, self._fed.has_line)

    def _rows_of(self, keys: Iterable[RecordKey]) -> pa.Table:
        """The records of these keys as they stand, and others of the same subjects."""
        return self.standing.rows(self.standing.holders(keys))

    def _listed(self, keys: set[RecordKey]) -> dict[RecordKey, int]:
        """Returns the state that the base's extracts list under each of these keys."""
        taken_in = self._folded.listed(keys) if self._folded is not None else {}
        entities: set[int] = set()
        for key in keys - taken_in.keys():
            entities.update(self.standing.kept.subjects_of(key.register, key.record_id))
        return {**listed_states(self.standing.kept.rows_of(entities), keys - taken_in.keys()), **taken_in}

    def _shown_otherwise(self, rows: pa.Table | None) -> dict[bytes, Subject | None]:
        """Returns the subjects of records with a changed display of alerts, settled as they were."""
        if rows is None:
            return {}
        touched = set(values(rows, "subject_id"))
        as_before = self.standing.rows(touched)
        subjects: dict[bytes, Subject | None] = {each: self.standing.known(each) for each in touched}
        self.standing.settle(subjects, as_before, STANDING_SCHEMA.empty_table())
        return subjects

    def _key_of(self, change: Change) -> Named:
        """Returns the key that a change names, or its own words where no manifest has its source."""
        return self._fed.key(change) or (change.manifest_source, change.record_id)

    def _shared(self, records: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Returns those of these (register, id) that several records have, or once had."""
        ids = {(self._fed.ordinal(register), record_id) for register, record_id in records}
        rows = self.standing.rows(self.standing.holders(RecordKey(*each, None, None) for each in ids))
        shared = {(key.register, key.record_id) for key in keys_of(rows) if key in self._shared_keys}
        found = several_among(ids, rows) | shared
        return {(self._fed.register_id(ordinal), record_id) for ordinal, record_id in found}

    def _recounted(self, found: _Gathered, counted: Counted, linking: Linking) -> Recount:
        """Recounts the persons that the changed records count for by name alone, and counted for before."""
        before = self._as_stated(self._named_alone.of_base(found.replaced, found.others))
        was: Counted = {}
        asked = self.standing.meant(before, dated_by_number(before, found.others))
        near, doubted = near_persons(self.standing, before, found.others)
        asked, meant = replace(asked, near=doubted), self._ids_of(asked) | near
        if any(map(self._named_alone.counts_for, meant)):
            was = count(before, found.with_rows_of(meant - found.nearby, self.standing), linking, asked)
        return self._named_alone.recount(places_of(found.replaced), found.changed, counted, was)

    def _gather(self, fed: FedRecords) -> _Gathered:
        """The changed records, those that follow them, and all that a rule could look at to link them."""
        standing, keys = self.standing, {*fed.keys}
        changed = pa.concat_tables([STANDARD_SCHEMA.empty_table(), *fed.rows])
        nearby = standing.holders(keys) | standing.bearers(changed)
        others, replaced = without_records(standing.rows(nearby), keys)
        found = _Gathered(changed, others, replaced, nearby, self._named_links.asked(changed, nearby, others), keys)
        deciding = replaced.filter(pa.array(~are_closed(replaced, fed.cancelled)))
        numbers = deciding_numbers(changed) | deciding_numbers(deciding)
        following = of_these_causas(others, (changed, deciding)) | of_these_persons(others, deciding)
        following |= records_of_owners(standing, self._key, changed, deciding)
        following |= self._named_links.deciding(changed, replaced, others) - keys
        following |= records_near(standing, changed, replaced) - keys
        while numbers or following:
            if numbers:
                found.reach(standing.bearers(deciding) | standing.owned_by(of_no_alerts(changed, deciding)), standing)
                following |= linked_by_others(found.others, numbers)
            if not following:
                break
            deciding = self._as_stated(found.follow(following, standing))
            found.changed = pa.concat_tables([found.changed, deciding])
            found.reach(standing.bearers(deciding), standing)
            numbers, following = handed_on(deciding), set()
        if found.changed is not changed:
            found.asked = self._named_links.asked(found.changed, found.nearby, found.others)
        near, doubted = near_persons(standing, found.changed, found.others)
        found.asked = replace(found.asked, near=doubted)
        named, found.twins = namesakes(standing, self._key, found.changed, found.others)
        found.reach(self._ids_of(found.asked) | near | named, standing)
        return found

    def _as_stated(self, linked: pa.Table) -> pa.Table:
        """Linked records as standard ones."""
        return as_stated(linked, self._always_open)

    def _ids_of(self, asked: AskedIndex) -> set[bytes]:
        """Returns the subject ids of a kept index's persons."""
        return set(ids_of_persons(self._key, asked.persons.select(["cui", "text"]).to_pylist()))

    def _linking(self) -> Linking:
        today = self.day if self.day is not None else day_of(time.time_ns() // 1_000_000)
        registers = [
            LinkedRegister(
                ordinal,
                manifest.id,
                frozenset(manifest.register_.identifies),
                "identity" in manifest.register_.roles.person,
                today,
            )
            for ordinal, manifest in enumerate(self._manifests)
        ]
        return Linking(registers, today, self._key, self._database)

    # ---- levels ----

    def _add_level(self, subjects: dict[bytes, Subject | None]) -> None:
        """A new level on top. Where there would be too many, it takes in those below it that are no larger."""
        if len(self._deltas) >= MOST_DELTAS:
            together = set(subjects) | set(self._deltas.pop().subjects)
            while self._deltas and len(self._deltas[-1].subjects) <= len(together):
                together |= set(self._deltas.pop().subjects)
            subjects = {subject_id: self.standing.touched[subject_id] for subject_id in together}
        # an owner unknown to the base can be named by a number of the same level alone
        if owners := self.standing.owners_fed(subjects):
            subjects = {**subjects, **{owner_id: self.standing.touched[owner_id] for owner_id in owners}}

        def rows_of(subject_ids: Collection[bytes]) -> pa.Table:
            return self._yielding.marked(self.standing.rows_of_touched(subject_ids))

        delta_id = make_delta(self.standing, subjects, rows_of, self.sequence, self.home)
        self._deltas.append(_Delta(delta_id, tuple(subjects)))

    def publish(self) -> None:
        """Names the deltas in VIEW, and removes those that no view has named for two views."""
        self.beat()  # before VIEW: who sees a first one without it takes its writer for silent
        write_view(
            self.home,
            {
                "base": self.base.generation_id,
                "ledger": self.ledger,
                "sequence": self.sequence,
                "deltas": [delta.delta_id for delta in self._deltas],
                "made_with": self._made_with,
                "registers": {
                    register: feed.stated(self._extract_ms.get(register, 0))
                    for register, feed in sorted(self._feeds.items())
                },
            },
        )
        self._collect()

    def mend(self) -> bool:
        """Looks whether what is published can be opened; where not, all that was touched is made again in one level."""
        try:
            read_view(self.home)
            for delta in self._deltas:
                DeltaGeneration(self.base, Generation.open(self.home / delta.delta_id))
        except (CoreError, OSError):
            self._deltas = []
            if self.standing.touched:
                self._add_level(dict(self.standing.touched))
            self.publish()
            return True
        return False

    def beat(self) -> None:
        """Says that the writer lives, and is at the ledger's end; not while it is behind."""
        if self.behind:
            return
        path = self.home / BEAT
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.utime(descriptor)
        finally:
            os.close(descriptor)

    def _collect(self) -> None:
        """Removes what the view before the last one named: who opens a view has read it a moment ago."""
        named = {delta.delta_id for delta in self._deltas}
        before, self._named_before = self._named_before, named
        for entry in self.home.iterdir():
            if entry.is_dir() and entry.name not in named | before:
                shutil.rmtree(entry, ignore_errors=True)

    def close(self) -> None:
        """Lets go of the work directory; what is published stays."""
        self._database.close()
        shutil.rmtree(self._work, ignore_errors=True)
