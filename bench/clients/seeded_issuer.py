"""An issuer with officers who already gave their PIN: `python -m bench.clients.seeded_issuer DIRECTORY`.

5,000 PINs at their real cost are a quarter of an hour of two cores. So the bench lets some officers pay, and the others
begin with a session, made here by the issuer's own code and left as an ordered end leaves it for the next start.
Everything later (renewals, records, tokens) is the issuer's, unchanged. DIRECTORY/seed.json names them: {"thumbprint":
of the gateway, "numbers": [...]}; the sessions' handles go to DIRECTORY/handles.json.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from server.host.forks import start_others_beside_grpc

start_others_beside_grpc()

from server.issuer.forms import Kind  # noqa: E402 (gRPC is told of the signer before it is loaded)
from server.issuer.kept_sessions import keep_sessions  # noqa: E402
from server.issuer.pepper import Pepper  # noqa: E402
from server.issuer.proving import now_ms, subject_hashes  # noqa: E402
from server.issuer.serving import serve_issuer  # noqa: E402
from server.issuer.sessions import Session, Sessions, boot_clock  # noqa: E402
from server.issuer.settings import read_settings  # noqa: E402
from server.issuer.store import Store  # noqa: E402

_DAY_MS = 86_400_000


def seed_sessions(directory: Path) -> None:
    """Leaves sessions of all officers in seed.json."""
    settings = read_settings(directory)
    seed = json.loads((directory / "seed.json").read_text(encoding="utf-8"))
    pepper, store = Pepper(settings.pepper), Store(settings.database, settings.pepper)
    sessions, handles = Sessions(), {}
    for number in seed["numbers"]:
        subjects = subject_hashes(pepper, Kind.PIN, number)
        officer = store.by_telephone(subjects)
        assert officer is not None
        ends = boot_clock() + settings.sms_session_s
        session = Session(
            officer=officer.id,
            epoch=officer.epoch,
            subject=subjects[0],
            thumbprint=seed["thumbprint"],
            ends=ends,
            signed_in=int(time.time()),
            secret_expires_ms=now_ms() + _DAY_MS,
        )
        handles[number] = sessions.open(session)
    keep_sessions(settings.kept_sessions, sessions.living(), pepper, store)
    store.close()
    path = directory / "handles.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(handles, file)


def main(directory: Path, listen: str) -> int:
    """Serves until SIGTERM."""
    seed_sessions(directory)
    return serve_issuer(read_settings(directory, listen=listen))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[3]))
