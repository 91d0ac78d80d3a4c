"""The supervisor's messages reach a worker that is still starting."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.audit.set_up import prepare_audit
from server.processes.messages import DamagedFiles, WorkerOrders, WorkerReport
from server.processes.settings import ServerSettings
from server.processes.watched_worker import WorkerProcess
from tests.server.published import Published

_DEADLINE_S = 20.0


def _orders(published: Published, directory: Path) -> WorkerOrders:
    settings = ServerSettings(data=published.data, listen="127.0.0.1:0", metrics="off", workers=1)  # type: ignore[call-arg]
    prepare_audit(settings, settings.development)
    return WorkerOrders(
        number=0,
        settings=settings.model_dump(mode="json"),
        address="127.0.0.1:0",
        probe_socket=directory / "probe.sock",
        last_good="",
        damaged=[],
        page_key="00" * 16,
        secrets={"hotlist": "00" * 32},
    )


async def _detail_when_ready(worker: WorkerProcess, reports: asyncio.Queue[WorkerReport], probe: Path) -> str:
    while not (await reports.get()).ready:
        pass
    async with grpc.aio.insecure_channel(f"unix:{probe}") as channel:
        ask = health_pb2_grpc.HealthStub(channel).Check
        while worker.report.ready:
            answer = ask(health_pb2.HealthCheckRequest(), timeout=5)
            await answer
            trailing = await answer.trailing_metadata() or ()
            if detail := dict(trailing).get("ronda-detail", ""):
                return str(detail)
            await asyncio.sleep(0.05)
    return "the worker ended"


@pytest.mark.parametrize("started", [False, True], ids=["before its process is", "before it is ready"])
def test_damaged_files_are_told_to_a_worker_that_is_still_starting(published: Published, started: bool) -> None:
    generation = published.publish()

    async def told(directory: Path) -> str:
        orders = _orders(published, directory)
        (directory / "metrics").mkdir()
        reports: asyncio.Queue[WorkerReport] = asyncio.Queue()
        worker = WorkerProcess(orders, directory / "metrics", reports.put_nowait)
        running = asyncio.create_task(worker.run()) if started else None
        while started and not worker.pid:
            await asyncio.sleep(0.001)
        assert not worker.report.ready
        worker.tell(DamagedFiles(generation=generation, files=["dossiers.bin"]))
        running = running or asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(_DEADLINE_S):
                return await _detail_when_ready(worker, reports, orders.probe_socket)
        finally:
            worker.kill()
            await running

    with tempfile.TemporaryDirectory() as directory:  # short: a Unix socket's path has a limit of 108 bytes
        assert asyncio.run(told(Path(directory))) == "damaged files: dossiers.bin"
