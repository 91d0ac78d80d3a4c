"""Turns linked standard records into the five files of a generation, in one pass and bounded memory.

Dossiers are made in core/assembly/dossier.pyx and the files that it cimports.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport ENOMEM, errno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from core.assembly.claims cimport Facts
from core.assembly.dossier cimport (
    ASSEMBLED, ASSEMBLY_DISK, ASSEMBLY_MEMORY, ASSEMBLY_REFERENCE, ASSEMBLY_TOO_MANY, Counts, Scratch, assemble_dossier,
    scratch_free, scratch_init,
)
from core.assembly.linked_record cimport (
    E_entity, E_homonyms, E_identity_fed, E_kind, E_name_only_alerts, E_name_only_flags, E_subject_id,
)
from core.assembly.record cimport (
    Entity, entity_add, entity_hide, entity_record_count, entity_records, in_stream_order, row_entity, row_hides,
)
from core.files.output cimport OutputFile
from core.files.spill cimport Spill
from core.generation.dossier cimport ENTITY_PERSON, ENTITY_PLATE, ENTITY_VEHICLE
from core.generation.plates_writer cimport PlateRows
from core.generation.store cimport REGISTERS_MAX
from core.machine.arrow cimport Column, RecordColumns, byte_at, int32_or, uint32_or
from core.name_index.writer cimport NamesWriter
from core.standard_record cimport NAME_ONLY_CROWDED, NAME_ONLY_ONE_BEARER
from core.wire cimport Buffer, buffer_free, buffer_init, buffer_reset, put_raw
from core.assembly import record as assembly_record
from core.errors import AssemblyError
from core.files.output import rewrite_large_pages, stated_file
from core.generation.keys_writer import write_keys
from core.generation.registers import register_entry

cdef enum:
    BATCHES_MAX = 4096           # of one Ordered
    ROWS_A_PIECE = 65536         # of one Ordered, before what they made is handed to the disk
    ORDER_OF_ENTITIES = -10
    ORDER_OF_RECORDS = -11
    UNKNOWN_ENTITY = -12
    UNKNOWN_REGISTER = -13
    UNKNOWN_PLACE = -14

_WHY = {
    ASSEMBLY_REFERENCE: "a payload does not start with its record reference",
    ASSEMBLY_TOO_MANY: "more alerts, owners, claims or identifiers than 65,535, or more than 4 GiB",
    ORDER_OF_ENTITIES: "records are not in order of entity",
    ORDER_OF_RECORDS: "its records are not in the agreed order",
    UNKNOWN_ENTITY: "its records came before the entity itself",
    UNKNOWN_REGISTER: "a record's register is not in the list",
    UNKNOWN_PLACE: "the order names a row that its batches have not",
}

cdef struct OrderedColumns:      # of one batch of an Ordered
    const Column* columns
    int64_t rows

cdef struct Announced:           # an entity that waits for its records
    uint32_t number
    int32_t homonyms
    int32_t name_only_alerts
    int32_t identity_fed
    uint8_t name_only_flags
    uint8_t kind
    uint8_t subject_id[16]


@dataclass(frozen=True)
class Assembly:
    """The counts of the written files."""

    persons: int
    vehicles: int
    entities: int
    records: int
    alerts: int
    possible_links: int
    keys: int
    tokens: int
    plates: int
    dossier_bytes: int
    files: dict


@dataclass(frozen=True)
class Ordered:
    """Records of several batches in an order of their own; see core/assembly/assembler.pyi."""

    batches: tuple
    places: object

    def last_entity(self):
        place = int(self.places[-1])
        return self.batches[place >> 32].column("entity")[place & 0xFFFFFFFF].as_py()

    @property
    def num_rows(self):
        return len(self.places)


cdef class Assembler:
    """Writes the five files of a generation; see core/assembly/assembler.pyi."""

    cdef Facts facts
    cdef Scratch scratch
    cdef Entity entity           # the one that records are being collected for
    cdef bint entity_open
    cdef Buffer announced        # Announced[], those before `next_announced` are done
    cdef size_t next_announced
    cdef uint32_t n_announced    # since the start
    cdef uint8_t last_kind
    cdef uint64_t n_persons
    cdef Counts counts
    cdef OutputFile dossiers
    cdef OutputFile entity_table
    cdef Spill keys
    cdef NamesWriter names
    cdef PlateRows plate_rows
    cdef uint64_t build
    cdef bint durable
    cdef object directory
    cdef object temporary
    cdef list kept

    def __cinit__(self):
        scratch_init(&self.scratch)
        buffer_init(&self.announced)
        buffer_init(&self.entity.arena)
        buffer_init(&self.entity.records)

    def __init__(self, directory, registers, *, temporary_directory=None, bint durable=True):
        cdef bytes identifier
        cdef int i
        self.durable = durable
        self.directory = Path(directory)
        self.temporary = Path(temporary_directory) if temporary_directory is not None else self.directory
        self.kept = []
        self.build = int.from_bytes(os.urandom(8), "little")
        if len(registers) > REGISTERS_MAX:
            raise AssemblyError(f"more than {REGISTERS_MAX} registers")
        self.facts.n_registers = len(registers)
        for i in range(32):
            self.facts.authority[i] = -1
        for i, stated in enumerate(registers):
            try:
                entry = register_entry(stated, i)
            except (KeyError, TypeError, ValueError) as error:
                raise AssemblyError(f"register {i}: {error!r}") from error
            identifier = entry.id
            self.kept.append(identifier)
            self.facts.registers[i].id = <const uint8_t*>PyBytes_AS_STRING(identifier)
            self.facts.registers[i].id_length = <uint32_t>PyBytes_GET_SIZE(identifier)
            self.facts.registers[i].loaded = entry.loaded
            self.facts.registers[i].identity_person = bool(entry.roles_person & 1 << 2)
            self.facts.registers[i].identifies = entry.identifies
            for kind in range(32):
                if entry.authoritative >> kind & 1 and self.facts.authority[<int>kind] < 0:
                    self.facts.authority[<int>kind] = i
        self.keys = Spill(self.temporary)
        self.plate_rows = PlateRows()
        self.dossiers = OutputFile(self.directory / "dossiers.bin", b"RNDDOSSI", self.build, durable)
        self.entity_table = OutputFile(self.directory / "entities.bin", b"RNDENTIT", self.build, durable)
        self.names = NamesWriter(self.directory / "names.bin", self.build, durable)

    def __dealloc__(self):
        scratch_free(&self.scratch)
        buffer_free(&self.announced)
        buffer_free(&self.entity.arena)
        buffer_free(&self.entity.records)

    def entities(self, batch):
        cdef RecordColumns columns = RecordColumns(batch, assembly_record.ENTITY_FIELDS)
        cdef Column* column = columns.columns
        cdef Announced announced
        cdef int64_t row
        cdef size_t done = self.next_announced * sizeof(Announced)
        if done > 1 << 20:  # what is done makes room
            rest = self.announced.data[done:self.announced.size]
            buffer_reset(&self.announced)
            put_raw(&self.announced, <const char*><bytes>rest, len(rest))
            self.next_announced = 0
        for row in range(columns.rows):
            announced.number = uint32_or(&column[E_entity], row, 0xFFFFFFFF)
            announced.kind = byte_at(&column[E_kind], row)
            memcpy(announced.subject_id, column[E_subject_id].values + (column[E_subject_id].first + row) * 16, 16)
            announced.homonyms = int32_or(&column[E_homonyms], row, -1)
            announced.name_only_alerts = int32_or(&column[E_name_only_alerts], row, -1)
            announced.identity_fed = int32_or(&column[E_identity_fed], row, 0)
            announced.name_only_flags = byte_at(&column[E_name_only_flags], row)
            if announced.number != self.n_announced:
                raise AssemblyError(f"entity {self.n_announced} is missing, or out of order")
            if not ENTITY_PERSON <= announced.kind <= ENTITY_PLATE:
                raise AssemblyError(f"entity {announced.number}: kind {announced.kind} does not exist")
            if announced.kind < ENTITY_VEHICLE:
                if self.last_kind >= ENTITY_VEHICLE:
                    raise AssemblyError(f"entity {announced.number}: a person after vehicles")
                self.n_persons += 1
            self.last_kind = announced.kind
            self.n_announced += 1
            put_raw(&self.announced, &announced, sizeof(announced))
        if self.announced.failed:
            raise MemoryError

    cdef int _close_entity(self) noexcept nogil:
        """Writes the dossier of the open entity, after its last record."""
        cdef int status
        if not self.entity_open:
            return ASSEMBLED
        if self.entity.arena.failed or self.entity.records.failed:
            return ASSEMBLY_MEMORY
        status = assemble_dossier(&self.entity, &self.facts, &self.scratch, self.dossiers, self.entity_table, self.keys,
                                  self.names, self.plate_rows, &self.counts)
        self.entity_open = False
        return status

    cdef int _open_next(self) noexcept nogil:
        """Starts the next announced entity; UNKNOWN_ENTITY when there is none."""
        cdef const Announced* announced
        if self.next_announced * sizeof(Announced) >= self.announced.size:
            return UNKNOWN_ENTITY
        announced = <const Announced*>self.announced.data + self.next_announced
        self.next_announced += 1
        self.entity.number = announced.number
        self.entity.kind = announced.kind
        self.entity.homonyms = announced.homonyms
        self.entity.name_only_alerts = announced.name_only_alerts
        self.entity.identity_fed = announced.identity_fed
        self.entity.crowded = announced.name_only_flags & NAME_ONLY_CROWDED != 0
        self.entity.one_bearer = announced.name_only_flags & NAME_ONLY_ONE_BEARER != 0
        memcpy(self.entity.subject_id, announced.subject_id, 16)
        self.entity.hidden = False
        buffer_reset(&self.entity.arena)
        buffer_reset(&self.entity.records)
        self.entity_open = True
        return ASSEMBLED

    cdef int _take(self, const OrderedColumns* batches, int64_t n_batches, const int64_t* places, int64_t rows) noexcept nogil:
        """The rows at `places`, batch << 32 | row; NULL = all of the one batch, as they stand."""
        cdef const Column* columns = batches[0].columns
        cdef int64_t row, at
        cdef uint32_t wanted
        cdef int status
        cdef size_t count
        for at in range(rows):
            row = at
            if places != NULL:
                row = places[at] & <int64_t>0xFFFFFFFF
                if not 0 <= places[at] >> 32 < n_batches or row >= batches[places[at] >> 32].rows:
                    return UNKNOWN_PLACE
                columns = batches[places[at] >> 32].columns
            wanted = row_entity(columns, row)
            while not self.entity_open or self.entity.number != wanted:
                if self.entity_open and wanted < self.entity.number:
                    return ORDER_OF_ENTITIES
                status = self._close_entity()
                if status != ASSEMBLED:
                    return status
                status = self._open_next()
                if status != ASSEMBLED:
                    return status
            if row_hides(columns, row):
                entity_hide(&self.entity, columns, row)
                continue
            if entity_add(&self.entity, columns, row) < 0:
                return ASSEMBLY_MEMORY
            count = entity_record_count(&self.entity)
            if entity_records(&self.entity)[count - 1].register >= self.facts.n_registers:
                return UNKNOWN_REGISTER
            if count > 1 and not in_stream_order(
                    &self.entity, entity_records(&self.entity) + count - 2, entity_records(&self.entity) + count - 1):
                return ORDER_OF_RECORDS
        return ASSEMBLED

    def _check(self, int status):
        if status == ASSEMBLED:
            return
        if status == ASSEMBLY_MEMORY:
            raise MemoryError
        if status == ASSEMBLY_DISK:
            raise OSError(errno or ENOMEM, os.strerror(errno or ENOMEM))
        raise AssemblyError(f"entity {self.entity.number}: {_WHY[status]}")

    def records(self, linked):
        cdef OrderedColumns batches[BATCHES_MAX]
        cdef const int64_t[::1] places
        cdef int64_t start, rows, whole, n_batches
        cdef int status
        ordered = isinstance(linked, Ordered)
        kept = [
            RecordColumns(batch, assembly_record.LINKED_FIELDS) for batch in (linked.batches if ordered else (linked,))
        ]
        if len(kept) > BATCHES_MAX:
            raise AssemblyError(f"more than {BATCHES_MAX} batches in one order")
        n_batches = len(kept)
        for i, columns in enumerate(kept):
            batches[<int>i].columns = (<RecordColumns>columns).columns
            batches[<int>i].rows = (<RecordColumns>columns).rows
        if not ordered:
            rows = kept[0].rows
            with nogil:
                status = self._take(batches, n_batches, NULL, rows)
            self._check(status)
            self._flush()
            return rows
        places = linked.places
        whole = places.shape[0]
        for start in range(0, whole, ROWS_A_PIECE):
            rows = min(<int64_t>ROWS_A_PIECE, whole - start)
            with nogil:
                status = self._take(batches, n_batches, &places[start], rows)
            self._check(status)
            self._flush()
        return whole

    def _flush(self):
        self.dossiers.flush()
        self.entity_table.flush()
        self.names.flush()

    cdef int _drain(self) noexcept nogil:
        """Writes the dossiers of the entities that are left; stops after each few thousand, to be flushed."""
        cdef int status = self._close_entity()
        cdef int left = 4096
        while status == ASSEMBLED and left and self.next_announced * sizeof(Announced) < self.announced.size:
            status = self._open_next()
            if status == ASSEMBLED:
                status = self._close_entity()
            left -= 1
        return status

    def finish(self):
        cdef int status
        while True:
            with nogil:
                status = self._drain()
            self._check(status)
            self._flush()
            if self.next_announced * sizeof(Announced) >= self.announced.size:
                break
        files = {}
        with ThreadPoolExecutor(1, thread_name_prefix="keys") as beside:
            # a delta's few are written sooner than a thread begins
            writing = beside.submit(self._write_keys) if self.durable else None
            files["dossiers.bin"] = self.dossiers.finish()
            files["entities.bin"] = self.entity_table.finish()
            names = self.names.finish()
            tokens = names.pop("tokens")
            files["names.bin"] = {"bytes": names["bytes"], "sha256": names["sha256"]}
            plates = OutputFile(self.directory / "plates.bin", b"RNDPLATE", self.build, self.durable)
            plate_count = self.plate_rows.write(plates)
            files["plates.bin"] = plates.finish()
            keys, files["keys.mdb"] = writing.result() if writing is not None else self._write_keys()
        return Assembly(
            persons=self.n_persons,
            vehicles=self.n_announced - self.n_persons,
            entities=self.n_announced,
            records=self.counts.records,
            alerts=self.counts.alerts,
            possible_links=self.counts.possible_links,
            keys=keys,
            tokens=tokens,
            plates=plate_count,
            dossier_bytes=files["dossiers.bin"]["bytes"],
            files=files,
        )

    def _write_keys(self):
        """Pairs written, and the file's size and digest; beside what else ends, for it is the longest."""
        path = self.directory / "keys.mdb"
        keys = write_keys(path, self.keys, self.build, durable=self.durable)
        self.keys.close()
        # what is gone after some minutes is not written twice for the sake of who reads it
        return keys, rewrite_large_pages(path) if self.durable else stated_file(path)

    def abandon(self):
        self.dossiers.abandon()
        self.entity_table.abandon()
        self.keys.close()
        self.names.abandon()


def assemble(directory, entities, linked, registers, *, temp_directory=None, on_progress=None, durable=True):
    assembler = Assembler(directory, registers, temporary_directory=temp_directory, durable=durable)
    try:
        announced = iter(entities)
        known = -1
        done = 0
        for batch in linked:
            if not batch.num_rows:
                continue
            last = batch.last_entity() if isinstance(batch, Ordered) else batch.column("entity")[-1].as_py()
            while known < last:
                entity_batch = next(announced, None)
                if entity_batch is None:
                    break  # records() says what is wrong
                known += entity_batch.num_rows
                assembler.entities(entity_batch)
            done += assembler.records(batch)
            if on_progress is not None:
                on_progress(done)
        for entity_batch in announced:
            assembler.entities(entity_batch)
        return assembler.finish()
    except BaseException:
        assembler.abandon()
        raise
