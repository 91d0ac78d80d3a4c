"""The one table of an installation's files on disk, and the part of them that a copy takes. docs/backup.md shows it.

The rows stand in the order in which a copy is taken; a part copied later may hold more, never less:

- a generation before the recall book: recall never names a base that the copy lacks;
- recall before the ledger: a recall book ahead of the ledger would never report later changes when they come again,
  while a ledger that is ahead is caught up with, and reported;
- the ledger before the audit log: each message of a feed has its record before it takes effect;
- checkpoints before `seals`, `seals` before segments: a log that is older than its checkpoints is a log that was cut;
- keys after the files made with them: a key that was changed meanwhile stands beside the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kept(Enum):
    """The consequence of losing a part; a copy has the parts that must be kept."""

    MUST = "must be kept"
    AGAIN = "can be made again"
    SPENT = "made spent"


@dataclass(frozen=True)
class Part:
    """A file or directory. place: within the directories that the settings name."""

    place: str
    kept: Kept
    why: str


_MUST, _AGAIN, _SPENT = Kept.MUST, Kept.AGAIN, Kept.SPENT

PARTS = (
    Part("<data>/CURRENT", _AGAIN, "names the generation; with `--generation`"),
    Part("<data>/generations", _AGAIN, "by `ronda index`; the published one is in the copy with `--generation`"),
    Part("<data>/staging", _AGAIN, "by `ronda index`, while every source can be read; with `--generation`"),
    Part("<data>/recall", _MUST, "whom a changed alert concerns, and who was told"),
    Part("<data>/confirmations", _MUST, "what institutions said of hits"),
    Part("<data>/hotlists/reports.db", _MUST, "which off-line look-ups came already"),
    Part("<data>/notifications", _MUST, "looks of which the owner of a discreet alert is told"),
    Part("<data>/ledger", _MUST, "what institutions fed; no copy of anything"),
    Part("<data>/ledger/archive", _MUST, "its first entries; segments that were moved away are in no copy"),
    Part("<data>/live/shared-keys", _MUST, "keys that ever had several records"),
    Part("<audit>/checkpoints", _MUST, "what was signed, by whom, and what was given up"),
    Part("<audit>/seals", _MUST, "roots of sealed segments"),
    Part("<audit>/logs", _MUST, "the records"),
    Part("<audit>/bin", _MUST, "dropped segments that can be put back"),
    Part("<audit>/hash.key", _MUST, "the present hash key; with another one later look-ups are not linked to these"),
    Part("<data>/mart/staging", _MUST, "deliveries as they came: figures as known on an earlier day"),
    Part("<data>/mart/disclosure.key", _MUST, "by which figures are rounded"),
    Part("<data>/publish.log", _MUST, "who published and rolled back what"),
    Part("<data>/trust.last-good.json", _MUST, "the trust that was in force, with its revocations"),
    Part("<data>/subject.key", _MUST, "subject ids; also each earlier one (`subject.key.<check value>`)"),
    Part("<data>/hotlist.key", _MUST, "hot lists, and what cars kept off line"),
    Part("<audit>-keys", _MUST, "keys that development mode made"),
    Part("RONDA_CONFIG", _MUST, "the settings"),
    Part("trust", _MUST, "institutions, policy, limits, revocations"),
    Part("tls_cert, tls_key, tls_client_ca", _MUST, "the server's certificate"),
    Part("audit_auditor_key, audit_signing_key", _MUST, "the audit's keys; the auditor's private key is not here"),
    Part("audit_keeper_ca, audit_keeper_cert, audit_keeper_key", _MUST, "what is shown to the witness"),
    Part("manifests, mart_manifests", _MUST, "manifests of the site, where the settings name them"),
    Part("<data>/page.key", _AGAIN, "at the next start; callers begin their lists again"),
    Part(
        "<data>/served.json",
        _AGAIN,
        "at the next start; where the audit log says that it served, its feeds are in doubt",
    ),
    Part("<data>/ledger.seen.json", _AGAIN, "with the next change; without it feeds are in doubt until a heartbeat"),
    Part("<data>/backup.json", _AGAIN, "by the next copy; until then an alarm says that there is none"),
    Part("<audit>/confirmed.json", _AGAIN, "with the next checkpoint that a second keeper takes"),
    Part("<data>/live", _AGAIN, "by `ronda live`, from generation and ledger"),
    Part("<data>/hotlists", _AGAIN, "lists and their steps, when a car asks"),
    Part("<data>/mart", _AGAIN, "by `ronda mart build`, from the deliveries"),
    Part("<data>/quarantine", _AGAIN, "by `ronda index`"),
    Part("<data>/.work", _AGAIN, "work of a build that was killed"),
    Part("<data>/indexer.lock", _AGAIN, "a lock"),
    Part("sources, mart_sources", _AGAIN, "the institutions' files; they deliver them again"),
    Part("passfile of a DSN", _AGAIN, "the database's owner gives a new password"),
    Part("sms_directory", _AGAIN, "a reply that waits expires within minutes"),
    Part("<data>/limits", _SPENT, "a copy that gave allowances back would be a way to a second one"),
    Part("<issuer>/officers.db", _MUST, "officers, their hashed PINs and lock-outs; with `--issuer`"),
    Part("<issuer>/audit", _MUST, "the issuer's audit log, in the order above; with `--issuer`"),
    Part("<issuer>", _MUST, "its settings, certificates, signing key, trust; with `--issuer`"),
    Part("<pepper>/keys.json", _MUST, "by hand, apart from the database: whoever has both can try PINs"),
    Part("<pepper>/newest.json", _SPENT, "a person accepts the restored database (`ronda keys issuer accept`)"),
    Part("<issuer>/sessions.sealed", _SPENT, "officers sign in again"),
)

DATA = "<data>/"


def names_in_data(kept: Kept) -> set[str]:
    """Names directly within the data directory that a class has alone or shares with another."""
    return {part.place.removeprefix(DATA).split("/")[0] for part in PARTS if part.kept is kept and _in_data(part)}


def known_in_data() -> set[str]:
    """Every name directly within the data directory that the table knows."""
    return {part.place.removeprefix(DATA).split("/")[0] for part in PARTS if _in_data(part)}


def _in_data(part: Part) -> bool:
    return part.place.startswith(DATA)
