"""A fed world with the maker of lists beside its writer, and what a device makes of a list and its steps."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import zlib
from pathlib import Path
from typing import Any

from core.generation.reader import DossierReader
from ronda.v1.hotlist_service_pb2 import HotlistBlock, HotlistStep
from server.calls.said_of_hits import FILE, FOLDER, read_said_of_hits
from server.hotlist.entries import MASK, Listing
from server.hotlist.folding import first_keys, folded
from server.hotlist.list_file import BLOCK_ENTRIES, list_path, read_list
from server.hotlist.list_maker import ListMaker, today_in_guatemala
from server.hotlist.orders import WANTED_IN, Orders
from server.hotlist.steps_file import read_steps
from tests.live.fed_world import FedWorld

Entries = dict[tuple[int, str], list[bytes]]


class FollowedWorld:
    """`maker` may be thrown away and made anew at any moment, as a kill does."""

    def __init__(self, fed: FedWorld, most: int = 10_000) -> None:
        self.fed = fed
        fed.writer.publish()
        self.orders = Orders(data=fed.data, status=fed.data.with_name("hotlist-status.json"), entries=most, live=True)
        wanted = fed.data / WANTED_IN
        wanted.mkdir(parents=True)
        (wanted / f"{MASK:x}").write_text(fed.base_id, encoding="utf-8")
        self.maker = ListMaker(self.orders)
        self.run()

    def restart(self) -> None:
        """The maker's memory is gone."""
        self.maker = ListMaker(self.orders)

    def run(self) -> None:
        """The maker's turns until nothing is due."""
        for _ in range(50):
            self.maker._idle.clear()
            if self.maker.tick():
                return
        raise AssertionError("the maker comes to no end")

    @property
    def path(self) -> Path:
        """Returns the path of the list."""
        day = today_in_guatemala(time.time()).strftime("%Y%m%d")
        return list_path(self.fed.data, self.fed.base_id, day, MASK)

    @property
    def list_id(self) -> str:
        made = read_list(self.path)
        assert made is not None
        return made.list_id

    def steps(self) -> list[HotlistStep]:
        """As they are on disk, each fitting the one before."""
        made = read_list(self.path)
        assert made is not None
        before, found = made.sha256, []
        for step in read_steps(self.path, made.list_id).steps:
            told = HotlistStep.FromString(step.content)
            assert (told.step, told.before, told.list_id) == (step.number, before, made.list_id)
            before = hashlib.sha256(step.content).digest()
            found.append(told)
        return found

    def held(self) -> Entries:
        """The list, and each step laid over it."""
        made = read_list(self.path)
        assert made is not None
        found: Entries = {}
        for block in made.blocks():
            lay(found, HotlistBlock.FromString(zlib.decompress(block)))
        for step in self.steps():
            named = {(gone.key_kind, gone.key) for gone in step.gone}
            named |= {(block.key_kind, entry.key) for block in step.keys for entry in block.entries}
            for key in named:
                found.pop(key, None)
            for changed in step.keys:
                lay(found, changed)
        return found

    def snapshot(self) -> Entries:
        """The list with its steps in it, as who asks for a snapshot has it."""
        made = read_list(self.path)
        assert made is not None
        whole = folded(made, first_keys(made), read_steps(self.path, made.list_id).steps, made.registers)
        blocks = list(whole.blocks())
        assert (whole.sizes, whole.sha256) == (tuple(map(len, blocks)), hashlib.sha256(b"".join(blocks)).digest())
        found: Entries = {}
        last: tuple[int, str] = (0, "")
        for block in map(HotlistBlock.FromString, map(zlib.decompress, blocks)):
            keys = [(block.key_kind, entry.key) for entry in block.entries]
            assert keys == sorted(keys) and keys[0] > last and len(keys) <= BLOCK_ENTRIES
            last = keys[-1]
            lay(found, block)
        assert whole.entries == sum(map(len, found.values()))
        return found

    def deny(self, *keys: bytes) -> None:
        """As the process that writes confirmations leaves it."""
        folder = self.fed.data / FOLDER
        folder.mkdir(exist_ok=True)
        rows = [[base64.b64encode(key).decode(), True, ""] for key in keys]
        (folder / "draft").write_text(json.dumps(rows), encoding="ascii")
        (folder / "draft").rename(folder / FILE)

    def anew(self) -> Entries:
        """The same made anew of the newest view."""
        view: Any = self.fed.view().generation
        seconds = time.time()
        fed, said = _fed_subjects(self.fed), read_said_of_hits(self.fed.data)
        listing = Listing(view, MASK, int(seconds * 1000), today_in_guatemala(seconds), said.table, fed)
        found: Entries = {}
        listed = sorted(listing.entries(), key=lambda each: (each.gravity, -each.issued))
        for each in listed:
            content = each.entry.SerializeToString(deterministic=True)
            found.setdefault((each.key_kind, each.entry.key), []).append(content)
        return found


def lay(entries: Entries, block: HotlistBlock) -> None:
    """Adds a block's entries."""
    for entry in block.entries:
        entries.setdefault((block.key_kind, entry.key), []).append(entry.SerializeToString(deterministic=True))


def _fed_subjects(fed: FedWorld) -> set[bytes]:
    found: set[bytes] = set()
    for delta in fed.levels.deltas.values():
        generation = delta.generation
        found |= {DossierReader(generation.dossier(number)).subject_id for number in range(generation.entities)}
    return found
