"""The comparison of two names in plain Python: core.names.comparison's twin (docs/names.md, "Names" and "Pairs")."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from tests.core.names.naive_names import AGREES, DISAGREES, PARTICLES, SEPARATOR, UNKNOWN, fold, phonetic_key
from tests.oracle.name_differences import counts_of
from tests.oracle.name_tokens import COSTS, KINDS, PAIRED_LAST, SHORT, WEIGHTS, frequencies, kind

TOKENS_MAX, LETTERS_MAX = 16, 32
GIVEN, SURNAME, MARRIED, NO_ROLE = "given", "surname", "married", ""
UNKNOWN_BITS = 1100
PLAIN_PARTICLES = ("DI", "DA", "DO", "MC", "DU", "ST", "VAN", "VON", "DER", "DEN", "DOS", "TER", "IBN")
FOREIGN_PARTICLES = (*PLAIN_PARTICLES, "AL", "EL", "BIN", "BEN", "ABU", "ABD", "BINT", "ABOU")


# ---- names


@dataclass
class Token:
    letters: str
    role: str = NO_ROLE
    bits: int = 0
    after: list[str] = field(default_factory=list)  # particles before it
    place: int = 0  # in its part

    @property
    def given(self) -> int:
        return 300 if len(self.letters) == 1 else frequencies().get(phonetic_key(self.letters), (0, 0))[1]

    @property
    def known(self) -> bool:
        return phonetic_key(self.letters) in frequencies() and (len(self.letters) > 1 or self.letters == "O")

    @property
    def married_by(self) -> str:
        """ "widow", "de" or "" by the particles before it."""
        widow = any(p.startswith("V") for p in self.after)
        if "DE" in self.after or "DEL" in self.after:
            if widow:
                return "widow"
            names_own = self.letters in ("LEON", "MATA", "DIOS", "PAZ", "JESUS")
            if self.after == ["DE"] * len(self.after) and not names_own:
                return "de"
        return ""


@dataclass
class Name:
    tokens: list[Token]
    guessed: bool


def read(text: str) -> Name:
    parted = SEPARATOR in text
    parts = text.split(SEPARATOR) if parted else text.split(",", 1)
    for keep_all in (False, True):
        tokens: list[Token] = []
        commas = -1
        for number, part in enumerate(parts):
            role = (GIVEN, SURNAME, MARRIED, MARRIED)[min(number, 3)] if parted else NO_ROLE
            place, particles = 0, []
            for word in fold(part).split():
                if word in PARTICLES and not keep_all:
                    particles.append(word)
                elif len(tokens) < TOKENS_MAX:
                    tokens.append(Token(word[:LETTERS_MAX], role, after=particles, place=place))
                    place, particles = place + 1, []
            if not parted and len(parts) == 2 and number == 0:
                commas = len(tokens)
        if tokens:
            break
    name = Name(tokens, bool(tokens) and not parted)
    foreign = particle_places(tokens, commas)
    if name.guessed:
        guess_roles([t for i, t in enumerate(tokens) if i not in foreign], commas, tokens)
    else:
        for token in tokens:
            by = token.married_by
            if token.role == SURNAME and (by == "widow" or (by == "de" and token.place)):
                token.role = MARRIED
    for at in foreign:
        tokens[at].role = MARRIED
    for token in tokens:
        token.bits = frequencies().get(phonetic_key(token.letters), (UNKNOWN_BITS, 0))[0]
    return name


def particle_places(tokens: list[Token], commas: int) -> set[int]:
    """Places of particles of other languages: inside a name, or such as nobody has for a name."""
    found = set()
    for i, token in enumerate(tokens):
        following = tokens[i + 1] if 0 < i < len(tokens) - 1 and i + 1 != commas else None
        inside = following is not None and following.role == token.role
        if i and (token.letters in PLAIN_PARTICLES or (inside and token.letters in FOREIGN_PARTICLES)):
            found.add(i)
    return found if len(tokens) - len(found) >= 2 else set()


def split_prior(n: int, given: int) -> int:
    if n == 3:
        return 100 if given == 1 else 0
    if n == 4:
        return {2: 0, 1: -500}.get(given, -300)
    return -300 * abs(given - (n - 2)) if n > 4 else 0


def guess_roles(tokens: list[Token], commas: int, whole: list[Token]) -> None:
    """Returns the roles of the tokens of `whole` that are no particles."""
    if 0 < commas < len(whole):
        surnames = whole[:commas]
        for token in tokens:
            token.role = SURNAME if any(token is t for t in surnames) else GIVEN
        return
    rest = tokens
    if len(tokens) >= 3:
        by = tokens[-1].married_by
        if by == "widow" or (by == "de" and tokens[-2].given <= 0):
            tokens[-1].role = MARRIED
            rest = tokens[:-1]
    if len(rest) == 1:
        given = rest[0].given
        rest[0].role = GIVEN if given > 0 else SURNAME if given < 0 else NO_ROLE
        return
    divisions = []
    for surnames_first in (False, True):
        for split in range(1, len(rest)):
            signs = [(i < split) != surnames_first for i in range(len(rest))]
            score = split_prior(len(rest), sum(signs)) + (-600 if surnames_first else 0)
            score += sum(t.given if is_given else -t.given for t, is_given in zip(rest, signs, strict=True))
            divisions.append((score, signs))
    best = max(divisions, key=lambda d: d[0])[1]
    for token, is_given in zip(rest, best, strict=True):
        token.role = GIVEN if is_given else SURNAME


# ---- pairs


@dataclass
class Pairing:
    evidence: int = 0
    dated: int = 0  # where the birth dates are equal
    told: tuple[int, int] = (0, 0)  # by the pairs alone, and of it by pairs with a surname in them
    counts: dict[str, int] = field(default_factory=dict)
    cost: int = 0
    agreement: int = UNKNOWN
    flags: set[str] = field(default_factory=set)
    near: int = 0  # pairs that tell nothing
    words: int = 0  # of the shorter name, surnames of husbands aside
    pairs: int = 0  # a joined token is two
    abroad: int = 0  # pairs of words that are both unknown
    partner: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)


def kind_cost(what: str, x: Token, y: Token) -> int:
    if what == "ending" and GIVEN not in (x.role, y.role) and NO_ROLE not in (x.role, y.role):
        what = "edit"
    return COSTS[what]


def role_cost(a: Name, x: Token, b: Name, y: Token) -> int:
    if x.role == y.role or NO_ROLE in (x.role, y.role):
        return 0
    if GIVEN not in (x.role, y.role):
        return WEIGHTS["COST_MARRIED"]
    return WEIGHTS["COST_CROSSED_GUESS" if a.guessed or b.guessed else "COST_CROSSED"]


def may_be_particle(token: Token) -> bool:
    return token.role == MARRIED and len(token.letters) in (2, 3)


def pair_value(what: str, a: Name, x: Token, b: Name, y: Token) -> int:
    bits = min(x.bits, y.bits)
    if what == "initial" or (len(x.letters) == 1 and not x.known):
        bits = min(bits, WEIGHTS["INITIAL_BITS"])
    if may_be_particle(x) and may_be_particle(y):
        bits = min(bits, WEIGHTS["PARTICLE_BITS"])
    return max(0, bits - kind_cost(what, x, y) - role_cost(a, x, b, y))


def best_pairs(a: Name, b: Name, kinds: list[list[str]], done: set[int], taken: set[int]) -> list[int]:
    """Returns, of all ways to pair, the first of those with the most value; earlier tokens prefer earlier partners.

    `done` of a and `taken` of b are in a pair.
    """

    def may_pair(i: int, j: int) -> bool:
        what, x, y = kinds[i][j], a.tokens[i], b.tokens[j]
        if what == "none" or KINDS.index(what) > PAIRED_LAST or i in done:
            return False
        if may_be_particle(x) != may_be_particle(y) and what in ("short edit", "initial"):
            return False
        stated = [t.role for t, name in ((x, a), (y, b)) if not name.guessed]
        return not (what in ("nickname", "pet name", *SHORT) and (SURNAME in stated or MARRIED in stated))

    @cache
    def best(i: int, free: frozenset[int]) -> tuple[int, tuple[int, ...]]:
        if i == len(a.tokens):
            return 0, ()
        tried = []
        for j in [*sorted(free), -1]:
            if j >= 0 and not may_pair(i, j):
                continue
            total, rest = best(i + 1, free - {j})
            if j >= 0:
                total += pair_value(kinds[i][j], a, a.tokens[i], b, b.tokens[j]) + WEIGHTS["PAIR_PREFERRED"]
            tried.append((total, (j, *rest)))
        return max(tried, key=lambda t: t[0])

    return list(best(0, frozenset(range(len(b.tokens))) - taken)[1])


def pair(a: Name, b: Name) -> Pairing:
    out = Pairing()
    if not a.tokens or not b.tokens:
        out.partner, out.kinds = [-1] * len(a.tokens), ["none"] * len(a.tokens)
        return out
    kinds = [[kind(x.letters, y.letters) for y in b.tokens] for x in a.tokens]
    out.partner, out.kinds = [-1] * len(a.tokens), ["none"] * len(a.tokens)
    taken: set[int] = set()
    roles = join(a, b, kinds, out, taken)
    chosen = best_pairs(a, b, kinds, {i for i, j in enumerate(out.partner) if j >= 0}, taken)
    near = {i for i, j in enumerate(chosen) if j >= 0 and kinds[i][j] in (*SHORT, "alike")}
    out.near = len(near)
    told = [(i, j) for i, j in enumerate(chosen) if j >= 0 and i not in near]
    paired = [(a.tokens[i], b.tokens[j], kinds[i][j]) for i, j in told]
    out.evidence += sum(pair_value(what, a, x, b, y) for x, y, what in paired)
    surnames = sum(pair_value(what, a, x, b, y) for x, y, what in paired if {x.role, y.role} & {SURNAME, MARRIED})
    out.told = (out.evidence, surnames)
    out.pairs += len(paired)
    out.abroad += sum(not (x.known or y.known) and 1 not in (len(x.letters), len(y.letters)) for x, y, _ in paired)
    out.cost += sum(kind_cost(what, x, y) + role_cost(a, x, b, y) for x, y, what in paired)
    roles += [{x.role, y.role} for x, y, _ in paired]
    turned = {
        role: any(
            later < earlier
            for earlier, later in pairwise(j for i, j in told if a.tokens[i].role == b.tokens[j].role == role)
        )
        for role in (GIVEN, SURNAME)
    }
    for i, j in enumerate(chosen):
        if j >= 0:
            out.partner[i], out.kinds[i] = j, kinds[i][j]
            taken.add(j)
    settle(a, b, out, taken, roles, turned, surnames)
    return out


def join(a: Name, b: Name, kinds: list[list[str]], out: Pairing, taken: set[int]) -> list[set[str]]:
    """Pairs a token with two neighbours on the other side that make it."""
    roles = []
    for i, x in enumerate(a.tokens):
        for j, y in enumerate(b.tokens):
            if out.partner[i] >= 0 or j in taken:
                continue
            after = b.tokens[j + 1] if j + 1 < len(b.tokens) and j + 1 not in taken else None
            following = a.tokens[i + 1] if i + 1 < len(a.tokens) and out.partner[i + 1] < 0 else None
            if (
                after
                and kinds[i][j] in ("b begins", "b short")
                and kinds[i][j + 1] == "b ends"
                and is_made_of(x, y, after)
            ):
                taken |= {j, j + 1}
                bits = min(x.bits, y.bits + after.bits)
                places = [i]
            elif (
                following
                and kinds[i][j] in ("a begins", "a short")
                and kinds[i + 1][j] == "a ends"
                and is_made_of(y, x, following)
            ):
                taken.add(j)
                bits = min(y.bits, x.bits + following.bits)
                places = [i, i + 1]
            else:
                continue
            for place in places:
                out.partner[place], out.kinds[place] = j, "joined"
            out.evidence += max(0, bits - COSTS["joined"])
            out.cost += COSTS["joined"]
            out.pairs += 2
            roles.append({x.role, y.role})
    return roles


def is_made_of(whole: Token, first: Token, last: Token) -> bool:
    return len(whole.letters) == len(first.letters) + len(last.letters)


def first_left(name: Name, left: list[Token]) -> bool:
    """Returns whether the first surname found no partner."""
    first = next((t for t in name.tokens if t.role == SURNAME), None)
    return any(t is first for t in left)


def exchanged(evidence: int) -> int:
    """Returns the rest of the evidence of names in which a word stands for another: relatives may share the rest."""
    above = evidence - WEIGHTS["EXCHANGED_FULL"]
    return evidence if above <= 0 else evidence - above + above // WEIGHTS["EXCHANGED_PART"]


def settle(
    a: Name, b: Name, out: Pairing, taken: set[int], roles: list[set[str]], turned: dict[str, bool], surnames: int
) -> None:
    """Takes off what was left over, adds for what is whole, and tells whether the names agree."""
    left_a = [x for i, x in enumerate(a.tokens) if out.partner[i] < 0]
    left_b = [y for j, y in enumerate(b.tokens) if j not in taken]
    given_pairs = sum(GIVEN in pair_roles for pair_roles in roles)
    surname_pairs = sum(bool(pair_roles & {SURNAME, MARRIED}) for pair_roles in roles)
    dated_more = 0  # what a strange word in place of a given name does not take off where birth dates are equal
    strange = any(t.role == GIVEN and not t.known and len(t.letters) > 1 for t in left_a)
    strange = strange and any(t.role == GIVEN for t in left_b)
    for role, name, pairs in ((GIVEN, "GIVEN", given_pairs), (SURNAME, "SURNAME", surname_pairs)):
        counts = [sum(t.role == role for t in left) for left in (left_a, left_b)]
        both = min(counts)
        if both and pairs:
            out.flags.add(f"EXTRA_{name}")
            out.evidence -= WEIGHTS[f"PENALTY_EXTRA_{name}"] * both
        elif both:
            out.flags.add(f"CONFLICT_{name}")
            out.evidence -= WEIGHTS[f"PENALTY_CONFLICT_{name}"]
        if both and role == GIVEN:
            most = WEIGHTS["SURNAMES_MOST_EXTRA" if pairs else "SURNAMES_MOST_CONFLICT"]
            taken_off = max(0, surnames - most)
            out.evidence -= taken_off
            taken_off += WEIGHTS["PENALTY_EXTRA_GIVEN"] * both if pairs else WEIGHTS["PENALTY_CONFLICT_GIVEN"]
            dated_more = taken_off if strange else 0
        out.evidence -= WEIGHTS[f"PENALTY_MISSING_{name}"] * (sum(counts) - 2 * both)
        if role == SURNAME and not both and pairs and (first_left(a, left_a) or first_left(b, left_b)):
            out.evidence -= WEIGHTS["PENALTY_FIRST_SURNAME_LEFT"]
        if turned[role]:
            out.evidence -= WEIGHTS["PENALTY_SURNAMES_TURNED" if role == SURNAME else "PENALTY_GIVEN_TURNED"]
    out.evidence -= WEIGHTS["PENALTY_MISSING_GIVEN"] * sum(t.role == NO_ROLE for t in left_a + left_b)
    words = [[t for t in left if t.role != MARRIED] for left in (left_a, left_b)]
    initials = [any(len(t.letters) == 1 for t in left) for left in words]
    if not out.flags and ((initials[0] and words[1]) or (initials[1] and words[0])):
        out.flags.add("EXTRA_GIVEN")
        out.evidence -= WEIGHTS["PENALTY_EXTRA_GIVEN"]
    out.evidence -= WEIGHTS["PAIR_ABROAD"] * max(0, out.abroad - 1)
    out.evidence -= {1: WEIGHTS["ONE_PAIR"], 2: WEIGHTS["TWO_PAIRS"], 3: WEIGHTS["THREE_PAIRS"]}.get(out.pairs, 0)
    out.dated = out.evidence + dated_more
    if out.flags:
        out.evidence = exchanged(out.evidence)
        if not strange or out.flags & {"CONFLICT_SURNAME", "EXTRA_SURNAME"}:
            out.dated = exchanged(out.dated)
    core = [sum(t.role != MARRIED for t in left) for left in (left_a, left_b)]
    found = [len(a.tokens) - len(left_a), len(b.tokens) - len(left_b)]
    if core == [0, 0] and not out.near:
        out.flags.add("WHOLE")
        out.evidence += WEIGHTS["BONUS_WHOLE"]
        out.dated += WEIGHTS["BONUS_WHOLE"]
        if all(what in ("exact", "phonetic", "none") for what in out.kinds):
            out.flags.add("EQUAL")
            out.evidence += WEIGHTS["BONUS_EQUAL"]
            out.dated += WEIGHTS["BONUS_EQUAL"]
    out.counts = counts_of(a, b, out, (left_a, left_b), {GIVEN: given_pairs, SURNAME: surname_pairs}, turned)
    whole = [core[0] + found[0], core[1] + found[1]]
    out.words = min(sum(t.role != MARRIED for t in side.tokens) for side in (a, b))
    n = min(whole)
    m = max(f for f, count in zip(found, whole, strict=True) if count == n) - out.near
    whole_enough = n > 2 or sum(whole) <= 5
    enough = m == n >= 2 and whole_enough and given_pairs and surname_pairs and "initial" not in out.kinds
    if "EQUAL" in out.flags:
        out.agreement = AGREES
    elif 2 * m <= n or out.flags & {"CONFLICT_GIVEN", "CONFLICT_SURNAME"}:
        out.agreement = DISAGREES
    elif enough and out.cost <= WEIGHTS["AGREES_COST_MOST"]:
        out.agreement = AGREES


def compare(a: str, b: str) -> Pairing:
    """The pairing of two names, stored or plain."""
    return pair(read(a), read(b))
