"""`python -m bench.issuer`: an issuer's performance on this machine, through its real process, mTLS and record on disk.

Sign-ins by PIN (each pays a hash), renewals by session (none does), and renewals while the same gateway floods wrong
PINs; memory of the process at its most. Numbers of officers and seconds are options; nothing here is a bar.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psutil

from ronda.v1 import token_service_pb2 as contract
from server.issuer.forms import Kind
from server.issuer.hashing import hash_secret
from server.issuer.pepper import Pepper
from server.issuer.proving import now_ms, subject_hashes
from server.issuer.set_up import make_issuer
from server.issuer.settings import read_settings
from server.issuer.store import Store
from server.trust.issuing import Issuer
from tests.issuer.issuer_kit import GATEWAY, PIN, RunningIssuer, fresh

WRONG = "918273"


def enrol(directory: Path, count: int) -> list[str]:
    """Adds that many officers with numbers and one PIN; returns their numbers."""
    settings = read_settings(directory)
    pepper, store = Pepper(settings.pepper), Store(settings.database, settings.pepper)
    numbers = [f"+502{55000000 + each}" for each in range(count)]

    def hashed(officer: int) -> object:
        return hash_secret(pepper, Kind.PIN, officer, PIN, settings.scrypt_log_n)

    with ThreadPoolExecutor(2) as threads:
        hashes = list(threads.map(hashed, range(1, count + 1)))
    with store.change() as db:
        for officer, (number, made) in enumerate(zip(numbers, hashes, strict=True), 1):
            row = (officer, str(10000 + officer), "zona-1", '["patrol"]', officer.to_bytes(16, "big"))
            db.execute("INSERT INTO officer (id, nip, unit, roles, reference, epoch) VALUES (?, ?, ?, ?, ?, 0)", row)
            store.put_telephone(officer, pepper, subject_hashes(pepper, Kind.PIN, number))
            store.put_secret(officer, Kind.PIN, made, now_ms() + 86_400_000, provisional=False)  # type: ignore[arg-type]
    store.close()
    return numbers


def measured(what: str, calls: int, work: Callable[[int], object], threads: int) -> None:
    """Runs `work` for each number and prints rate and latencies."""
    took: list[float] = []

    def one(number: int) -> None:
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(calls)))
    seconds = time.perf_counter() - began
    middle, late = statistics.median(took) * 1000, sorted(took)[int(len(took) * 0.99)] * 1000
    print(f"{what:44} {calls / seconds:8.0f} /s   median {middle:6.1f} ms   p99 {late:6.1f} ms")


def main() -> None:
    """Prints the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--officers", type=int, default=200)
    options.add_argument("--log-n", type=int, default=15)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as root:
        institution, directory = Path(root) / "pnc", Path(root) / "issuer"
        Issuer.make(institution, "pnc", "pnc.gob.gt", "https://identidad.pnc.gob.gt")
        make_issuer(directory, institution, ["localhost"], [GATEWAY], "127.0.0.1:0", scrypt_log_n=given.log_n)
        numbers = enrol(directory, given.officers)
        issuer = RunningIssuer(directory, institution)
        try:
            _measure(issuer, numbers)
        finally:
            issuer.stop()


def _measure(issuer: RunningIssuer, numbers: list[str]) -> None:
    stub = issuer.stub(issuer.gateway)
    sessions: dict[str, str] = {}

    def sign_in(each: int) -> None:
        request = contract.ExchangeRequest(request_id=fresh(), telephone=numbers[each], pin=PIN)
        sessions[numbers[each]] = stub.Exchange(request, timeout=60).session

    def renew(each: int) -> None:
        number = numbers[each % len(numbers)]
        request = contract.ExchangeRequest(request_id=fresh(), telephone=number, session=sessions[number])
        stub.Exchange(request, timeout=60)

    measured("sign-in by PIN, 16 at once", len(numbers), sign_in, 16)
    measured("renewal by session, 16 at once", 10 * len(numbers), renew, 16)
    over = threading.Event()

    def flood(thread: int) -> None:
        each = 0
        while not over.is_set():
            each += 1
            number = f"+50244{thread:02}{each:04}"
            try:
                stub.Exchange(contract.ExchangeRequest(request_id=fresh(), telephone=number, pin=WRONG), timeout=60)
            except grpc.RpcError:
                continue

    flooding = [threading.Thread(target=flood, args=(number,)) for number in range(80)]
    for thread in flooding:
        thread.start()
    measured("the same, while 80 threads flood wrong PINs", 5 * len(numbers), renew, 4)
    memory = psutil.Process(issuer.process.pid).memory_info()
    over.set()
    for thread in flooding:
        thread.join()
    print(f"memory of the issuer's process in the flood: {memory.rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
