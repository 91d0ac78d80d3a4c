"""The tables of docs/contract.md, from proto/'s comments. `python -m tests.house.contract_page` writes them into it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "contract.md"
BEGIN, END = "<!-- contract -->\n", "<!-- end of contract -->"
_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6  # of FileDescriptorProto
_MEMBERS = 2  # fields, values and methods of theirs
_PRIMITIVE = {number: name.removeprefix("TYPE_").lower() for name, number in _FIELD.Type.items()}


def contract() -> descriptor_pb2.FileDescriptorSet:
    """Every file of ours with its comments, by buf. Raises CalledProcessError."""
    buf = Path(sys.executable).parent / "buf"
    words: list[str | Path] = [buf, "build", "--as-file-descriptor-set", "--exclude-imports", "-o", "-#format=binpb"]
    return descriptor_pb2.FileDescriptorSet.FromString(
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout
    )


def tables(files: descriptor_pb2.FileDescriptorSet) -> str:
    """Services first, then messages and enums file by file, as Markdown."""
    lines: list[str] = []
    for file in files.file:
        lines += _services(file)
    for file in files.file:
        lines += _types(file)
    return "\n".join(lines) + "\n\n"


def _comments(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    """Path of a thing in the file -> its comment in one line."""
    found = {}
    for location in file.source_code_info.location:
        text = " ".join((location.leading_comments or location.trailing_comments).split())
        found[tuple(location.path)] = re.sub(r"\|", r"\\|", text)
    return found


def _services(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    said = _comments(file)
    for place, service in enumerate(file.service):
        yield from ("", f"## {service.name}", "", said.get((_SERVICES, place), ""), "")
        yield from ("| method | asks with | answers with | what it does |", "|---|---|---|---|")
        for number, method in enumerate(service.method):
            asks, answers = _linked(method.input_type), _linked(method.output_type)
            yield (
                f"| `{method.name}` | {'stream of ' if method.client_streaming else ''}{asks} "
                f"| {'stream of ' if method.server_streaming else ''}{answers} "
                f"| {said.get((_SERVICES, place, _MEMBERS, number), '')} |"
            )


def _types(file: descriptor_pb2.FileDescriptorProto) -> Iterator[str]:
    said = _comments(file)
    yield from ("", f"# {file.name}")
    for place, message in enumerate(file.message_type):
        yield from ("", f"## {message.name}", "", said.get((_MESSAGES, place), ""))
        if message.field:
            yield from ("", "| number | field | type | meaning |", "|---|---|---|---|")
        for number, field in enumerate(message.field):
            meaning = said.get((_MESSAGES, place, _MEMBERS, number), "")
            if field.HasField("oneof_index") and not field.proto3_optional:
                meaning = f"One of `{message.oneof_decl[field.oneof_index].name}`. {meaning}"
            yield f"| {field.number} | `{field.name}` | {_type(field)} | {meaning} |"
    for place, enum in enumerate(file.enum_type):
        yield from ("", f"## {enum.name}", "", said.get((_ENUMS, place), ""), "")
        yield from ("| number | value | meaning |", "|---|---|---|")
        for number, value in enumerate(enum.value):
            yield f"| {value.number} | `{value.name}` | {said.get((_ENUMS, place, _MEMBERS, number), '')} |"


def _type(field: descriptor_pb2.FieldDescriptorProto) -> str:
    name = _linked(field.type_name) if field.type_name else _PRIMITIVE[field.type]
    repeated = field.label == _FIELD.LABEL_REPEATED
    return f"{'repeated ' if repeated else ''}{'optional ' if field.proto3_optional else ''}{name}"


def _linked(name: str) -> str:
    short = name.rpartition(".")[2]
    return f"[{short}](#{short.lower()})" if name.startswith(".ronda.v1.") else f"`{name.lstrip('.')}`"


def main() -> None:
    """Writes the tables into the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(head + BEGIN + tables(contract()) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
