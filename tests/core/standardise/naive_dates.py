"""Dates in another format than the register's, and validity of dates in part unknown, in plain Python."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from tests.core import naive_calendar
from tests.core.names import naive_names

Date = tuple[int, int, int]
_MONTHS = "ENERO FEBRERO MARZO ABRIL MAYO JUNIO JULIO AGOSTO SEPTIEMBRE OCTUBRE NOVIEMBRE DICIEMBRE"
MONTHS = _MONTHS.split()
NAMES = {name: i for i, name in enumerate(MONTHS, 1)} | {name[:3]: i for i, name in enumerate(MONTHS, 1)}
NAMES |= {"SETIEMBRE": 9, "SET": 9}
ANY_DAY = 32767
ANY_TIME = 2**40  # days from 1970: before and after every date
NOTHING: Date = (0, 0, 0)


def exists(date: Date) -> bool:
    return (date[0] == 0 or 1000 <= date[0] <= 9999) and not naive_calendar.date_problem(*date)


def month_first(formats: Sequence[str]) -> bool:
    return any(re.fullmatch("mm.?dd.?yyyy", form) for form in formats)


_SKIPPED = (
    "NACIO NACIDO NACIDA NAC NACIMIENTO FECHA FEC F N EL LA DIA A AL DE DEL EN ANO MES DESDE HASTA VENCE VENCIMIENTO "
    "EMISION LUNES MARTES MIERCOLES JUEVES VIERNES SABADO DOMINGO"
)
_ABOUT = "CIRCA CA C APROX APROXIMADO APROXIMADA APROXIMADAMENTE HACIA ALREDEDOR"
_TIME = "A M P AM PM H HR HRS HS HORA HORAS"
_ROMAN = "I II III IV V VI VII VIII IX X XI XII"
_ENGLISH = "JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER"
SKIPPED, ABOUT_WORDS, TIME_WORDS, ROMAN = _SKIPPED.split(), _ABOUT.split(), _TIME.split(), _ROMAN.split()
ENGLISH = {name[:k]: i for i, name in enumerate(_ENGLISH.split(), 1) for k in (3, len(name))} | {"SEPT": 9}
MISREAD = str.maketrans("ODQILZSGBA", "0001125684")


def words_of(text: str) -> list[str] | None:
    """Returns the words of a date without its time of day; None: it cannot be read."""
    from tests.core.identifiers import naive_written
    from tests.core.identifiers.naive_identifiers import SEPARATORS

    flat = ""
    for character in text.translate(naive_written.PLAIN):
        folded = "" if character in naive_written.SIGNS else naive_names.fold(character)
        if folded:
            flat += folded.replace("Ñ", "N")
        elif character in naive_written.SIGNS or naive_names.fold(f"A{character}B") != "AB":
            if character in "?+~" or (ord(character) >= 0x80 and character not in naive_written.SIGNS + SEPARATORS):
                return None
            flat += character if character in ":-" else " "
    timed = re.match(r"(?:(.*?)[ :-])??(?:([0-9]+)T)?([0-9]{1,2}):(.*)", flat, re.DOTALL)
    if timed:
        if "-" in timed[4]:
            return None
        for word in re.split("[ :]+", timed[4].strip(" :")):
            grown = re.fullmatch("([0-9]{1,2})([A-Z]+)", word)
            if re.search("[A-Z]", word) and word not in TIME_WORDS and not (grown and grown[2] in TIME_WORDS):
                return None
        flat = f"{timed[1] or ''} {timed[2] or ''}"
    words = re.split("[ :-]+", flat)
    words = [word for word in words if word]
    return words if len(words) <= 16 and sum(map(len, words)) <= 80 else None


def without_age(words: list[str]) -> tuple[list[str], int | None]:
    for i, word in enumerate(words):
        before, after = words[max(i - 1, 0) : i], words[i + 1 : i + 2]
        if re.fullmatch("[0-9]{1,3}", word) and (after in (["ANOS"], ["ANIOS"]) or before == ["EDAD"]):
            if int(word) > 130:
                return words, None
            rest = words[i + 1 :]
            rest = rest[1:] if rest[:1] in (["ANOS"], ["ANIOS"], ["ANO"]) else rest
            rest = rest[2:] if rest[:2] == ["DE", "EDAD"] else rest
            return [*(words[: i - 1] if before == ["EDAD"] else words[:i]), *rest], int(word)
    return words, None


def rewritten(text: str) -> str | None:
    """The date as clerks write it, in plain words."""
    words = words_of(text)
    if words is None:
        return None
    words = [word for word in without_age(words)[0] if word not in SKIPPED]
    fraction = len(words) == 2 and "".join(words).isdigit()
    if fraction and (len(words[0]) == 5 or (len(words[0]) == 8 and not words[1].strip("0"))):
        words = words[:1]
    plain = []
    for word in words:
        month = ROMAN.index(word) + 1 if word in ROMAN else ENGLISH.get(word, 0)
        misread = re.search("[0-9]", word) and re.fullmatch("[0-9ODQILZSGBA]+", word)
        plain.append(MONTHS[month - 1][:3] if month else word.translate(MISREAD) if misread else word)
    return " ".join(plain)


_UNITS = {"ANO": 12, "ANOS": 12, "ANIO": 12, "ANIOS": 12, "MES": 1, "MESES": 1}
_DAYS = {"SEMANA": 7, "SEMANAS": 7, "DIA": 1, "DIAS": 1}


def whole_age(words: list[str]) -> tuple[int, int] | None:
    """Returns the months and days of an age that is stated with its units and nothing else."""
    beside = {"EDAD", "DE", "Y", "CON", "TIENE", *ABOUT_WORDS}
    text = " ".join(word for word in words if word not in beside)
    units = "|".join([*_UNITS, *_DAYS])
    if not re.fullmatch(f"([0-9]{{1,3}} ?({units})( MEDI[OA])*( |$))+", text):
        return None
    parts = [(int(number), unit) for number, unit in re.findall("([0-9]{1,3}) ?([A-Z]+)", text)]
    months = sum(number * _UNITS.get(unit, 0) for number, unit in parts) + 6 * len(re.findall("MEDI[OA]", text))
    return (months, sum(number * _DAYS.get(unit, 0) for number, unit in parts)) if months <= 12 * 130 else None


def year_before(date: Date, months: int, days: int) -> int:
    """Returns the day so long before, 30 days a month; the middle of a date in part."""
    day = date[2] or 15
    back = months + ((days - day) // 30 + 1 if days >= day else 0)
    return (12 * date[0] + (date[1] or 7) - 1 - back) // 12


def about_year(text: str, date: Date) -> int | None:
    """The year that "circa 1962", or an age on that date, tells."""
    words = words_of(text)
    if words is None:
        return None
    year = date[0]
    told = whole_age(words)
    if told is not None:
        return year_before(date, *told) if year else None
    words, age = without_age(words)
    words = [word for word in words if word not in SKIPPED]
    about = [word for word in words if word not in ABOUT_WORDS]
    if not about:
        return year - age if age is not None and year else None
    if len(about) == 1 < len(words) and re.fullmatch("(19|20)[0-9]{2}", about[0]):
        return int(about[0])
    return None


def is_turned(text: str, birth: bool, months_first: bool) -> bool:
    """Returns whether only the other order of day and month gives a date."""
    return (
        other_date(text, birth, months_first) is not None and other_date(text, birth, months_first, turns=False) is None
    )


def other_date(text: str, birth: bool, months_first: bool, turns: bool = True) -> Date | None:
    """The one reading of a date that no format fits; NOTHING for zeros; None when there is none."""
    found = _other_date(text, birth, months_first, False, turns)
    if found is not None:
        return found
    plain = rewritten(text)
    return _other_date(plain, birth, months_first, True, turns) if plain else None


def _of_six(value: int, birth: bool, months_first: bool) -> Date | None:
    a, b, c = value // 10000, value // 100 % 100, value % 100

    def full(year: int) -> int:
        return year + (2000 if year <= (26 if birth else 69) else 1900)

    ways = {(full(c), *((a, b) if months_first else (b, a))), (full(a), b, c)}
    ways = {way for way in ways if all(way)}
    ways |= {(y, m, 0) for y, m in ((value % 10000, a), (value // 100, c)) if m and 1900 <= y <= 2099}
    good = [way for way in ways if exists(way)]
    return good[0] if len(good) == 1 else None


def _other_date(text: str, birth: bool, months_first: bool, written: bool, turns: bool) -> Date | None:
    if ":" in text:
        timed = re.fullmatch(r"(.*)[ T]\d+:[^:].*", text, re.ASCII | re.DOTALL)
        if timed is None or ":" in timed[1] or not re.search(r"[0-9]$", text) or text[-3] in "+-":
            return None
        text = timed[1]
    words = [w for w in re.findall("[0-9]+|[A-Za-z]+|[^0-9A-Za-z./ -]+", text) if w.upper() not in ("DE", "DEL")]
    if len(words) > 3:
        return None
    numbers = []
    for word in words:
        if not re.fullmatch("[0-9]{1,8}", word) and word.upper() not in NAMES:
            return None
        numbers.append((int(word), len(word)) if word.isdigit() else (NAMES[word.upper()], 0))
    lengths = [digits for _, digits in numbers]
    if written and lengths == [6]:
        return _of_six(numbers[0][0], birth, months_first)
    if written and lengths in ([0, 1, 4], [0, 2, 4]):
        numbers = [numbers[1], numbers[0], numbers[2]]
    found = _of_numbers(numbers, birth, months_first, turns)
    return found if found is not None and exists(found) else None


def _of_numbers(numbers: list[tuple[int, int]], birth: bool, months_first: bool, turns: bool) -> Date | None:
    lengths = [digits for _, digits in numbers]
    values = [value for value, _ in numbers]
    if len(numbers) == 1:
        return _alone(values[0], lengths[0])
    if len(numbers) == 2:
        if lengths[1] == 4 and lengths[0] <= 2:
            return (values[1], values[0], 0)
        return (values[0], values[1], 0) if lengths[0] == 4 and 1 <= lengths[1] <= 2 else None
    if len(numbers) != 3 or lengths[0] == 0:
        return None
    if lengths[0] == 4 and lengths[1] <= 2 and 1 <= lengths[2] <= 2:
        return (values[0], values[1], values[2])
    if lengths[0] > 2 or lengths[1] > 2 or lengths[2] not in (2, 4):
        return None
    year = values[2]
    if lengths[2] == 2:
        year += 2000 if year <= (26 if birth else 69) else 1900
    day, month = values[:2]
    if lengths[1] == 0:
        return (year, month, day)
    if months_first:
        day, month = month, day
    return (year, month, day) if exists((year, month, day)) or not turns else (year, day, month)


def _alone(value: int, digits: int) -> Date | None:
    if digits == 4 and 1900 <= value <= 2099:
        return (value, 0, 0)
    if digits == 5 and dt.date(1910, 1, 1) <= (day := dt.date(1899, 12, 30) + dt.timedelta(value)) <= dt.date(
        2099, 12, 31
    ):
        return (day.year, day.month, day.day)
    if digits == 8:
        ways = [
            (value // 10000, value // 100 % 100, value % 100),
            (value % 10000, value // 10000 % 100, value // 1000000),
        ]
        good = [way for way in ways if 1900 <= way[0] <= 2099 and exists(way)]
        return good[0] if len(good) == 1 else None
    return None


def birth_date(date: Date | None, text: str) -> Date:
    """As read, or of what is no date the only year of four digits, from 1900 to 2099."""
    if date is not None:
        return date
    years = [int(word) for word in re.findall("[0-9]+", text) if len(word) == 4 and 1900 <= int(word) <= 2099]
    return (years[0], 0, 0) if len(years) == 1 else NOTHING


def is_january_first(birth: Date) -> bool:
    """Written where the year alone is known."""
    return birth[0] > 1900 and birth[1:] == (1, 1)


def is_doubtful(birth: Date, readable: bool, acted: Date, missing_child: bool) -> bool:
    """Returns whether an alert's birth date can hardly be its subject's: a filler, or the day of the order."""
    if not birth[0]:
        return not readable
    if birth[0] <= 1900 or birth[1:] == (1, 1):
        return True
    if not all(birth) or not all(acted):
        return False
    thirteen = (acted[0] - 13, acted[1], acted[2])
    return birth >= acted or (birth > thirteen and not missing_child)


def bounds(date: Date) -> tuple[int, int]:
    """First and last day that a date with a year may be."""
    year, month, day = date
    first = dt.date(year, month or 1, day or 1)
    if day:
        last = dt.date(year, month or 12, day)
    else:
        last = dt.date(year, 12, 31) if month in (0, 12) else dt.date(year, month + 1, 1) - dt.timedelta(1)
    epoch = dt.date(1970, 1, 1)
    return (first - epoch).days, (last - epoch).days


def days_of(date: Date | None) -> tuple[int, int] | None:
    """First and last day that a date may be; None where nothing is stated. A date None could not be read."""
    if date is not None and not any(date):
        return None
    return bounds(date) if date is not None and date[0] else (-ANY_TIME, ANY_TIME)


_BESIDE_NO_DATE = {"FECHA", "FECHAS", "DE", "DEL", "NACIMIENTO", "VENCIMIENTO", "INICIO", "FIN"}


def tells_no_date(text: str) -> bool:
    """NO CONSTA, SIN FECHA, N/A, XX, dashes: of a text that is no date, whether it says that none is known."""
    if re.search("[0-9?]", text):
        return False
    words = naive_names.fold(text).split()
    nothing = naive_names.NO_PARENT | naive_names.BESIDE_NOBODY | _BESIDE_NO_DATE | set("NASDFCI")
    said = set(words) - _BESIDE_NO_DATE - set("NASDFCI")
    return set(words) <= nothing and (bool(said) or len(words) != 1)


def may_close_later(closed: Date | None, issued: int | None) -> tuple[bool, int | None]:
    """Returns whether a closing of that day may be to come, or cannot be true; and the last day before it (or None).

    closed: None = not readable. issued: the day of issue, where it is known whole.
    """
    if closed is None or not closed[0]:
        return False, None
    _, last = bounds(closed)
    if closed[0] <= 1900 or closed in ((1970, 1, 1), (1969, 12, 31)) or (issued is not None and last < issued):
        return True, None
    return True, last - 1


def alert_validity(
    begins: Date | None, ends: Date | None, issued: int | None
) -> tuple[int | None, int | None, int, int]:
    """Returns the same of an order, issued on a day (None = not known): none ends before it was issued."""
    first, last, first_span, last_span = validity(begins, ends, alert=True)
    if last is not None and issued is not None and last < issued:
        return first, None, first_span, ANY_DAY
    return first, last, first_span, last_span


def validity(begins: Date | None, ends: Date | None, alert: bool = False) -> tuple[int | None, int | None, int, int]:
    """Earliest first and latest last day, and by how much each may be otherwise. None = it could not be read.

    A day on which programs begin to count ends nothing; no alert begins in another century, nor after its end.
    """
    if ends is not None and any(ends) and (ends[0] <= 1900 or ends in ((1970, 1, 1), (1969, 12, 31))):
        ends = None
    if alert and begins is not None and begins[0] >= 2100:
        begins = None
    first = last = None
    first_span = last_span = 0
    if begins is None or (any(begins) and not begins[0]):
        first_span = ANY_DAY
    elif begins[0]:
        first, sure_from = bounds(begins)
        first_span = sure_from - first
    if ends is None or (any(ends) and not ends[0]):
        last_span = ANY_DAY
    elif ends[0]:
        sure_to, last = bounds(ends)
        last_span = last - sure_to
    if alert and first is not None and last is not None and last < first:
        return None, None, ANY_DAY, ANY_DAY
    if first is not None and last is not None and last < first:
        return last - last_span, first + first_span, ANY_DAY, ANY_DAY
    return first, last, first_span, last_span
