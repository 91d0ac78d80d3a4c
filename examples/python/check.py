"""python check.py HOST:PORT IDENTITY QUERY: one check, waited for. IDENTITY: <prefix> of .pem, .key and .token."""

import sys

from ronda_client import CallFailure, Identity, Ronda
from ronda_client.v1.level_pb2 import LEVEL_CLEAR, Level


def main() -> int:
    target, prefix, query = sys.argv[1:]
    with Ronda(target, Identity.beside(prefix), why="TRAFFIC_STOP") as ronda:
        try:
            found = ronda.check(query)
        except CallFailure as failure:
            print(type(failure).__name__, failure, file=sys.stderr)
            return 1
    print(Level.Name(found.answer.level), "green" if found.answer.level == LEVEL_CLEAR else "not green")
    for hit in found.answer.hits:
        print(hit.action.text, [source.record.record_id for source in hit.sources])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
