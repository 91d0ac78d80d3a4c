"""A verifier of the audit log, written from docs/audit-format.md alone: hashlib and cryptography, nothing of Ronda.

python tests/audit/independent_verifier.py AUDIT_DIRECTORY SIGNING_PUBLIC_KEY.pem [KEEPER_DIRECTORY...]
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

YEAR_MS = 365.25 * 86_400_000


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def roots_of(leaves: Iterable[bytes]) -> list[bytes]:
    """RFC 9162, 2.1: the root over the first 0, 1, 2... leaves."""
    roots = [sha256(b"")]
    peaks: list[tuple[int, bytes]] = []  # perfect subtrees, largest first: (leaves, root)
    for leaf in leaves:
        peaks.append((1, sha256(b"\0" + leaf)))
        while len(peaks) > 1 and peaks[-2][0] == peaks[-1][0]:
            (size, left), (_, right) = peaks[-2:]
            peaks[-2:] = [(2 * size, sha256(b"\1" + left + right))]
        node = peaks[-1][1]
        for _, left in reversed(peaks[:-1]):
            node = sha256(b"\1" + left + node)
        roots.append(node)
    return roots


def key_id(raw: bytes) -> str:
    return sha256(raw).hex()[:16]


def signs(raw: bytes, signature: str, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


class Keys:
    """The keys of a log: (first number, raw key), oldest first. error: why they are no chain."""

    def __init__(self, known: Ed25519PublicKey, file: Path) -> None:
        raw = known.public_bytes_raw()
        self.turns = [(1, raw)]
        self.error = ""
        head = "ronda audit key change 1\n"
        texts = [head + piece for piece in (file.read_text().split(head)[1:] if file.exists() else [])]
        for place, text in enumerate(texts):
            words = [line.split(" ") for line in text.splitlines()[1:]]
            if [word[0] for word in words] != ["key", "next", "number", "time_ms", "accepted", "signature"]:
                self.error = "no change of keys"
                return
            old, new = base64.b64decode(words[0][2]), base64.b64decode(words[1][2])
            if place == 0:
                self.turns = [(1, old)]
            both = signs(new, words[4][1], text.rpartition("accepted ")[0]) and signs(
                old, words[5][1], text.rpartition("signature ")[0]
            )
            ids = (words[0][1], words[1][1]) == (key_id(old), key_id(new))
            follows = old == self.turns[-1][1] and new not in [each for _, each in self.turns]
            if not (both and ids and follows and int(words[2][1]) >= self.turns[-1][0]):
                self.error = f"change of keys {place + 1}: it is not signed by the key before it"
                return
            self.turns.append((int(words[2][1]), new))
        if raw not in [each for _, each in self.turns]:
            self.error = "the key given is none of the log's"

    def signer(self, number: int) -> bytes:
        return [key for begins, key in self.turns if begins <= number][-1]


class Restorations:
    """The restorations of a log: (kept, hash of the kept one, lost), oldest first. error: why they are none."""

    def __init__(self, file: Path, keys: Keys) -> None:
        self.texts: list[str] = []
        self.each: list[tuple[int, str, int]] = []
        self.error = ""
        head = "ronda audit restoration 1\n"
        for text in [head + piece for piece in (file.read_text().split(head)[1:] if file.exists() else [])]:
            words = [line.split(" ") for line in text.splitlines()[1:]]
            if [word[0] for word in words] != ["key", "kept", "lost", "time_ms", "by", "signature"]:
                self.error = "no restoration"
                return
            kept, lost = int(words[1][1]), int(words[2][1])
            signer = keys.signer(lost + 1)
            signed = words[0][1] == key_id(signer) and signs(signer, words[5][1], text.rpartition("signature ")[0])
            goes_on = kept < lost and not self.void(kept) and all(lost >= before for _, _, before in self.each)
            if not (signed and goes_on):
                self.error = f"restoration {len(self.each) + 1}: not signed by the log's key, or it follows none"
                return
            self.each.append((kept, words[1][3], lost))
            self.texts.append(text)

    def void(self, number: int) -> bool:
        return any(kept < number <= lost for kept, _, lost in self.each)


def checkpoints(directory: Path, keys: Keys) -> Iterator[dict[str, Any]]:
    """Each checkpoint of a directory; `error` when it is not signed by the key of its number."""
    for path in sorted(directory.glob("????-??-??")):
        for piece in path.read_text().split("ronda audit checkpoint 1\n")[1:]:
            body, separator, signature = piece.rpartition("signature ")
            if not separator or not piece.endswith("\n"):
                continue  # a crash left it unfinished
            words = [line.split(" ") for line in body.splitlines()]
            found: dict[str, Any] = {word[0]: word[1:] for word in words if word[0] != "open"}
            stated = [word[0] for word in words[:4]] == ["key", "number", "time_ms", "seals"]
            signer = keys.signer(int(found["number"][0])) if stated and found["number"][0].isdecimal() else b""
            signed = signs(signer, signature, f"ronda audit checkpoint 1\n{body}") if signer else False
            if not signed or found["key"] != [key_id(signer)]:
                yield {"error": f"{path.name}: a checkpoint's signature does not hold"}
                continue
            opened = {(w[1], int(w[2])): (int(w[3]), bytes.fromhex(w[4])) for w in words if w[0] == "open"}
            seals = (int(found["seals"][0]), bytes.fromhex(found["seals"][1]))
            whole = sha256(f"ronda audit checkpoint 1\n{piece}".encode()).hex()
            yield {"number": int(found["number"][0]), "seals": seals, "open": opened, "sha256": whole}


def records(data: bytes) -> Iterator[bytes | str]:
    """The bodies of a segment's records, in order; a text says what is wrong, and ends it."""
    at = place = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        if length == 0 and len(data) - at >= 4:
            return
        body = data[at + 8 : at + 8 + length]
        if len(body) < max(length, 16):
            yield f"record {place}: truncated"
            return
        if sha256(b"\0" + body)[:4] != data[at + 4 : at + 8]:
            yield f"record {place}: check"
            return
        if int.from_bytes(body[8:16], "little") != place or (body[0] == 1) != (place == 0) or body[0] not in (1, 2, 3):
            yield f"record {place}: place"
            return
        yield body
        at += 8 + length
        place += 1


def segment_problems(data: bytes, claims: list[tuple[int, bytes]], seal: dict[str, Any] | None) -> Iterator[str]:
    """claims: (records, root) of the checkpoints that have it open."""
    found = list(records(data))
    yield from (each for each in found if isinstance(each, str))
    roots = roots_of(each for each in found if isinstance(each, bytes))
    count = len(roots) - 1
    for size, root in sorted(claims):
        if size > count:
            yield f"record {count}: removed, a checkpoint has {size}"
            return
        if roots[size] != root:
            yield f"a record before {size} was altered"
            return
    if seal is not None:
        if (count, len(data)) != (seal["records"], seal["bytes"]):
            yield f"record {min(count, seal['records'])}: not the records that were sealed"
        elif roots[count].hex() != seal["root"]:
            yield "a record was altered"


def dropped_early(entries: list[dict[str, Any]], seal: dict[str, Any], drop: dict[str, Any]) -> bool:
    """Compares with the newest `sealed_ms`, of the seal and those before it, up to 60 days after `dropped_ms`."""
    before = [each["sealed_ms"] for each in entries[: entries.index(seal) + 1] if "seal" in each]
    newest = max((each for each in before if each <= drop["dropped_ms"] + 60 * 86_400_000), default=None)
    return newest is None or drop["dropped_ms"] - newest < drop["years"] * YEAR_MS


def problems(audit: Path, key: Ed25519PublicKey, keepers: list[Path]) -> list[str]:
    """Everything that is wrong with an audit directory; none = it is whole."""
    keys = Keys(key, audit / "checkpoints" / "keys")
    theirs = [Keys(key, keeper / "keys") for keeper in keepers]
    own = sorted(checkpoints(audit / "checkpoints", keys), key=lambda each: each.get("number", 0))
    kept = [checkpoint for keeper in keepers for checkpoint in checkpoints(keeper, keys)]
    found = [each["error"] for each in (*own, *kept) if "error" in each]
    found += [each.error for each in (keys, *theirs) if each.error]
    if any(len(each.turns) > 1 and each.turns != keys.turns[: len(each.turns)] for each in theirs):
        found.append("a second keeper holds another change of keys")
    restored = Restorations(audit / "checkpoints" / "restorations", keys)
    accepted = [Restorations(keeper / "restorations", keys) for keeper in keepers]
    found += [each.error for each in (restored, *accepted) if each.error]
    for keeper, each in zip(keepers, accepted, strict=True):
        if each.texts != restored.texts and (each.texts or any(keeper.glob("????-??-??"))):
            found.append("rolled back: the second keeper accepted other restorations")
            restored = each
    own, kept = (
        [each for each in these if "error" not in each and not restored.void(each["number"])] for these in (own, kept)
    )
    hashes = {number: each for number, each, _ in restored.each}
    if any(hashes.get(each["number"], each["sha256"]) != each["sha256"] for each in (*own, *kept)):
        found.append("a restoration keeps another checkpoint")
    numbers = [each["number"] for each in own]
    due = [number for number in range(numbers[0], numbers[-1] + 1) if not restored.void(number)] if numbers else []
    if numbers != due:
        found.append("checkpoints were removed, repeated or reordered")
    if keys.turns[-1][0] > max([*numbers, *(lost for _, _, lost in restored.each)], default=0) + 1:
        found.append("rolled back: the newest key signs later numbers")
    if max((each["number"] for each in kept), default=0) > max(numbers, default=0):
        found.append("rolled back: the second keeper holds a newer checkpoint")
    lines = (audit / "seals").read_bytes().split(b"\n")[:-1] if (audit / "seals").exists() else []
    roots = roots_of(lines)
    claims: dict[tuple[str, int], list[tuple[int, bytes]]] = {}
    for checkpoint in (*own, *kept):
        size, root = checkpoint["seals"]
        if size >= len(roots) or roots[size] != root:
            found.append(f"seals: its first {size} lines are not those of checkpoint {checkpoint['number']}")
        for segment, head in checkpoint["open"].items():
            claims.setdefault(segment, []).append(head)
    entries = [json.loads(line) for line in lines]
    seals = {(each["seal"], each["segment"]): each for each in entries if "seal" in each}
    drops = {(each["drop"], each["segment"]): each for each in entries if "drop" in each}
    present = {(path.parent.name, int(path.stem)): path for path in (audit / "logs").glob("*/*.seg")}
    for segment in sorted({*present, *claims, *seals}):
        name = f"segment {segment[0]}/{segment[1]}"
        if segment in present:
            for what in segment_problems(present[segment].read_bytes(), claims.get(segment, []), seals.get(segment)):
                found.append(f"{name}, {what}")
        elif segment not in drops or segment not in seals:
            found.append(f"{name}: removed")
        elif dropped_early(entries, seals[segment], drops[segment]):
            found.append(f"{name}: dropped too early")
    return found


if __name__ == "__main__":
    public = load_pem_public_key(Path(sys.argv[2]).read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    for problem in (told := problems(Path(sys.argv[1]), public, [Path(each) for each in sys.argv[3:]])):
        sys.stdout.write(f"{problem}\n")
    sys.exit(1 if told else 0)
