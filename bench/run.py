"""`./run bench [options]`, `./run bench-<name>`: runs one bench; exit status 1 when a measured bar is not met."""

from __future__ import annotations

import argparse
import sys

from bench import cost, foundation, hour
from bench.answers import bench as answers
from bench.answers import factorial, metamorphic
from bench.attack import bench as attack
from bench.clients import bench as clients
from bench.core import bench as core
from bench.limit import bench as limit
from bench.limit import table
from bench.limit.machine import TooFewCores
from bench.live import bench as live
from bench.names import bench as names
from bench.numbers import bench as numbers
from bench.trust import bench as trust


def _count(typed: str) -> int:
    """A number as typed: 50000000, 50_000_000, 50M."""
    return int(float(typed[:-1]) * 1_000_000) if typed[-1:] in ("M", "m") else int(typed)


def main() -> int:
    """Parses the name and its options."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "name",
        choices=[
            "foundation",
            "names",
            "trust",
            "answers",
            "cost",
            "hour",
            "attack",
            "clients",
            "limit",
            "core",
            "numbers",
            "live",
        ],
    )
    parser.add_argument("--persons", type=int, default=foundation.PERSONS)
    parser.add_argument("--growth", action="store_true", help="build 5 M persons too (about ten minutes more)")
    parser.add_argument("--large", action="store_true", help="names: search 10 M persons too; limit: 5 M persons too")
    parser.add_argument("--quick", action="store_true", help="limit: 100,000 persons and short runs, to try it")
    parser.add_argument("--prepare", action="store_true", help="limit: build the nations, measure nothing")
    parser.add_argument("--markdown", action="store_true", help="limit: print the table of the last run")
    parser.add_argument("--fresh", action="store_true", help="names: measure anew what an earlier run has measured")
    parser.add_argument("--no-peers", action="store_true", help="names: leave out the other matchers")
    parser.add_argument("--kills", type=int, default=trust.KILLS, help="trust: workers killed under load")
    parser.add_argument("--damage", type=float, help="answers: damaged rows beside each alert row")
    parser.add_argument("--against", default=cost.AGAINST, help="cost: the commit to compare with")
    parser.add_argument("--pairs", type=int, default=cost.PAIRS, help="cost: pairs of builds")
    parser.add_argument("--minutes", type=float, default=attack.MINUTES, help="attack: how long, all in all")
    parser.add_argument("--workers", type=int, default=attack.WORKERS, help="attack: the server's workers")
    parser.add_argument("--save", default="", metavar="NAME", help="core: keep the figures as a baseline")
    parser.add_argument(
        "--compare", nargs="?", const=core.BASELINE, default="", metavar="NAME", help="core: fail where slower than it"
    )
    parser.add_argument(
        "--facts", type=_count, default=numbers.FACTS, help="numbers: facts of the mart; bars are at 50 M"
    )
    parser.add_argument("--look-ups", type=_count, default=live.LOOK_UPS, help="live: in the audit log, for recall")
    parser.add_argument("--threads", type=int, default=0, help="numbers: of the database; 0 = two")
    parser.add_argument(
        "--only",
        default="",
        help="core: benchmarks, clients, live: parts whose name holds this; names: kinds = the kinds of noise alone;"
        " answers: factorial = warrants with damaged numbers alone, metamorphic = one field changed after another",
    )
    parser.add_argument("--builds", type=_count, default=metamorphic.BUILDS, help="answers: of metamorphic")
    options = parser.parse_args()
    if options.name == "names":
        if options.only not in ("", "kinds"):
            parser.error("--only: of names, kinds")
        return (
            0
            if names.run(
                options.persons, large=options.large, fresh=options.fresh, peers=not options.no_peers, only=options.only
            )
            else 1
        )
    if options.name == "trust":
        return 0 if trust.run(min(options.persons, trust.PERSONS), options.kills) else 1
    if options.name == "answers":
        if options.only not in ("", "factorial", "metamorphic"):
            parser.error("--only: of answers, factorial or metamorphic")
        if options.only == "metamorphic":
            return 0 if metamorphic.run(options.persons, options.builds) else 1
        if options.only:
            return 0 if factorial.run(options.persons) else 1
        return 0 if answers.run(options.persons, options.damage) else 1
    if options.name == "cost":
        return 0 if cost.run(min(options.persons, cost.PERSONS), options.against, options.pairs) else 1
    if options.name == "attack":
        return 0 if attack.run(options.minutes, options.workers, min(options.persons, attack.PERSONS)) else 1
    if options.name == "clients":
        return 0 if clients.run(options.persons, options.only) else 1
    if options.name == "core":
        try:
            return 0 if core.run(options.save, options.compare, options.only) else 1
        except core.NoBaseline as error:
            parser.error(str(error))
    if options.name == "limit":
        if options.markdown:
            table.main()
            return 0
        asked = {"quick": options.quick, "large": options.large, "only_prepare": options.prepare}
        try:
            return 0 if limit.run(options.persons, **asked) else 1
        except TooFewCores as error:
            parser.error(str(error))
    if options.name == "numbers":
        return 0 if numbers.run(options.facts, options.threads) else 1
    if options.name == "live":
        return 0 if live.run(options.persons, options.look_ups, options.only) else 1
    if options.name == "hour":
        return 0 if hour.run() else 1
    return 0 if foundation.run(options.persons, options.growth) else 1


if __name__ == "__main__":
    sys.exit(main())
