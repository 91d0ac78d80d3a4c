"""Bad input: an answer or a clear error in bounded time. The dearest question, in microseconds of server CPU."""

from __future__ import annotations

from typing import Any

import grpc

from bench.names.searching import Server

TEXTS = {
    "one letter": "J",
    "two letters": "J P",
    "the commonest name": "MARIA LOPEZ",
    "one common token": "JOSE",
    "one common surname": "LOPEZ",
    "four initials": "J L P G",
    "200 tokens": " ".join(["JOSE", "MARIA", "LOPEZ", "PEREZ"] * 50),
    "39 common tokens": " ".join(["ANA", "JUAN", "LUIS"] * 13),
    "many different tokens": "JOSE MARIA JUAN LUIS ANA ROSA LOPEZ PEREZ GARCIA CRUZ DIAZ RUIZ PAZ SOTO VEGA LARA LUNA",
    "digits only": "1985 1234567",
    "emoji": "José 😀 Pérez 🚓",
    "right to left": "محمد حسن",
    "combining accents": "Jose\u0301 Pe\u0301rez Lo\u0301pez" + "\u0301" * 100,
    "nul bytes": "JOSE\0PEREZ",
    "SQL": "'; DROP TABLE persons; --",
    "wildcards": "J* P?rez %",
    "10 kB of one letter": "A" * 10_000,
    "long token": "JOSE" * 40,
    "blank": "   ",
    "particles only": "de la los y",
    "split letters": "J O S E P E R E Z L O P E Z",
}
RUNS = 3


def run(server: Server) -> dict[str, Any]:
    """Status and CPU of each; the dearest of three runs."""
    report: dict[str, Any] = {}
    for name, text in TEXTS.items():
        cpu = 0.0
        for _ in range(RUNS):
            try:
                timing = server.timed_search(text)
            except grpc.RpcError as error:
                report[name] = {"cpu_us": None, "status": error.code().name}
                break
            cpu = max(cpu, timing.server_cpu)
        else:
            found = server.search(text)
            report[name] = {"cpu_us": cpu, "status": found.failed or f"{found.total} found"}
    return report
