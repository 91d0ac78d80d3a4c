"""A worker's line to the writer process: a question that is not answered holds up nobody else's."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from server.calls.said_of_hits import FOLDER
from server.confirmation.desk_line import DeskLine


def test_questions_do_not_wait_for_one_that_hangs(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    told = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while text := await reader.readline():
            if json.loads(text)["confirmation_id"] == "slow":
                await told.wait()
            writer.write(b'{"row": null}\n')
            await writer.drain()
        writer.close()

    async def ask() -> None:
        server = await asyncio.start_unix_server(serve, tmp_path / "line")
        line = DeskLine(tmp_path, tmp_path / "line")
        slow = asyncio.create_task(line.get("slow"))
        await asyncio.sleep(0)
        assert await asyncio.gather(*(line.get(str(number)) for number in range(40))) == [None] * 40
        assert not slow.done()
        given_up = asyncio.create_task(line.get("slow"))
        await asyncio.sleep(0)
        given_up.cancel()  # its answer, which may still come, is nobody else's
        assert await line.get("after") is None
        told.set()
        assert await slow is None
        server.close()  # not waited for: from Python 3.12 that waits for the connections, which a line keeps

    asyncio.run(ask())
