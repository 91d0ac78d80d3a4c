"""Numbers one slip apart in live changes: the persons around a changed record, and the records that may mean a changed
person.

docs/answers.md section 5, "Numbers weighed". A record with a number that its bearer's name supports is about that
bearer; no near number is searched. An order that hides an address is searched by its number alone too (section 5, "Only
hidden").
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.identifiers.in_names import cuis_in_name
from core.identifiers.kinds import IdentifierKind
from core.identifiers.near_cuis import near_cuis, near_miscounted
from indexer.linking.database import STANDARDS
from indexer.linking.hiding import slips_of
from indexer.linking.named_numbers import THIRTEEN_DIGITS
from indexer.linking.near_others import slips_of_text
from indexer.live.kept import CROSSED, CUI_DIGITS, keys_met_by
from indexer.live.record_key import RecordKey, keys_of
from indexer.live.standing import Standing, values
from indexer.standard import ALERT_PROTECTED
from ronda.v1.section_pb2 import SECTION_IDENTITY, SECTION_OWNER

_NAMED = ("cui", "name_key")


def near_persons(standing: Standing, changed: pa.Table, around: pa.Table) -> tuple[set[bytes], bool]:
    """Returns bearers of a number that the stated one of a changed record may be a slip of, or of one in its name's
    cell.

    Also returns whether a number is in doubt: then a person stated only now may bear it. around: the linked records of
    the stated numbers' bearers.
    """
    stated = changed.filter(_may_be_meant(changed))
    is_loose = _is_stated(changed, "document_number") & ~_is_stated(changed, "document_country")
    is_loose |= _is_stated(changed, "loose_number")
    is_loose &= _is_noted(changed)
    is_loose |= _may_be_meant_by_another(changed)
    loose = _bearers_of_loose(standing, set(values(changed.filter(pa.array(is_loose)), "loose_number")))
    loose |= _bearers_in_names(standing, changed) | _bearers_of_others(standing, changed)
    if not stated.num_rows:
        return loose, bool(is_loose.any())
    borne = {(row["cui"], row["name_key"]) for row in _claims(around).select(_NAMED).to_pylist()}
    borne |= {(row["cui"], row["name_key"]) for row in _claims(changed).select(_NAMED).to_pylist()}
    borne |= {(cui, None) for cui, _ in borne}  # a number without a name is in doubt where nobody bears it
    doubted = {row["cui"] for row in stated.select(_NAMED).to_pylist() if (row["cui"], row["name_key"]) not in borne}
    doubted |= _dated_otherwise(stated, _claims(around), _claims(changed))
    hiding = doubted & set(values(stated.filter(pa.array(_hides(stated))), "cui"))
    near = _bearers(standing, doubted, True) | _bearers_of_slips(standing, hiding)
    return loose | near, bool(doubted) or bool(is_loose.any())


def records_near(standing: Standing, changed: pa.Table, replaced: pa.Table) -> set[RecordKey]:
    """Returns the records with a number that may be a slip of a person's with a changing identity."""
    persons = {cui for rows in (changed, replaced) for cui in values(_claims(rows), "cui") if cui}
    nits = {nit for rows in (changed, replaced) for nit in values(rows, "nit") if nit}
    subjects = _bearers(standing, persons, False) if persons else set()
    loose = standing.holders_of_loose(nits.union(*map(keys_met_by, persons)))
    if not subjects and not loose:
        return set()
    rows = standing.rows(subjects | loose)
    return keys_of(rows.filter(_may_be_meant(rows))) | keys_of(rows.filter(_is_loose(rows)))


def _dated_otherwise(stated: pa.Table, *claims: pa.Table) -> set[str]:
    """Numbers beside a birth date and no name that no claim of their bearer states."""
    columns = ["cui", "birth_year", "birth_month", "birth_mday"]
    borne = {tuple(row.values()) for rows in claims for row in rows.select(columns).to_pylist()}
    nameless = stated.filter(pa.array(~_is_stated(stated, "name_key") & _is_stated(stated, "birth_year")))
    return {row["cui"] for row in nameless.select(columns).to_pylist() if tuple(row.values()) not in borne}


def _bearers_of_loose(standing: Standing, numbers: set[str | None]) -> set[bytes]:
    """Returns bearers of a CUI that such a number may be, with a digit lost or too many, or of the number as NIT."""
    told = sorted(text for text in numbers if text)
    counted = [text for text in told if text.isdigit() and abs(len(text) - CUI_DIGITS) == 1]
    _, near, _ = near_miscounted(counted)
    return standing.bearers_of_cuis({f"{cui:013d}" for cui in near}) | standing.bearers_of(IdentifierKind.NIT, told)


def _bearers_of_others(standing: Standing, rows: pa.Table) -> set[bytes]:
    """Returns bearers of a NIT, licence, cédula or document one slip from that of a record without a name, or of one
    that hides."""
    asked = rows.filter(pa.array(_may_be_meant_by_another(rows)))
    found: set[bytes] = set()
    for row in asked.select(["document_country", *CROSSED, "loose_number"]).to_pylist():
        nit = row["nit"] or row["loose_number"]
        document = f"{row['document_country']}:{row['document_number']}" if row["document_country"] else None
        for kind, number in (
            (IdentifierKind.NIT, nit),
            (IdentifierKind.LICENCE, row["licence"]),
            (IdentifierKind.CEDULA, row["cedula"]),
            (IdentifierKind.DOCUMENT, document),
        ):
            found |= standing.bearers_of(kind, slips_of_text(number)) if number else set()
    return found


def _may_be_meant_by_another(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Marks the records that a number, no CUI, may mean somebody by that is a slip of it."""
    stated = _is_stated(rows, "loose_number") | _is_stated(rows, "document_country")
    for name in ("nit", "licence", "cedula"):
        stated |= _is_stated(rows, name)
    meant = may_mean_others(rows) & (_hides(rows) | ~_is_stated(rows, "name_key") & _is_stated(rows, "birth_year"))
    return np.asarray(stated & meant & ~_is_stated(rows, "cui"))


def _bearers_in_names(standing: Standing, rows: pa.Table) -> set[bytes]:
    """Returns bearers of a CUI within the name's cell of a record that states none elsewhere."""
    asked = rows.filter(pa.array(_is_noted(rows) & ~_is_stated(rows, "cui") & _is_stated(rows, "name")))
    written = asked.filter(pc.match_substring_regex(asked.column("name"), THIRTEEN_DIGITS))
    return standing.bearers_of_cuis(
        {f"{cui:013d}" for name in values(written, "name") if name for cui in cuis_in_name(name)}
    )


def _bearers_of_slips(standing: Standing, cuis: set[str]) -> set[bytes]:
    """Returns bearers of a number that an order hides, valid or not."""
    return standing.bearers_of_cuis({f"{slip:013d}" for cui in cuis for slip in slips_of(int(cui))})


def _bearers(standing: Standing, cuis: set[str], valid_only: bool) -> set[bytes]:
    asked = sorted(int(cui) for cui in cuis if cui.isdigit())
    _, near, _ = near_cuis([cui for cui in asked if cui], valid_only)
    return standing.bearers_of_cuis({f"{cui:013d}" for cui in near})


def _claims(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.equal(rows.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8())))


def _may_be_meant(rows: pa.Table) -> Any:
    """Marks records with a CUI that are linked by name if nothing supports their number.

    For orders that hide an address, also those without a name.
    """
    return pa.array((_is_noted(rows) | _hides(rows)) & _is_stated(rows, "cui"))


def _is_loose(rows: pa.Table) -> Any:
    return pa.array(_is_noted(rows) & _is_stated(rows, "loose_number"))


def _is_noted(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Marks the records that are linked by name at all."""
    states = _is_stated(rows, "name_key") | (_is_stated(rows, "cui") & _is_stated(rows, "birth_year"))
    states |= _is_stated(rows, "loose_number") | (
        _is_stated(rows, "document_number") & ~_is_stated(rows, "document_country")
    )
    return np.asarray(may_mean_others(rows) & states)


def may_mean_others(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Marks alerts, protected sides and what counts for a clearance standard, owners aside."""
    noted = rows.column("alert_kind").to_numpy() != 0
    noted |= rows.column("alert_flags").to_numpy() & ALERT_PROTECTED != 0
    noted |= rows.column("clearance").to_numpy() & STANDARDS != 0
    noted &= rows.column("section").to_numpy() != SECTION_OWNER
    return np.asarray(noted)


def _hides(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Sides that an order protects."""
    return np.asarray(rows.column("alert_flags").to_numpy() & ALERT_PROTECTED != 0)


def _is_stated(rows: pa.Table, column: str) -> np.ndarray[Any, Any]:
    return np.asarray(rows.column(column).is_valid())
