"""Questions drawn from a nation: every kind of identifier, wrong ones, names, what is seen, lists, batches."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment,arg-type"

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, section_pb2, value_pb2
from tests.core.free_text import naive_free_names
from tests.core.identifiers import naive_slips
from tests.oracle import Oracle
from tests.oracle.record import PERSON, Record, Subject

STANDARDS = tuple(clearance.ClearanceStandard.values()[1:])
PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname", "full")
IDENTIFIERS = ("cui", "nit", "cedula", "licence", "telephone")
MONTHS = naive_free_names.MONTHS[:12]
DAY_MS = 86_400_000


@dataclass
class Question:
    """A method's bare name and its request. Clear: the standard is in the request."""

    method: str
    request: Any


def one_slip(draw: random.Random, text: str) -> str:
    """The text with two neighbours swapped, one character lost or typed twice, or one typed for another of its kind."""
    places = [i for i, c in enumerate(text) if c.isalnum()]
    place = draw.choice(places)
    if draw.random() < 0.3:
        return text[:place] + draw.choice(["", 2 * text[place]]) + text[place + 1 :]
    if draw.random() < 0.3 and place + 1 in places:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    others = string.digits if text[place].isdigit() else string.ascii_uppercase
    return text[:place] + draw.choice(others.replace(text[place], "")) + text[place + 1 :]


class Drawer:
    """Draws questions about what is on file in `oracle`."""

    def __init__(self, oracle: Oracle, seed: int) -> None:
        self.random = random.Random(seed)
        self.finding = random.Random(seed)  # of how a subject was found: the other draws stay as they were
        self.people = [s for s in oracle.subjects if s.about == PERSON and s.links]
        self.vehicles = [s for s in oracle.subjects if s.about != PERSON]
        self.alerted = [s for s in self.people if any(link.record.alert for link in s.links)]
        self.alerted_vehicles = [s for s in self.vehicles if any(link.record.alert for link in s.links)]
        self.foreigners = [s for s in self.people if s.key.startswith("document:")]
        self.unidentified = [s for s in self.people if s.key.startswith("record:")]

    def questions(self, count: int) -> Iterator[Question]:
        kinds: list[tuple[int, Callable[[], Question]]] = [
            (12, self.one_identifier),
            (6, self.several_identifiers),
            (3, self.false_identifier),
            (8, self.by_name),
            (14, self.one_box),
            (12, self.vehicle),
            (4, self.search_persons),
            (3, self.search_vehicles),
            (5, self.list_records),
            (4, self.clear),
            (4, self.mistyped),
            (2, self.nonsense),
        ]
        weights = [weight for weight, _ in kinds]
        for _ in range(count):
            yield self.random.choices(kinds, weights)[0][1]()

    # what is on file

    def person(self) -> Subject:
        groups = [g for g in (self.people, self.alerted, self.foreigners, self.unidentified) if g]
        return self.random.choice(self.random.choices(groups, [6, 4, 1, 2][: len(groups)])[0])

    def record(self, subject: Subject) -> Record:
        return self.random.choice(subject.links).record

    def some_vehicle(self) -> Subject:
        return self.random.choice(self.alerted_vehicles if self.alerted_vehicles and self.maybe(0.4) else self.vehicles)

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def value(self, subject: Subject, name: str) -> str:
        """A value that some record of the subject carries; "" if none."""
        found = sorted({str(getattr(link.record, name)) for link in subject.links} - {"", "None"})
        return self.random.choice(found) if found else ""

    def slipped(self, text: str) -> str:
        """The text, perhaps with one digit changed or in another writing."""
        if self.maybe(0.1):
            place = self.random.randrange(len(text))
            return text[:place] + self.random.choice("0123456789ABCK") + text[place + 1 :]
        if self.maybe(0.1):
            valid = naive_slips.suggest(1, text) if len(text) == 13 else []
            return self.random.choice(valid) if valid else text
        return text.lower() if self.maybe(0.1) else text

    def name(self, subject: Subject) -> value_pb2.PersonName:
        claims = [link.record for link in subject.links if link.section == section_pb2.SECTION_IDENTITY]
        if claims and self.maybe(0.7):
            name = value_pb2.PersonName()
            name.CopyFrom(self.random.choice(claims).message.name)
            for part in PARTS:
                if self.maybe(0.15) and len([p for p in PARTS if getattr(name, p)]) > 2:
                    setattr(name, part, "")
            return name
        words = self.value(subject, "name").split()
        if self.maybe(0.3):
            self.random.shuffle(words)
        if self.maybe(0.3) and len(words) > 2:
            words.pop(self.random.randrange(len(words)))
        return value_pb2.PersonName(full=" ".join(words))

    def birth(self, subject: Subject) -> value_pb2.PartialDate | None:
        dates = sorted({link.record.birth for link in subject.links if link.record.birth[0]})
        if not dates:
            return None
        year, month, day = self.random.choice(dates)
        if self.maybe(0.1):
            year += self.random.choice([-1, 1, 7])
        elif self.maybe(0.1):
            month = day = 0
        elif self.maybe(0.1) and month and day and day <= 12:
            month, day = day, month
        if day > 28 and month:
            day = 28 if self.maybe(0.1) else day
        return value_pb2.PartialDate(year=year, month=month, day=day)

    # questions

    def one_identifier(self) -> Question:
        request = checks.CheckPersonRequest()
        subject = self.person()
        self.put_identifier(request, subject)
        if self.maybe(0.3):
            self.put_seen(request, subject if self.maybe(0.7) else self.person())
        return Question("CheckPerson", self.framed(request))

    def false_identifier(self) -> Question:
        """A passport that is nobody's, with a true name and birth date, perhaps with a true identifier besides."""
        subject = self.person()
        request = checks.CheckPersonRequest(name=self.name(subject), birth_date=self.birth(subject))
        if self.maybe(0.4):
            self.put_identifier(request, subject)
        request.ClearField("cui")
        request.document.number = f"Z{self.random.randrange(10**7, 10**8)}"
        request.document.country = self.random.choice(["GTM", "SLV", "HND"])
        return Question("CheckPerson", self.framed(request))

    def put_identifier(self, request: Any, subject: Subject) -> None:
        names = [n for n in IDENTIFIERS if self.value(subject, n)]
        documents = sorted({link.record.document for link in subject.links if link.record.document[1]})
        if documents and (self.maybe(0.3) or not names):
            country, number = self.random.choice(documents)
            request.document.number = self.slipped(number)
            request.document.country = "" if self.maybe(0.3) else self.random.choice([country, country, "SLV"])
        elif names:
            name = self.random.choice(names)
            setattr(request, name, self.slipped(self.value(subject, name)))
        else:
            request.name.CopyFrom(self.name(subject))

    def put_seen(self, request: Any, subject: Subject) -> None:
        if self.maybe(0.6):
            request.name.CopyFrom(self.name(subject))
        birth = self.birth(subject)
        if birth is not None and self.maybe(0.6):
            request.birth_date.CopyFrom(birth)
        if self.maybe(0.3):
            request.sex = self.random.choice([1, 2])
        claims = [k.record.message for k in subject.links if k.section == section_pb2.SECTION_IDENTITY]
        if claims and self.maybe(0.4):
            claim = self.random.choice(claims)
            request.father_name = claim.father_name
            request.mother_name = claim.mother_name if self.maybe(0.6) else ""

    def several_identifiers(self) -> Question:
        request = checks.CheckPersonRequest()
        subject = self.person()
        for _ in range(self.random.choice([2, 2, 3])):
            self.put_identifier(request, subject if self.maybe(0.7) else self.person())
        if self.maybe(0.5):
            self.put_seen(request, subject)
        return Question("CheckPerson", self.framed(request))

    def by_name(self) -> Question:
        request = checks.CheckPersonRequest()
        subject = self.person()
        request.name.CopyFrom(self.name(subject))
        birth = self.birth(subject)
        if birth is not None and self.maybe(0.6):
            request.birth_date.CopyFrom(birth)
        if self.maybe(0.4):
            self.put_seen(request, subject if self.maybe(0.9) else self.person())
        return Question("CheckPerson", self.framed(request))

    def one_box(self) -> Question:
        text = self.box_text()
        kind = self.random.choice(["Check", "Check", "Check", "CheckPerson", "CheckVehicle"])
        request = getattr(checks, f"{kind}Request")(query=text)
        if kind == "Check" and self.maybe(0.1):
            request.country = self.random.choice(["GTM", "SLV", "HND", "gtm"])
        return Question(kind, self.framed(request))

    def box_text(self) -> str:
        if self.maybe(0.45):
            vehicle = self.some_vehicle()
            found = [self.value(vehicle, n) for n in ("plate", "vin", "chassis", "engine")]
            typed = [link.record.plate_text for link in vehicle.links if link.record.plate]
            choices = [t for t in [*found, *typed, *(f[-self.random.randint(6, 8) :] for f in found)] if t]
            return self.slipped(self.random.choice(choices)) if choices else "P123BCD"
        subject = self.person()
        if self.maybe(0.25):
            name = self.name(subject)
            text = " ".join(getattr(name, p) for p in PARTS if getattr(name, p)) or "JUAN"
            return self.with_birth(text, subject) if self.maybe(0.5) else text
        found = [self.value(subject, n) for n in IDENTIFIERS]
        found += [number for link in subject.links for number in (link.record.document[1],)]
        return self.slipped(self.random.choice([f for f in found if f] or ["50001234"]))

    def with_birth(self, name: str, subject: Subject) -> str:
        """The name and a birth date as somebody types it, or what is none; now and then another thing instead."""
        birth = self.birth(subject)
        year, month, day = (birth.year, birth.month, birth.day) if birth is not None else (0, 0, 0)
        year, month, day = year or 1980, month or 3, day or self.random.choice([14, 31])
        forms = [
            "{d:02}.{m:02}.{y}",
            "{d}/{m}/{yy:02}",
            "{d}-{m}-{y}",
            "{y}-{m:02}-{d:02}",
            "{d} {m} {y}",
            "{d} {word} {y}",
            "{y}",
            "25",
            "{d}/{m}.{y}",
            "{d} de {word} de {y}",
            "{d}-{word:.3}-{yy:02}",
            "({d:02}/{m:02}/{y})",
            "{age} años",
            "{age} ANOS de edad",
            "{d}.13.{y}",
            "{d}{word}{y}",
        ]
        written = self.random.choice(forms).format(
            d=day, m=month, y=year, yy=year % 100, word=MONTHS[month - 1], age=2026 - year
        )
        label = self.random.choice(["", "", "", "nombre: ", "NOMBRES Y APELLIDOS ", "n ", "pasaporte ", "motor "])
        if label in ("pasaporte ", "motor ") and ".13." in written:
            label = ""  # a number within a sentence: tests/box
        return f"{label}{name}{self.random.choice([' ', ' ', ', '])}{written}"

    def vehicle(self) -> Question:
        request = checks.CheckVehicleRequest()
        vehicle = self.some_vehicle()
        records = [link.record for link in vehicle.links]
        for _ in range(self.random.choice([1, 1, 1, 2])):
            record = self.random.choice(records)
            if record.plate and self.maybe(0.6):
                request.plate = record.plate if self.maybe(0.2) else self.slipped(record.plate_text).replace("?-", "")
                request.plate_country = "" if record.plate_country == "GTM" else record.plate_country
            elif (record.vin or record.chassis) and self.maybe(0.7):
                number = record.vin or record.chassis
                if self.maybe(0.7):
                    request.vin = self.slipped(number)
                else:
                    request.chassis_tail = number[-self.random.randint(6, 8) :]
            elif record.engine:
                engine = record.engine
                request.engine = engine if self.maybe(0.5) else engine[-self.random.randint(6, 8) :]
            records = [link.record for link in self.some_vehicle().links] if self.maybe(0.4) else records
        if not (request.plate or request.vin or request.chassis_tail or request.engine):
            request.plate = "P-123BCD"
        if self.maybe(0.3):
            seen = self.random.choice([link.record for link in vehicle.links])
            request.make = seen.make[: self.random.choice([3, 20])]
            request.colour = seen.colour.lower()
            request.model_year = seen.model_year + self.random.choice([0, 0, 1]) if seen.model_year else 0
        return Question("CheckVehicle", self.framed(request))

    def search_persons(self) -> Question:
        subject = self.person()
        words = self.value(subject, "name").split() or ["MARIA"]
        request = checks.SearchPersonsRequest(
            names=" ".join(self.random.sample(words, min(len(words), self.random.choice([1, 2, 3])))),
            page_size=self.random.choice([0, 7, 100]),
        )
        birth = self.birth(subject)
        if birth is not None and self.maybe(0.3):
            request.birth_date.CopyFrom(birth)
        if birth is not None and self.maybe(0.3):
            request.birth_year_from = birth.year - 1
            request.birth_year_to = birth.year + 10 if self.maybe(0.5) else 0
        if self.maybe(0.3):
            request.sex = self.random.choice([1, 2])
        if self.maybe(0.3):
            request.department = self.random.randint(1, 22)
        if self.maybe(0.4):
            self.search_further(request, subject)
        return Question("SearchPersons", self.framed(request))

    def search_further(self, request: checks.SearchPersonsRequest, subject: Subject) -> None:
        """Free text with a year, a name in parts, ages, a municipality, parents."""
        birth = self.birth(subject)
        if birth is not None and self.maybe(0.3):
            request.names = (
                f"N {request.names} {birth.year}" if self.maybe(0.5) else self.with_birth(request.names, subject)
            )
        elif self.maybe(0.4):
            request.name.CopyFrom(self.name(subject))
            request.ClearField("names")
        if birth is not None and self.maybe(0.3):
            age = max(0, 2026 - birth.year)
            request.age_from, request.age_to = max(0, age - self.random.randint(0, 9)), min(150, age + 2)
        if self.maybe(0.3):
            request.municipality = self.random.choice([101, 1601, int(self.value(subject, "cui")[9:] or 101)])
        records = [link.record for link in subject.links if link.record.father]
        if records and self.maybe(0.4):
            request.father_name = self.random.choice(records).father

    def search_vehicles(self) -> Question:
        records = [link.record for link in self.some_vehicle().links if link.record.plate]
        number = self.random.choice(records).plate if records else "123BCD"
        number = "".join(
            self.random.choice("08BDVY?" if self.maybe(0.5) else c) if self.maybe(0.1) else c for c in number
        )
        pattern = "".join("?" if self.maybe(0.35) else c for c in number)
        if self.maybe(0.3):
            pattern = pattern[: self.random.randint(1, 5)] + "*"
        elif self.maybe(0.1):
            pattern = "*" + pattern[self.random.randint(1, 4) :]
        if records and self.maybe(0.4):
            pattern = f"{records[0].plate_type or 'P'}{self.random.choice(['-', ' ', ''])}{pattern}"
        request = checks.SearchVehiclesRequest(page_size=self.random.choice([0, 5, 100]))
        if self.maybe(0.5):
            request.query = self.vehicle_words(pattern if self.maybe(0.8) else "")
        else:
            request.plate_pattern = pattern
        if records and self.maybe(0.3):
            request.make = records[0].make
            request.colour = records[0].colour if self.maybe(0.5) else ""
            request.model_year = records[0].model_year if self.maybe(0.5) else 0
        if self.maybe(0.1):
            request.vehicle_type = self.random.choice(["pick up", "MOTO", "camioneta", "TRACTOR"])
        if self.maybe(0.15):
            vehicle = self.some_vehicle()
            held = self.value(vehicle, "vin") or self.value(vehicle, "engine") or "1NZ12345678"
            request.number = (held if self.maybe(0.3) else held[-self.random.randint(5, 8) :]).replace(
                "1", "I", self.maybe(0.2)
            )
            request.plate_pattern = request.plate_pattern if self.maybe(0.2) else ""
        return Question("SearchVehicles", self.framed(request))

    def vehicle_words(self, pattern: str) -> str:
        """Returns what somebody remembers of a vehicle, in any order."""
        seen = self.random.choice([link.record for link in self.some_vehicle().links])
        colours = ["azul", "blue", "roja", "gris", "silver", "white", "negro", "verde oscuro", seen.colour]
        kinds = ["pickup", "pick up", "moto", "carro", "camioneta", "tuc tuc"]
        words = [pattern, seen.make, seen.line] if self.maybe(0.7) else [pattern]
        words += self.random.sample(colours, self.maybe(0.5)) + self.random.sample(kinds, self.maybe(0.3))
        words += [str(seen.model_year)] if seen.model_year and self.maybe(0.2) else []
        words += [self.random.choice(["de", "placa", "???", "P 12?...", "320i", "ñ", "A-4"])] if self.maybe(0.1) else []
        self.random.shuffle(words)
        return " ".join(w for w in words if w)

    def list_records(self) -> Question:
        subject = self.person() if self.maybe(0.6) else self.some_vehicle()
        sections = sorted({link.section for link in subject.links})
        request = checks.ListRecordsRequest(
            subject_id=subject.subject_id,
            section=self.random.choice(sections),
            page_size=self.random.choice([0, 1, 3]),
        )
        return Question("ListRecords", self.framed(request, sections=False))

    def clear(self) -> Question:
        standard = self.random.choice(STANDARDS)
        batch = clearance.ClearRequest(standard=standard)
        rows = self.random.choice([1, 5, 40])
        vehicles = standard == clearance.CLEARANCE_STANDARD_WANTED and self.maybe(0.4)
        for number in range(rows):
            batch.row_ids.append(number * 3 + 1)
            if vehicles:
                vehicle = self.some_vehicle()
                by_plate = self.maybe(0.5)
                batch.plates.append(self.value(vehicle, "plate_text").replace("?-", "") if by_plate else "")
                batch.vins.append("" if by_plate else self.slipped(self.value(vehicle, "vin") or "1FV6MK972LA000000"))
                continue
            subject = self.person()
            cui = self.value(subject, "cui") if self.maybe(0.6) else ""
            batch.cuis.append(self.slipped(cui) if cui else "")
            name = self.value(subject if self.maybe(0.8) else self.person(), "name")
            batch.names.append(name if not cui or self.maybe(0.3) else "")
            birth = self.birth(subject)
            batch.birth_dates.append(birth.year * 10000 + birth.month * 100 + birth.day if birth and not cui else 0)
        return Question("Clear", batch)

    def mistyped(self) -> Question:
        """A CUI, NIT, VIN or plate on file with one slip in it: mostly nobody's."""
        if self.maybe(0.5):
            vehicle = self.some_vehicle()
            texts = [self.value(vehicle, "vin"), *(k.record.plate_text for k in vehicle.links if k.record.plate)]
        else:
            subject = self.person()
            texts = [self.value(subject, "cui"), self.value(subject, "nit")]
        text = one_slip(self.random, self.random.choice([t for t in texts if t] or ["P-123BCD"]).removeprefix("?-"))
        if self.maybe(0.3) and text.isdigit() and 12 <= len(text) <= 14:
            return Question("CheckPerson", self.framed(checks.CheckPersonRequest(cui=text)))
        return Question("Check", self.framed(checks.CheckRequest(query=text)))

    def nonsense(self) -> Question:
        """Requests that break a rule."""
        choice = self.random.randrange(7)
        if choice == 0:
            request: Any = checks.CheckPersonRequest(cui="2457111390504")
        elif choice == 1:
            request = checks.CheckPersonRequest(query="50001234", nit="123")
        elif choice == 2:
            request = self.random.choice([checks.CheckVehicleRequest(), checks.CheckPersonRequest()])
        elif choice == 3:
            request = checks.CheckPersonRequest(nit="CF")
        elif choice == 4:
            return Question(
                "Check", checks.CheckRequest(query=self.random.choice(["", "---", "1234567890123", "x" * 201]))
            )
        elif choice == 5:
            request = checks.CheckVehicleRequest(plate=self.random.choice(["?", "12", "P-12345678901"]))
        else:
            return Question("ListRecords", checks.ListRecordsRequest(subject_id="00" * 16, section=1))
        return Question(type(request).__name__.removesuffix("Request"), request)

    def framed(self, request: Any, sections: bool = True) -> Any:
        """Now and then the context names sections."""
        if sections and self.maybe(0.15):
            numbers = self.random.sample(section_pb2.Section.values()[1:], self.random.choice([1, 3, 10]))
            request.context.sections.extend(numbers)
        if self.maybe(0.3):
            request.context.purpose = self.random.choice(context_pb2.Purpose.values())
        if "subject_found" in request.DESCRIPTOR.fields_by_name and self.finding.random() < 0.2:
            request.subject_found = self.finding.choice(checks.SubjectFound.values())
        return request

    # who asks, when

    def masks(self) -> dict[int, int]:
        """Mostly the full grant; else random pairs of section and sensitivity."""
        full = 2**64 - 1
        choice = self.random.random()
        if choice < 0.4:
            return dict.fromkeys(range(1, 6), full)
        if choice < 0.6:
            return {s: full if self.maybe(0.5) else 0 for s in range(1, 6)}
        hidden = sum(1 << s for s in self.random.sample(range(1, 39), self.random.choice([1, 1, 3, 10, 25])))
        masks = dict.fromkeys(range(1, 6), full & ~hidden)
        if self.maybe(0.5):
            masks[self.random.randint(2, 5)] = 0
        return masks

    def clock(self, now_ms: int) -> int:
        """Mostly now; else up to years away."""
        days = self.random.choice([0, 0, 0, 0, 1, 3, 30, 400, -400, 4000])
        return now_ms + days * DAY_MS + self.random.randrange(3_600_000)
