"""XML: the file is cut at its row elements, and lxml parses each by itself, so that a bad one is one refused row.

No entity beyond XML's own five, no DOCTYPE, no network, no huge trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from indexer.manifest.sources import XmlSource
from indexer.readers.batch import BATCH_ROWS, BLOCK_BYTES, BadRow, Batch, Unreadable, batch_of_rows
from indexer.readers.text_lines import decode, open_source

HEAD_MAX = 64 << 10
"""Bytes within which the root element must open."""
OPENING_MAX = 8 << 10
"""Bytes of the root's opening tag, which is parsed again with each row."""
ROW_MAX = 1 << 20
"""Bytes of the longest row element."""

_SPACE = b" \t\r\n\f\v"
_CODECS = {"utf-8": {"utf-8", "utf8", "us-ascii", "ascii"}, "latin-1": {"iso-8859-1", "latin1", "latin-1"}}
_CODECS |= {"cp1252": {"windows-1252", "cp1252"}, "cp850": {"cp850", "ibm850"}}


def xml_root(path: Path, source: XmlSource) -> tuple[bytes, str, bytes, int]:
    """(opening tag, its name, prolog, where the root's content starts). Raises Unreadable."""
    with open_source(path) as file:
        head = file.read(HEAD_MAX).removeprefix(b"\xef\xbb\xbf")
        skipped = file.tell() - len(head) if len(head) < HEAD_MAX else HEAD_MAX - len(head)
    if not head.strip():
        raise Unreadable("the file is empty")
    if b"<!DOCTYPE" in head[: HEAD_MAX // 2]:
        raise Unreadable("a DOCTYPE is not accepted")
    match = re.search(rb"<([A-Za-z_][\w.:-]*)((?:\s[^<>]*)?)>", _without_comments(head))
    if match is None:
        raise Unreadable("the file has no root element")
    if match.group(2).endswith(b"/"):
        return match.group(0), match.group(1).decode("ascii", "replace"), head[: match.start()], -1
    if len(match.group(0)) > OPENING_MAX:
        raise Unreadable(f"the root element's opening tag is longer than {OPENING_MAX} bytes")
    declared = re.match(rb"""\s*<\?xml[^>]{0,200}?encoding\s{0,8}=\s{0,8}["']([^"'>]{1,40})["']""", head)
    if declared and declared.group(1).decode("ascii", "replace").lower() not in _CODECS[source.encoding]:
        raise Unreadable(f"the file declares another encoding than the manifest's {source.encoding}")
    return match.group(0), match.group(1).decode("ascii", "replace"), head[: match.start()], match.end() + skipped


def _without_comments(head: bytes) -> bytes:
    """The bytes with blanks for every whole comment, each looked at once."""
    pieces, at = [], 0
    while (begin := head.find(b"<!--", at)) >= 0 and (end := head.find(b"-->", begin + 4)) >= 0:
        pieces += [head[at:begin], b" " * (end + 3 - begin)]
        at = end + 3
    return b"".join([*pieces, head[at:]])


def _ends_with_root(tail: bytes, root: bytes) -> bool:
    """Returns whether only comments and white space follow the root's closing tag; from the end, each byte once."""
    end = len(tail)
    while True:
        while end and tail[end - 1] in _SPACE:
            end -= 1
        if not tail.endswith(b"-->", 0, end):
            break
        begin = tail.rfind(b"<!--", 0, end - 3)
        if begin < 0 or tail.find(b"-->", begin + 4, end - 1) >= 0:
            return False
        end = begin
    if not tail.endswith(b">", 0, end):
        return False
    end -= 1
    while end and tail[end - 1] in _SPACE:
        end -= 1
    return tail.endswith(b"</" + root, 0, end)


def xml_root_attribute(path: Path, source: XmlSource, name: str) -> str:
    """An attribute of the root element. Raises Unreadable."""
    opening, tag, _, _ = xml_root(path, source)
    whole = opening if opening.endswith(b"/>") else opening + b"</" + tag.encode() + b">"
    try:
        value = etree.fromstring(decode(whole, source.encoding)[0], _parser()).get(name)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("the root element cannot be read") from error
    if value is None:
        raise Unreadable(f"the root element has no attribute {name!r}")
    return value


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )


def read_xml(source: XmlSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns. Raises Unreadable, at the end, when the root element is not closed."""
    opening, tag, _, start = xml_root(path, source)
    if start < 0:
        return
    reader = _XmlReader(source, columns, decode(opening, source.encoding)[0], tag)
    with open_source(path) as file:
        file.seek(start)
        yield from reader.batches(file, start)


class _XmlReader:
    def __init__(self, source: XmlSource, columns: list[str], opening: str, root: str) -> None:
        self.source, self.columns, self.opening, self.root = source, columns, opening, root
        self.parser = _parser()
        self.paths = [_steps(name) for name in columns]
        tag = re.escape(source.row_tag.encode())
        prefix = rb"(?:[A-Za-z_][\w.-]*:)?"
        self.row_start = re.compile(rb"<" + prefix + tag + rb"(?=[\s/>])")
        self.row_end = re.compile(
            rb"</" + prefix + tag + rb"\s*>|<" + prefix + tag + rb"(?:\s[^<>]*)?/>|<" + prefix + tag + rb"(?=[\s/>])"
        )
        self.row = 0
        self.rows: list[int] = []
        self.cells: list[list[str | None]] = []
        self.bad: list[BadRow] = []
        self.damaged: list[int] = []

    def batches(self, file: BinaryIO, done: int) -> Iterator[Batch]:
        rest = b""
        while read := file.read(BLOCK_BYTES):
            done += len(read)
            rest = self._take_rows(rest + read)
            if len(rest) > ROW_MAX + BLOCK_BYTES:
                raise Unreadable(f"a row is longer than {ROW_MAX} bytes")
            if len(self.rows) + len(self.bad) >= BATCH_ROWS:
                yield self._batch(done)
        yield self._batch(done)
        if self.row_start.search(rest):
            raise Unreadable("the file ends within a row")
        if not _ends_with_root(rest, self.root.encode()):
            raise Unreadable("the root element is not closed: the file was cut")

    def _take_rows(self, data: bytes) -> bytes:
        """Takes whole rows from the data and returns what is left."""
        at = 0
        while True:
            start = self.row_start.search(data, at)
            if start is None:
                return data[max(at, len(data) - HEAD_MAX) :]
            empty = self.row_end.match(data, start.start())
            end = empty if empty and empty.group(0).endswith(b"/>") else self.row_end.search(data, start.end())
            if end is None:
                return data[start.start() :]
            reopened = end is not empty and not end.group(0).startswith(b"</")
            stop = end.start() if reopened else end.end()
            self._take_row(data[start.start() : stop], whole=not reopened)
            at = stop

    def _take_row(self, raw: bytes, whole: bool) -> None:
        self.row += 1
        text, broken = decode(raw, self.source.encoding)
        element = self._element(text) if whole and len(raw) <= ROW_MAX else None
        if element is None:
            self.bad.append(BadRow(self.row, "malformed_row", tuple(re.split(r"<[^<>]*>|\s{2,}", text))))
            return
        if broken:
            self.damaged.append(len(self.rows))
        self.rows.append(self.row)
        self.cells.append(_cells(element, self.paths))

    def _element(self, text: str) -> etree._Element | None:
        try:
            root = etree.fromstring(f"{self.opening}{text}</{self.root}>", self.parser)
        except (etree.XMLSyntaxError, ValueError):
            return None
        if len(root) != 1 or next(root.iter(etree.Entity), None) is not None:
            return None
        return root[0]

    def _batch(self, done: int) -> Batch:
        batch = batch_of_rows(self.rows, self.cells, self.columns, self.bad, done, self.damaged)
        self.rows, self.cells, self.bad, self.damaged = [], [], [], []
        return batch


def _steps(column: str) -> tuple[list[str], str | None]:
    """ "A/B" -> (["A", "B"], None); "A/@B" -> (["A"], "B")."""
    *steps, last = column.split("/")
    return (steps, last[1:]) if last.startswith("@") else ([*steps, last], None)


def _cells(row: etree._Element, paths: list[tuple[list[str], str | None]]) -> list[str | None]:
    """One text for each path, null where the row lacks it; the first of several elements of one name counts."""
    children: dict[etree._Element, dict[str, etree._Element]] = {}
    found: list[str | None] = []
    for steps, attribute in paths:
        element: etree._Element | None = row
        for step in steps:
            if element is None:
                break
            named = children.get(element)
            if named is None:
                named = children[element] = {_local_name(child): child for child in reversed(list(element))}
            element = named.get(step)
        if element is None:
            found.append(None)
        elif attribute is not None:
            found.append(element.get(attribute))
        else:
            found.append(element.text if len(element) == 0 else "".join(str(part) for part in element.itertext()))
    return found


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
