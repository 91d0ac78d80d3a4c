"""docs/contract.md is what the comments of proto/ say, and the zip for other languages holds all of it."""

from __future__ import annotations

from google.protobuf import descriptor_pb2

from tests.house.contract_page import BEGIN, END, PAGE, contract, tables
from tests.release.contract_zip import members


def top_names(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    return [
        *(service.name for service in file.service),
        *(message.name for message in file.message_type),
        *(enum.name for enum in file.enum_type),
    ]


def test_the_page_is_what_the_comments_say() -> None:
    """Else: .venv/bin/python -m tests.house.contract_page."""
    page = PAGE.read_text(encoding="utf-8")
    written, files = page.partition(BEGIN)[2].partition(END)[0], contract()
    assert written == tables(files)
    for file in files.file:
        for name in top_names(file):
            assert f"\n## {name}\n\n" in written
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


def test_java_can_have_a_class_for_each_file_and_type() -> None:
    """One file's own class (its name in camel case) may not bear the name of another file's message."""
    files = contract().file
    types = {name: file.name for file in files for name in top_names(file)}
    for file in files:
        stem = file.name.rpartition("/")[2].removesuffix(".proto")
        outer = file.options.java_outer_classname or "".join(word.capitalize() for word in stem.split("_"))
        assert types.get(outer, file.name) == file.name, f"{file.name} needs java_outer_classname"
