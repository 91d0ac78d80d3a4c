"""python check_many.py HOST:PORT IDENTITY QUERY...: checks side by side, with asyncio."""

import asyncio
import sys

from ronda_client import AsyncRonda, CallFailure, Identity
from ronda_client.v1.level_pb2 import Level


async def main() -> None:
    target, prefix, *queries = sys.argv[1:]
    async with AsyncRonda(target, Identity.beside(prefix), why="TRAFFIC_STOP") as ronda:
        answers = await asyncio.gather(*map(ronda.check, queries), return_exceptions=True)
    for place, found in enumerate(answers):
        if isinstance(found, CallFailure):
            print(place, found.reason or found.status, [(v.field, v.rule) for v in found.violations])
        elif isinstance(found, BaseException):
            raise found
        else:
            print(place, Level.Name(found.answer.level))


if __name__ == "__main__":
    asyncio.run(main())
