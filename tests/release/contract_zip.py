"""`python -m tests.release.contract_zip`: dist/ronda-contract.zip, for whoever generates stubs in another language.

Holds the .proto files, contract.binpb (a FileDescriptorSet with comments and all that it imports), buf.yaml,
buf.gen.yaml for C#, Java, Go and TypeScript, and the contract's page.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ZIP = ROOT / "dist" / "ronda-contract.zip"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same contract gives the same bytes

GENERATE = """# buf generate: stubs of every service in out/. Take away the languages that you do not need.
version: v2
inputs:
  - directory: proto
plugins:
  - remote: buf.build/protocolbuffers/csharp
    out: out/csharp
  - remote: buf.build/grpc/csharp
    out: out/csharp
  - remote: buf.build/protocolbuffers/java
    out: out/java
  - remote: buf.build/grpc/java
    out: out/java
  - remote: buf.build/protocolbuffers/go
    out: out/go
    opt: paths=source_relative
  - remote: buf.build/grpc/go
    out: out/go
    opt: paths=source_relative
  - remote: buf.build/bufbuild/es
    out: out/typescript
    opt: target=ts
"""


def members() -> dict[str, bytes]:
    """Name in the zip -> bytes. Raises CalledProcessError where buf refuses the contract."""
    buf = Path(sys.executable).parent / "buf"
    image = subprocess.run(
        [buf, "build", "--as-file-descriptor-set", "-o", "-#format=binpb"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    found = {"buf.gen.yaml": GENERATE.encode(), "contract.binpb": image}
    for path in (ROOT / "buf.yaml", ROOT / "LICENSE", *sorted((ROOT / "proto").rglob("*.proto"))):
        found[str(path.relative_to(ROOT))] = path.read_bytes()
    found["contract.md"] = (ROOT / "docs" / "contract.md").read_bytes()
    return found


def main() -> None:
    """Writes the zip."""
    ZIP.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(ZIP, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in sorted(members().items()):
            out.writestr(zipfile.ZipInfo(name, _WHEN), content, zipfile.ZIP_DEFLATED)
    print(ZIP.relative_to(ROOT))  # noqa: T201


if __name__ == "__main__":
    main()
