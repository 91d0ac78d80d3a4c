"""Checks what the screen looks like, as pictures: `--snapshot-update` draws them anew, for somebody to look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from textual.pilot import Pilot
from textual.widgets import Input

from clients.car.app import CarApp
from clients.car.layers import Layers, layers_of
from clients.car.offline.desk import Listed
from clients.car.offline.listed_view import listed_layers
from clients.car.settings import CarSettings
from clients.car.stop import Asked, Shown
from ronda.v1 import alert_pb2, check_service_pb2, hotlist_service_pb2, level_pb2, person_pb2, register_pb2

_NOW = datetime(2026, 3, 14, 21, 7, 5, tzinfo=timezone(timedelta(hours=-6)))
_CUI = "2357111360101"
Compare = Callable[..., bool]


class _StillCar(CarApp):
    """A screen at one moment, that asks nobody."""

    def now(self) -> datetime:
        return _NOW

    async def _warm(self) -> None:
        pass


def _moment(hour: int) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime(2026, 3, 14, hour, 0, tzinfo=UTC))
    return found


def _answer(level: int, *hits: alert_pb2.Hit) -> check_service_pb2.CheckResponse:
    registers = [
        register_pb2.RegisterStatus(name=name, state=register_pb2.REGISTER_STATE_FRESH, as_of=_moment(22))
        for name in ("RENAP", "Organismo Judicial")
    ]
    answer = check_service_pb2.Answer(
        level=level,  # type: ignore[arg-type]
        coverage=level_pb2.COVERAGE_COMPLETE,
        identity_status=level_pb2.IDENTITY_STATUS_FOUND,
        hits=hits,
        hits_total=len(hits),
        registers=registers,
        answered_at=_moment(23),
    )
    claim = person_pb2.IdentityClaim(cui=_CUI, name={"full": "JUAN JOSE PEREZ LOPEZ"}, birth_date={"year": 1988})
    person = person_pb2.Person(name="JUAN JOSE PEREZ LOPEZ", age=38, identity_claims=[claim])
    return check_service_pb2.CheckResponse(answer=answer, person=person)


def _hit() -> alert_pb2.Hit:
    return alert_pb2.Hit(
        level=level_pb2.LEVEL_HIT,
        kind=alert_pb2.ALERT_KIND_WARRANT,
        subject={"kind": alert_pb2.HIT_SUBJECT_KIND_PERSON, "subject_id": "s-1"},
        offence={"code": "123", "text": "Extorsión"},
        action={"text": "Detener y poner a disposición del juzgado"},
        cautions=[level_pb2.CAUTION_FLAG_ARMED],
        record={"register_id": "oj", "record_id": "C-1-2026"},
    )


def _listed() -> Layers:
    entry = hotlist_service_pb2.HotlistEntry(
        key=_CUI,
        kind=alert_pb2.ALERT_KIND_WARRANT,
        name="JUAN JOSE PEREZ LOPEZ",
        authority="JUZGADO SEGUNDO PENAL",
        action={"text": "Detener"},
        record={"register_id": "oj", "record_id": "C-1-2026"},
    )
    return listed_layers(Listed([entry], _moment(20).ToSeconds(), 0))


def _standing(response: Any, layers: Layers, *, on_line: bool = True) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def stand(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, CarApp)
        app.enter("", False)
        await pilot.pause()
        app.main.query_one("#box", Input).cursor_blink = False
        app.coverage.connected = on_line
        app.main.show_answer(Shown(Asked(_CUI), response, layers, _NOW, 0.08))
        await pilot.pause()

    return stand


def _car(**settings: Any) -> CarApp:
    return _StillCar(CarSettings("localhost:1", "", "PURPOSE_TRAFFIC_STOP", **settings))


def test_a_hit_by_night(snap_compare: Compare) -> None:
    response = _answer(level_pb2.LEVEL_HIT, _hit())
    assert snap_compare(_car(), run_before=_standing(response, layers_of(response)))


def test_a_hit_by_day(snap_compare: Compare) -> None:
    response = _answer(level_pb2.LEVEL_HIT, _hit())
    assert snap_compare(_car(day=True), run_before=_standing(response, layers_of(response)))


def test_a_clear_answer_on_a_tall_screen(snap_compare: Compare) -> None:
    response = _answer(level_pb2.LEVEL_CLEAR)
    standing = _standing(response, layers_of(response))
    assert snap_compare(_car(), terminal_size=(80, 50), run_before=standing)


def test_off_line(snap_compare: Compare) -> None:
    standing = _standing(check_service_pb2.CheckResponse(), _listed(), on_line=False)
    assert snap_compare(_car(), run_before=standing)


def test_the_login_with_an_issuer(snap_compare: Compare) -> None:
    async def stand(pilot: Pilot[None]) -> None:
        await pilot.pause()
        for box in pilot.app.screen.query(Input):
            box.cursor_blink = False

    app = _StillCar(CarSettings("localhost:1", "/nowhere/own", "PURPOSE_TRAFFIC_STOP", issuer="localhost:2"))
    assert snap_compare(app, run_before=stand)
