"""`./run bench [options]`, `./run bench-<name>`: runs one bench; exit status 1 when a measured bar is not met."""

from __future__ import annotations

import argparse
import sys

from bench import foundation


def main() -> int:
    """Parses the name and its options."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", choices=["foundation"])
    parser.add_argument("--persons", type=int, default=foundation.PERSONS)
    parser.add_argument("--growth", action="store_true", help="build 5 M persons too (about ten minutes more)")
    options = parser.parse_args()
    return 0 if foundation.run(options.persons, options.growth) else 1


if __name__ == "__main__":
    sys.exit(main())
