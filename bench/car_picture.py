"""Draws docs/car.svg: the screen of `ronda car` with a real answer, at 80 x 24. `./run screenshots` calls it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.car.car_kit import Car, drive
from tests.kit.field_world import FieldServer, field_server

OUT = Path(__file__).parent.parent / "docs" / "car.svg"


def draw(out: Path = OUT) -> None:
    """Starts a server, asks as a patrol, draws."""
    with tempfile.TemporaryDirectory() as name, field_server(Path(name) / "field") as field:
        _draw_answer(field, _device(field, Path(name) / "device"), out)


def _device(field: FieldServer, directory: Path) -> Path:
    patrol = field.patrol()
    directory.mkdir()
    patrol.pair.write(directory / "own.pem", directory / "own.key")
    (directory / "server-ca.pem").write_bytes(field.kit.server_ca)
    (directory / "own.token").write_text(patrol.token, encoding="ascii")
    return directory / "own"


def _draw_answer(field: FieldServer, prefix: Path, out: Path) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(field.field.wanted)
        svg = car.app.export_screenshot(title="ronda car")
        # No fonts from elsewhere: a picture fetches nothing.
        out.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")

    drive(scenario, field.address, prefix)


if __name__ == "__main__":
    draw()
