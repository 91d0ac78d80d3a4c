"""The trust that was in force last, on disk: a process that starts while a file is damaged serves as the others do.

`trust.last-good.json` in the data directory, mode 0600, without any secret: the texts of the trust directory's files,
by part. It is no second trust directory: a part is taken from it only while that part's own files do not hold.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.logs import ERROR, log
from server.settings import SettingsError
from server.trust.allowances import allowances_of
from server.trust.institutions import Institutions, Stated, institution_of
from server.trust.policy import Policy
from server.trust.revocations import Revocations
from server.trust.snapshot import Trust

LAST_GOOD = "trust.last-good.json"


def keep_trust(path: Path, directory: Path, trust: Trust) -> None:
    """Writes what is in force, where the file holds anything else. Raises OSError."""
    revoked = {name: sorted(getattr(trust.revocations, name)) for name in Revocations.model_fields}
    document = {
        "directory": str(directory),
        "institutions": {each.id: asdict(each.stated) for each in trust.institutions.all},
        "policy": trust.policy.text,
        "limits": trust.limits,
        "revoked": revoked,
    }
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    with suppress(OSError):
        if read_file(path) == content:
            return
    replace_file(path, content)


def kept_trust(path: Path, directory: Path) -> Trust | None:
    """Returns what was in force last; None where nothing is kept of this directory, or it cannot be read."""
    try:
        document = json_of(read_file(path))
        if document["directory"] != str(directory):
            return None
        limits, policy = directory / "limits.toml", directory / "policy.cedar"
        return Trust(
            institutions=Institutions.of(
                path,
                [
                    institution_of(identity, Stated(**stated), path, path)
                    for identity, stated in document["institutions"].items()
                ],
            ),
            policy=Policy(policy, allowances_of(document["limits"].encode(), limits), document["policy"]),
            limits=document["limits"],
            revocations=Revocations.model_validate(document["revoked"]),
            files=(),
            faults=(),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SettingsError) as error:
        log("trust_not_kept", level=ERROR, why=f"{path.name}: {type(error).__name__}")
        return None
