"""Records joined by name, or subjects of their own (docs/answers.md section 5)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.linking.index import name_roles
from core.linking.scan import NameScan
from core.names.frequencies import NameFrequencies
from ronda.v1 import alert_pb2, level_pb2, person_pb2, section_pb2
from tests.core import naive_calendar
from tests.core.names import naive_names
from tests.core.standardise import naive_dates
from tests.oracle import agreement, hiding, other_numbers, weighed
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.naming import SOUND_LETTERS, WEIGHTS, like_by_more_than_initials, probability
from tests.oracle.record import PERSON, Birth, Link, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
AT_MOST = 50
ALERT_SCORE = 0.4
POPULATION_LEAST = 45_000
Causa = tuple[int, str, bool]  # kind, merge key, DISCREET


class Fit:
    """One person on file that a record may mean."""

    def __init__(
        self, person: OnFile, record: Record, names: int, evidence: tuple[int, int], population: int, covers: bool
    ) -> None:
        """evidence: of the names, and where the birth dates are equal. covers: one holds all of the record's."""
        claims = person.claims
        asked = births_asked(record)
        filed = [c.birth[0] for c in claims if c.birth[0]]
        apart = all(abs(year - record.birth[0]) > 1 for year in filed)
        births = [_stated_birth(one, record, claims, apart) for one in asked]
        birth = agreement.best(births)
        sex = agreement.sexes(record.sex, claims)
        parents = agreement.parents(record.father, record.mother, claims)
        self.person, self.subject = person, person.subject
        self.dead = any(c.dead for c in claims)
        self.disagrees = DISAGREES in (names, birth)
        self.listed = names == AGREES and birth != DISAGREES
        self.agreed = self.listed and sex != DISAGREES
        self.born = birth
        self.strong = self.agreed and parents != DISAGREES and AGREES in (parents, birth)
        self.sure = self.strong and (parents == AGREES or record.birth[1:] != (1, 1))
        self.supported = self.agreed and (_same_age(record, claims) or same_department(record, claims))
        self.weighed, self.names, self.names_evidence, self.claims = False, names, evidence, claims
        self.by_parents = _states_parents(record) and (covers or names == AGREES)
        self.by_parents = self.by_parents and agreement.stated_parents(record, claims)
        self.one_parent = agreement.only_parent(record, claims) if self.agreed and parents == DISAGREES else ""
        self.held = covers and names != AGREES and birth == AGREES and sex != DISAGREES
        told = evidence[0] + _sex_evidence(record, claims)
        equal_more = evidence[1] - evidence[0]
        dated = [
            (told + _birth_evidence(one, claims, equal_more), DISAGREES in (names, outcome))
            for one, outcome in zip(asked, births, strict=True)
            if one[0]
            and not (is_void(record) and outcome == DISAGREES)
            and not (_is_filler(one) and not _birth_evidence(one, claims, 0))
        ]
        self.scored = bool(filed) and any(_score(*bits, population) >= ALERT_SCORE for bits in dated)
        self.scored = self.scored and not birth == parents == DISAGREES
        undated = is_void(record) and not (record.own_date or _is_filler(record.birth))
        self.named = bool(undated and names == AGREES and _score(told, False, population) >= ALERT_SCORE)
        self.by_name = self.listed or self.scored
        self.compared = bool(filed and dated)
        self.far = self.compared and apart
        self.nearby = self.compared and not self.far and not self.disagrees and (self.listed or self.scored)
        if is_void(record) and filed and not apart and names != DISAGREES:
            bits = told + _birth_evidence(record.birth, claims, equal_more)
            reached = _score(bits, False, population) >= ALERT_SCORE
            reached = reached or names == AGREES
            self.nearby = reached and agreement.birth_dates(record.birth, claims) != DISAGREES
        self.outcomes = {
            level_pb2.CRITERION_NAMES: names,
            level_pb2.CRITERION_PARENTS: parents,
            level_pb2.CRITERION_BIRTH_DATE: birth,
            level_pb2.CRITERION_SEX: sex,
        }
        if same_department(record, claims):
            self.outcomes[level_pb2.CRITERION_DEPARTMENT] = AGREES


class OnFile:
    """A person on file and what is claimed of him."""

    def __init__(self, place: int, subject: Subject, claims: list[Record]) -> None:
        self.place = place
        self.subject = subject
        self.claims = claims
        self.names = {c.name_text for c in claims if c.name_text}


class PersonsOnFile:
    """Everybody on file, and how common the sounds of their names are."""

    def __init__(self, linking: Linking) -> None:
        persons = [s for s in linking.by_key.values() if is_person(s)]
        self.persons = [OnFile(i, s, claims) for i, s in enumerate(persons) if (claims := linking.claims_on_file(s))]
        sounds: Counter[str] = Counter()
        self.population = 0
        self.bearers: dict[str, list[OnFile]] = defaultdict(list)
        for person in self.persons:
            heard = set()
            for text in person.names:
                self.bearers[text].append(person)
                heard |= {naive_names.phonetic_key(t[:SOUND_LETTERS]) for t in naive_names.tokens(text)[:16]}
            sounds.update(heard)
            self.population += bool(heard)
        self.population = max(1, self.population)
        self.by_key = {person.subject.key: person for person in self.persons}
        self.by_prefix: dict[str, set[OnFile]] = defaultdict(set)  # by the first nine digits of a CUI
        for person in self.persons:
            if person.subject.has_cui:
                self.by_prefix[person.subject.key.removeprefix("cui:")[:9]].add(person)
        self.documents: dict[str, set[Subject]] = {}  # by number: who has it with a country
        self.nits: dict[str, set[Subject]] = {}
        self.causas: dict[Causa, set[tuple[int, Subject]]] = {}
        self.places = {text: place for place, text in enumerate(self.bearers)}
        self.scan = NameScan(list(self.bearers), NameFrequencies(dict(sounds), self.population))

    def bearing(self, record: Record) -> set[OnFile]:
        """Returns all with a name that agrees with the record's, birth date and sex aside."""
        roles = name_roles(record.name_text)
        found: set[OnFile] = set()
        for text, names in zip(self.bearers, self.scan.compare(record.name_text)[0], strict=True):
            if names == AGREES:
                found |= {p for p in self.bearers[text] if like_by_more_than_initials(roles, p.names)}
        return found

    def holding_all(self, record: Record) -> set[OnFile]:
        """Returns all with a name that holds every token of the record's, two or more, birth date and sex aside."""
        roles = name_roles(record.name_text)
        found: set[OnFile] = set()
        if len(roles) < 2:
            return found
        compared = self.scan.compare(record.name_text)
        for text, names, covered in zip(self.bearers, compared[0], compared[2], strict=True):
            if covered and names != DISAGREES:
                found |= {p for p in self.bearers[text] if like_by_more_than_initials(roles, p.names)}
        return found

    def has_causa(self, subject: Subject, record: Record) -> bool:
        """Returns whether another register's alert of the same causa is the person's by an identifier."""
        causa = _causa(record)
        held = self.causas.get(causa, set()) if causa is not None else set()
        return any(register != record.register and holder is subject for register, holder in held)

    def fits(self, record: Record, doubt: weighed.Doubt | None = None) -> list[Fit]:
        """C, A and N, and of a number in doubt those who are meant by all together; the living alone where anybody
        lives."""
        roles = name_roles(record.name_text)
        names, evidence, covered, dated = self.scan.compare(record.name_text)
        near = self._near_by_parents(record)
        kin = set(near)
        most = WEIGHTS["BIRTH_EQUAL"] + WEIGHTS["SEX_SAME"]
        for text, one, most_told in zip(self.bearers, names, dated, strict=True) if roles else ():
            if one != DISAGREES or _score(most_told + most, True, self.population) >= ALERT_SCORE:
                near.update(self.bearers[text])
        fits = []
        for person in sorted(near, key=lambda p: p.place):
            if like_by_more_than_initials(roles, person.names):
                places = [self.places[text] for text in person.names]
                agreed = agreement.best(names[i] for i in places)
                covers = len(roles) > 1 and any(covered[i] and names[i] != DISAGREES for i in places)
                best = max(evidence[i] for i in places), max(dated[i] for i in places)
                fit = Fit(person, record, agreed, best, self.population, covers)
                fit.by_parents = fit.by_parents and person in kin
                fits.append(fit)
        nearer = any(fit.nearby for fit in fits)
        for fit in fits if nearer and is_void(record) else []:
            fit.scored, fit.far = fit.scored and not fit.far, False
        but = doubt.subject if doubt is not None else None
        fits = [fit for fit in fits if fit.subject is not but]
        for fit in fits if nearer else []:
            if fit.far or fit.disagrees:
                fit.scored = fit.named = fit.held = fit.by_name = fit.listed = False
                fit.agreed, fit.strong, fit.sure, fit.supported = (
                    told and fit.by_parents for told in (fit.agreed, fit.strong, fit.sure, fit.supported)
                )
        if doubt is not None:
            fits += self._near_numbers(record, doubt, {fit.person for fit in fits}, (evidence, dated))
            weighed.weigh(record, doubt, fits, self.population)
        listed = [fit for fit in fits if fit.listed]  # of another sex, where nobody fits
        fits = [fit for fit in fits if _fits(fit)] or listed
        return [fit for fit in fits if not fit.dead] or fits

    def _near_by_parents(self, record: Record) -> set[OnFile]:
        """Returns who bears the name, or a longer one that holds all of it, and the parents that the record states."""
        if not _states_parents(record):
            return set()
        agreeing = self.bearing(record)
        holding = agreeing | self.holding_all(record)
        few = (
            holding
            if len(holding) <= hiding.BEARERS_AT_MOST
            else agreeing
            if len(agreeing) <= hiding.BEARERS_AT_MOST
            else set()
        )
        return {person for person in few if agreement.stated_parents(record, person.claims)}

    def _who_may_be_near(self, record: Record) -> set[OnFile]:
        """Returns everybody near the record's number, and more; all of them would take the oracle an hour."""
        if not record.name_key and not record.cui:
            return set(self.persons)
        subjects = self.documents.get(record.document[1], set())
        keys = {f"cui:{slip}" for slip in hiding.slips(record.cui)} if record.cui else set()
        subjects = subjects | self.nits.get(record.loose_number, set())
        found = {self.by_key[key] for key in keys | {s.key for s in subjects} if key in self.by_key}
        if len(record.loose_number) in (12, 14) or record.cui.startswith("0"):
            found |= {person for person in self.persons if person.subject.has_cui}
        return found | self.by_prefix[record.cui[:9]] if record.cui else found

    def _near_numbers(
        self, record: Record, doubt: weighed.Doubt, known: set[OnFile], evidence: tuple[Sequence[int], Sequence[int]]
    ) -> list[Fit]:
        """Returns who bears a number one slip from the record's, and is not found by name."""
        found = []
        for person in sorted(self._who_may_be_near(record), key=lambda p: p.place):
            if person not in known and person.subject is not doubt.subject and doubt.tells(person.subject):
                names = agreement.names(record.name_text, person.claims)
                held = person.names if record.name_key else ()
                plain, dated = (max((e[self.places[t]] for t in held), default=0) for e in evidence)
                fit = Fit(person, record, names, (plain, dated), self.population, covers=False)
                fit.scored = fit.named = fit.agreed = fit.strong = fit.sure = fit.supported = fit.by_parents = False
                found.append(fit)
        return found


def _causa(record: Record) -> Causa | None:
    if record.alert is None or not record.alert.kind or record.alert.merge_key is None:
        return None
    return record.alert.kind, record.alert.merge_key, record.sensitivity == section_pb2.SENSITIVITY_DISCREET


def _numbered_causas(links: list[Link]) -> dict[Causa, set[tuple[int, Subject]]]:
    found: dict[Causa, set[tuple[int, Subject]]] = defaultdict(set)
    for link in links:
        causa = _causa(link.record)
        if causa is not None:
            found[causa].add((link.record.register, link.subject))
    return found


def _documents(links: list[Link]) -> dict[str, set[Subject]]:
    found: dict[str, set[Subject]] = defaultdict(set)
    for link in links:
        country, number = link.record.document
        is_alert = link.record.alert is not None and link.record.alert.kind
        if country and number and not is_alert and link.section != section_pb2.SECTION_OWNER:
            found[number].add(link.subject)
    return found


def _nits(links: list[Link]) -> dict[str, set[Subject]]:
    found: dict[str, set[Subject]] = defaultdict(set)
    for link in links:
        is_alert = link.record.alert is not None and link.record.alert.kind
        if link.record.nit and not is_alert and link.section != section_pb2.SECTION_OWNER:
            found[link.record.nit].add(link.subject)
    return found


def is_person(subject: Subject) -> bool:
    return subject.about == PERSON and subject.kind == person_pb2.SUBJECT_KIND_PERSON


def link(linking: Linking, records: list[Record], links: list[Link]) -> None:
    """Joins by name `records`, without identifiers, and those of `links` with an identifier not borne out."""
    for subject in linking.by_key.values():
        if is_person(subject):
            subject.name_only_alerts = subject.homonyms = 0
    file = PersonsOnFile(linking)
    own = {k: linking.claims_on_file(k.subject) for k in links if _is_linked_by_name(k.record)}
    file.causas, file.documents, file.nits = _numbered_causas(links), _documents(links), _nits(links)
    for one, claims in own.items():
        one.record.own_date = _came_with_the_number(one.record, claims)
    hiding.hide(linking, file, [(r, None) for r in records] + [(k.record, k) for k in links])
    for record in records:
        loose = _shows_another(record)
        doubt = weighed.Doubt(record, None, [], False, file.documents, file.nits) if loose else None
        joined = _is_linked_by_name(record) and _join_fits(
            linking, record, file, file.fits(record, doubt), numbered=False
        )
        if not joined:
            subject = linking.subject(f"record:{record.register_id}:{record.record_id}", PERSON)
            linking.join(record, subject, 0, HIT)
    for link, claims in own.items():
        names = agreement.names(link.record.name_text, claims)
        doubt = weighed.Doubt(link.record, link.subject, claims, False, file.documents, file.nits)
        if link.level == POSSIBLE or not claims:
            _join_fits(linking, link.record, file, file.fits(link.record, doubt), numbered=True)
        elif link.record.name_key and (  # a number without a name: in doubt alone
            names != AGREES or agreement.birth_dates(link.record.birth, claims) == DISAGREES
        ):
            fits = file.fits(link.record, replace(doubt, borne=True))
            strong, all_told = [fit for fit in fits if fit.strong], [fit for fit in fits if fit.weighed]
            held = [fit for fit in fits if fit.held]
            means = {fit.person: fit for some in (strong, all_told) if len(some) <= AT_MOST for fit in some}
            means |= {fit.person: fit for fit in held if len(strong) + len(held) <= AT_MOST}
            sole = _only_bearer(link.record, fits) if link.record.own_date else None
            means |= {sole.person: sole} if sole is not None else {}
            for fit in means.values():
                link.level = POSSIBLE
                _join(linking, link.record, fit, POSSIBLE)
    other_numbers.join(linking, links, [(p.subject, p.claims) for p in file.persons])
    _homonyms(file)


def _came_with_the_number(record: Record, claims: list[Record]) -> bool:
    """Returns whether the birth date is the number's bearer's, but for a slip, and the name is not."""
    whole = [birth for birth in (record.birth, *(c.birth for c in claims)) if all(birth) and birth[0] > 1900]
    dated = record.birth in whole and any(
        naive_calendar.compare_birth_dates(record.birth, c.birth) != DISAGREES for c in claims if c.birth in whole
    )
    return dated and agreement.names(record.name_text, claims) != AGREES


def _shows_another(record: Record) -> bool:
    """Returns whether it states a document's number without country, or another number in a CUI's or NIT's cell."""
    return (bool(record.document[1]) and not record.document[0]) or bool(record.loose_number)


def _is_linked_by_name(record: Record) -> bool:
    """Alerts, protected sides, and what counts for a clearance standard."""
    numbers = (record.cui, all(record.document), record.nit, record.licence, record.cedula)
    states = bool(record.name_key) or (any(numbers) and bool(record.birth[0])) or _shows_another(record)
    return states and (record.alert is not None or bool(record.standards))


def _join_fits(linking: Linking, record: Record, file: PersonsOnFile, fits: list[Fit], *, numbered: bool) -> bool:
    """Joins the record to each that fits; returns whether that was a HIT link (it then is no subject of its own)."""
    strong = [fit for fit in fits if fit.strong]
    held = [fit for fit in fits if fit.held]
    scored, all_told = [fit for fit in fits if fit.scored], [fit for fit in fits if fit.weighed]
    sure = any(fit.sure for fit in strong)
    around = [] if sure else [fit for fit in fits if fit.supported]
    named = [] if strong or around or record.about_year else [fit for fit in fits if fit.named]
    by_parents = [fit for fit in fits if fit.by_parents]
    if any(fit.sure and fit.born == AGREES for fit in by_parents):
        by_parents = [fit for fit in by_parents if fit.born != DISAGREES]
    halves = [fit for fit in fits if fit.agreed and fit.one_parent]
    halves = halves if not strong + by_parents and len({fit.one_parent for fit in halves}) == 2 else []
    others = held or any(not fit.strong for fit in by_parents)
    level = HIT if sure and len(strong) == 1 and not others and not strong[0].dead and not numbered else POSSIBLE
    sole = _only_bearer(record, fits)
    bearers = [] if record.alert is not None or sure or numbered else [fit for fit in fits if fit.agreed]
    of_causa = [fit for fit in fits if fit.agreed and file.has_causa(fit.subject, record)]
    if len(of_causa) > 1 and record.alert is not None and record.alert.state != alert_pb2.ALERT_STATE_PENDING:
        of_causa = []  # father and son in one causa: nobody can say whose it closed
    meant = {f for some in (strong, around, by_parents, halves, all_told) if len(some) <= AT_MOST for f in some}
    meant |= {f for f in bearers if _may_be_child_of(f)} if len(bearers) <= AT_MOST else set()
    meant |= set(held) if len(strong) + len(held) <= AT_MOST else set()
    for fit in fits:
        by_rule = fit in meant or fit in of_causa or (fit is sole and (numbered or _sole_suffices(record)))
        by_score = (fit.scored and len(scored) <= AT_MOST) or (fit in named and len(named) <= AT_MOST)
        if by_rule or by_score:
            _join(linking, record, fit, level if fit.strong else POSSIBLE)
        elif not fit.dead and _counts(record):
            assert fit.subject.name_only_alerts is not None
            fit.subject.name_only_alerts += 1
            fit.subject.crowded = fit.subject.crowded or fit.scored
            fit.subject.one_bearer = fit.subject.one_bearer or fit is sole
    return level == HIT


def _may_be_child_of(fit: Fit) -> bool:
    return not fit.dead and fit.outcomes[level_pb2.CRITERION_PARENTS] != DISAGREES


def _only_bearer(record: Record, fits: list[Fit]) -> Fit | None:
    """The one living person who bears a name of three tokens or more; of several, who bears it as it stands there."""
    agreed = [fit for fit in fits if fit.agreed or not _fits(fit)]
    agreed = [fit for fit in agreed if record.name_key in {claim.name_key for claim in fit.claims}] or agreed
    return agreed[0] if len(agreed) == 1 and not agreed[0].dead and len(record.name_key.split()) >= 3 else None


def _fits(fit: Fit) -> bool:
    return fit.agreed or fit.scored or fit.named or fit.held or fit.weighed or fit.by_parents


def _states_parents(record: Record) -> bool:
    """Both parents; or one, beside a name of three words or more."""
    stated = [parent for parent in (record.father, record.mother) if parent]
    return len(stated) == 2 or (len(stated) == 1 and len(record.name_key.split()) >= 3)


def _sole_suffices(record: Record) -> bool:
    """An alert that shows a number which can't be read."""
    return record.alert is not None and record.alert.unread


def _counts(record: Record) -> bool:
    alert = record.alert
    return bool(
        alert is not None
        and alert.kind
        and alert.state == alert_pb2.ALERT_STATE_PENDING
        and record.sensitivity == section_pb2.SENSITIVITY_OPEN
    )


def _join(linking: Linking, record: Record, fit: Fit, level: int) -> None:
    joined = linking.join(record, fit.subject, level_pb2.CRITERION_NAMES, level)
    joined.agrees = [c for c, outcome in fit.outcomes.items() if outcome == AGREES]
    joined.disagrees = [level_pb2.CRITERION_CUI] if record.cui else []
    joined.disagrees += [c for c, outcome in fit.outcomes.items() if outcome == DISAGREES]


def _same_age(record: Record, claims: list[Record]) -> bool:
    year = (0 if is_void(record) else record.birth[0]) or record.about_year
    return bool(year) and any(c.birth[0] and abs(c.birth[0] - year) <= 5 for c in claims)


def same_department(record: Record, claims: list[Record]) -> bool:
    filed = {d for c in claims for d in (c.birth_department, c.residence_department) if d}
    return bool(filed & {record.birth_department, record.residence_department})


def is_void(record: Record) -> bool:
    """A doubtful birth date of which not even the year counts, or one that came with another's number."""
    void = record.doubtful and not record.turned and not naive_dates.is_january_first(record.birth)
    return void or record.own_date


def births_asked(record: Record) -> list[Birth]:
    """The birth date as it stands; of a doubtful one also its year, or nothing."""
    if not record.doubtful and not record.own_date:
        return [record.birth]
    return [record.birth, (0, 0, 0) if is_void(record) else (record.birth[0], 0, 0)]


def _stated_birth(asked: Birth, record: Record, claims: list[Record], apart: bool) -> int:
    """As the claims say; a void date agrees, or is near that of another century, and rules nobody out."""
    outcome = agreement.birth_dates(asked, claims)
    if not is_void(record) or record.own_date or not asked[0] or outcome == AGREES:
        return outcome
    if apart and _may_be_slip(record.birth):
        return outcome
    return DISAGREES


def _may_be_slip(birth: Birth) -> bool:
    """A whole date, no 1 January and none of the two from which programs count in 1899."""
    return all(birth) and birth[1:] != (1, 1) and birth not in ((1899, 12, 30), (1899, 12, 31))


def _is_filler(birth: Birth) -> bool:
    """Nothing is stated, but for a slip of the century, which the score tells."""
    return 0 < birth[0] <= 1900


def _birth_evidence(birth: Birth, claims: list[Record], equal_more: int) -> int:
    """Returns hundredths of a bit, counted once; docs/names.md, "What alerts". equal_more: with equal dates."""
    bits = max((_birth_bits(birth, c.birth) for c in claims if c.birth[0]), default=0)
    same_day = bits == WEIGHTS["BIRTH_EQUAL"] and birth[1:] != (1, 1)
    return counted_once(bits) + equal_more * same_day


def counted_once(birth: int) -> int:
    """Returns what a birth date was estimated to tell, of the weight that counts 1.2 times."""
    return math.floor(birth * 5 / 6 + 0.5)


def _birth_bits(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    grade = naive_calendar.grade(a, b)
    return 0 if grade == "none" else WEIGHTS["BIRTH_" + grade.upper().replace(" ", "_")]


def _sex_evidence(record: Record, claims: list[Record]) -> int:
    if not record.sex or not any(c.sex for c in claims):
        return 0
    return WEIGHTS["SEX_DIFFERS" if agreement.sexes(record.sex, claims) == DISAGREES else "SEX_SAME"]


def _score(evidence: int, disagrees: bool, population: int) -> float:
    prior = math.floor(100 * math.log2(max(population, POPULATION_LEAST if disagrees else 1)) + 0.5)
    return probability(evidence, prior)


def _homonyms(file: PersonsOnFile) -> None:
    """Returns other living persons on file with the same name key in the first claim."""
    living: dict[str, list[OnFile]] = defaultdict(list)
    for person in file.persons:
        if person.claims[0].name_key and not any(c.dead for c in person.claims):
            living[person.claims[0].name_key].append(person)
    for person in file.persons:
        others = living.get(person.claims[0].name_key, [])
        person.subject.homonyms = len(others) - (person in others)
