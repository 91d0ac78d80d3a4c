"""Manifests: one TOML file a register says all that Ronda knows of it. Reference: docs/manifests.md."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from core.documents import toml_of
from core.files.regular_file import read_file
from indexer.manifest.agreement import check
from indexer.manifest.model import Manifest, Register
from indexer.manifest.records import Alert, Record, Subject
from indexer.manifest.rules import manifest_rule
from indexer.manifest.values import ManifestModel

SHIPPED_MANIFESTS = Path(__file__).parents[1] / "registers"


class ManifestError(Exception):
    """A manifest that breaks a rule: names the file, the key and the rule."""

    def __init__(self, file: Path, key: str, rule: str) -> None:
        super().__init__(f"{file}: {key or 'file'}: {rule}")
        self.file, self.key, self.rule = file, key, rule


def load_manifest(file: Path) -> Manifest:
    """Reads one manifest. Raises ManifestError."""
    try:
        table = toml_of(read_file(file))  # some editors write the mark
    except UnicodeDecodeError as error:
        raise ManifestError(file, "", "is not UTF-8: save it as UTF-8") from error
    except (OSError, ValueError) as error:
        raise ManifestError(file, "", str(error)) from error
    try:
        manifest = Manifest.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ManifestError(file, key, manifest_rule(first, _keys_of(key))) from error
    try:
        check(manifest)
    except ValueError as error:
        raise ManifestError(file, "", str(error)) from error
    manifest._file = file
    return manifest


def _keys_of(key: str) -> tuple[str, ...]:
    """The keys that the table may have in which `key` stands, where there is one such table."""
    table = re.sub(r"\.\d+\.", ".", key).rpartition(".")[0]
    models: dict[str, type[ManifestModel]] = {
        "register": Register,
        "record": Record,
        "record.subject": Subject,
        "record.alert": Alert,
    }
    return tuple(f.alias or n for n, f in models[table].model_fields.items()) if table in models else ()


def load_manifests(directory: Path) -> list[Manifest]:
    """Every *.toml of a directory in configuration order: by `order`, then id. Raises ManifestError."""
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise ManifestError(directory, "", "holds no manifest (*.toml)")
    manifests = [(load_manifest(file), file) for file in files]
    manifests.sort(key=lambda pair: (pair[0].register_.order, pair[0].id))
    seen: set[str] = set()
    for manifest, file in manifests:
        if manifest.id in seen:
            raise ManifestError(file, "register.id", f"{manifest.id!r} is taken by another manifest")
        seen.add(manifest.id)
    decides: dict[str, str] = {}
    for manifest, file in manifests:
        for kind in (name.removeprefix("ALERT_KIND_") for name in manifest.register_.authoritative_for):
            if kind in decides:
                raise ManifestError(
                    file, "register.authoritative_for", f"{kind} is decided by {decides[kind]!r} already"
                )
            decides[kind] = manifest.id
    return [manifest for manifest, _ in manifests]
