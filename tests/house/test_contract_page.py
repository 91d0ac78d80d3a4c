"""docs/contract.md is what the comments of proto/ say, and the zip for other languages holds all of it."""

from __future__ import annotations

from google.protobuf import descriptor_pb2

from tests.house.contract_page import BEGIN, END, PAGE, contract, tables
from tests.release.contract_zip import members


def test_the_page_is_what_the_comments_say() -> None:
    """Else: .venv/bin/python -m tests.house.contract_page."""
    page = PAGE.read_text(encoding="utf-8")
    written, files = page.partition(BEGIN)[2].partition(END)[0], contract()
    assert written == tables(files)
    for file in files.file:
        for thing in (*file.service, *file.message_type, *file.enum_type):
            assert f"\n## {thing.name}\n\n" in written
    assert "\n\n\n" not in written, "each has a comment"
    assert "|  |" not in written, "each member too"


def test_the_zip_holds_what_stubs_are_made_of() -> None:
    found = members()
    image = descriptor_pb2.FileDescriptorSet.FromString(found["contract.binpb"])
    names = {file.name for file in image.file}
    assert "google/protobuf/timestamp.proto" in names
    assert {f"proto/{name}" for name in names if name.startswith("ronda/")} == {
        n for n in found if n.endswith(".proto")
    }
    assert b"csharp" in found["buf.gen.yaml"]
