"""`ronda clear --engine spark`: from what was typed and the settings to an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ronda.spark.engine import SparkEngine


@contextmanager
def spark_engine(
    master: str, *, data: Path | None, trust: Path | None, spool: Path | None, identity: str, case: str
) -> Iterator[SparkEngine]:
    """Raises EngineFailed. Paths but `data` and the audit log's are of the executors' disks."""
    from clients.agency.failures import EngineFailed
    from ronda.settings import load_settings
    from ronda.spark.engine import SparkEngine
    from ronda.spark.joining import JoinedLog, NotJoined
    from ronda.spark.orders import Orders
    from ronda.spark.session import open_session
    from server.audit.set_up import auditor_key
    from server.host.core_dumps import forbid_core_dumps
    from server.settings import SettingsError
    from server.trust.officer_token import TokenRules

    forbid_core_dumps()
    try:
        settings = load_settings(data=data)
        trust = trust if trust is not None else settings.trust
        if trust is None or not identity:
            text = "--engine spark necesita --identity y --trust: sin certificado, token y política no consulta."
            raise EngineFailed(text, "files")
        log = JoinedLog(settings)
    except SettingsError as error:
        raise EngineFailed(str(error), "settings") from None
    except NotJoined as error:
        raise EngineFailed(f"La auditoría de esta máquina no se puede usar: {error}.", "recorded") from None
    try:
        where = settings.data.absolute()
        orders = Orders(
            data=str(where),
            generation="",
            manifest="",
            standard=0,
            request_id="",
            case=case,
            identity=str(Path(identity).absolute()),
            trust=str(trust.absolute()),
            rules=TokenRules(settings.token_audience, settings.token_max_age_s, settings.clock_skew_s),
            auditor_key=str(auditor_key(settings).absolute()),
            spool=str((spool if spool is not None else where / "spark").absolute() / log.id),
        )
        session = open_session(master)
        try:
            yield SparkEngine(session, master, orders, log)
        finally:
            session.stop()
    finally:
        log.close()
