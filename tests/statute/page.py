"""`python -m tests.statute.page`: writes docs/cases.md, the cases of docs/cases as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.statute.tables import CASES, ROOT, Ask, Case, rules, tables

PAGE = ROOT / "docs" / "cases.md"
_HEAD = """# The cases

Each rule of [the statute](statute.md) at work: what is on file, what is asked, what is answered. Written by
`python -m tests.statute.page` from `docs/cases/*.toml`, one file a rule. `tests/statute/test_cases.py` asks each
question of a server, by both transports (certificates by grpcio), and of the two programs that are written from the
rules, alone and among 20,000 others. In the files `@ana` is Ana's CUI, `@ana/digit` the same with a digit wrong, and a
name's `{1}` a surname. *For* says whom the answer protects: who is asked about, or who waits for the one sought.

To try cases of your own: `python -m tests.statute.run FILE`.
"""
_FOR = {"defence": "who is asked", "victim": "the victim"}
_COLOURS = {"HIT": "red", "POSSIBLE": "yellow", "INCOMPLETE": "grey", "INSUFFICIENT": "black", "CLEAR": "green"}


def page() -> str:
    """The page's text."""
    parts = [_HEAD]
    for name, table in tables().items():
        title, _ = rules()[table.rule]
        parts += [f"\n## {table.rule}. {title.rstrip('.')}\n", f"`{(CASES / name).relative_to(ROOT)}.toml`\n"]
        parts += ["| | what is on file | for | asked | answer |", "|---|---|---|---|---|"]
        for at, case in enumerate(table.case, 1):
            parts += _rows(f"{table.rule}.{at}", case)
    return "\n".join(parts) + "\n"


def _rows(name: str, case: Case) -> Iterator[str]:
    states = ", ".join(f"{register} {state}" for register, state in case.registers.items())
    says = case.says + (f" ({states})" if states else "")
    for at, ask in enumerate(case.ask):
        told = [name, says, _FOR[case.side]] if not at else ["", "", ""]
        yield f"| {' | '.join([*told, _asked(ask), _answer(ask)])} |"


def _asked(ask: Ask) -> str:
    words = [f"{key} `{value}`" for key, value in ask.asked.items()]
    if ask.clear:
        words.insert(0, f"certificate {ask.clear}:")
    if ask.purpose:
        words.append(f"for {ask.purpose}")
    if ask.chosen:
        words.append("chosen from a list")
    if ask.sees != "all":
        words.append(f"who sees {ask.sees}")
    return " ".join(words)


def _answer(ask: Ask) -> str:
    if ask.clear:
        return str(ask.result)
    words = [_COLOURS[str(ask.level)]]
    if ask.notes:
        words.append(", ".join(ask.notes))
    if ask.address is not None:
        words.append("address shown" if ask.address else "no address")
    return "; ".join(words)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
