"""Migración: border crossings and travel bans as Parquet, typed columns, ISO 3166-2 codes for departments."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq

from nation import days, tables
from nation.border import Ban, Crossings, Foreigners
from nation.columns import DATE, NOTHING, SECONDS, TEXT, Column, Table, array, compute, table
from nation.days import NO_DAY
from nation.justice import PENDING
from nation.people import Ints
from nation.vocabulary import ASCII
from nation.world import World
from nation.written_names import joined, right_names


def write(world: World, foreigners: Foreigners, crossings: Crossings, bans: list[Ban]) -> int:
    """Writes the block's part of both files; returns rows."""
    folder = world.plan.folder / "registers" / "migracion"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(_crossings(world, foreigners, crossings), folder / "movimientos.parquet")
    pq.write_table(_bans(world, bans), folder / "arraigos.parquet")
    for ban in bans:
        holds = ban.state == PENDING and (ban.end == NO_DAY or ban.end >= world.plan.today)
        world.note_alert("migracion", ban.number, ban.person, "TRAVEL_BAN", holds, without=("cedula", "age", "parents"))
    return len(crossings.day) + len(bans)


def _crossings(world: World, foreigners: Foreigners, crossings: Crossings) -> Table:
    people, papers = world.people, world.papers
    foreign = array(crossings.foreigner >= 0)
    person, foreigner = np.maximum(crossings.person, 0), np.maximum(crossings.foreigner, 0)
    cui = papers.cui_texts().take(array(person))
    codes = array(tables.column("countries", "alpha3"))
    home = codes.take(array(foreigners.country[foreigner]))
    passport = array(crossings.by_passport)
    number = compute.if_else(passport, compute.utf8_slice_codeunits(cui, 0, 9), cui)
    posts = tables.rows("border_posts")
    post_country = array([row["country"] or None for row in posts]).take(array(crossings.post))
    moment = crossings.day.astype(np.int64) * 86_400 + crossings.second
    names = right_names(world, person, ASCII)
    words = world.vocabulary.words
    given = joined(*(words(np.ascontiguousarray(foreigners.given[foreigner, i]), ASCII) for i in range(3)))
    surnames = joined(*(words(np.ascontiguousarray(foreigners.surnames[foreigner, i]), ASCII) for i in range(2)))
    return table(
        {
            "id_movimiento": array(_ids(world, len(moment))),
            "fecha_hora": array(moment).cast(SECONDS),
            "tipo_movimiento": compute.if_else(array(crossings.entry), "E", "S"),
            "puesto": array([row["code"] for row in posts]).take(array(crossings.post)),
            "pais": compute.coalesce(post_country, codes.take(array(crossings.country))),
            "tipo_documento": compute.if_else(compute.or_(foreign, passport), "PASAPORTE", "DPI"),
            "numero_documento": compute.if_else(foreign, array(foreigners.number).take(array(foreigner)), number),
            "pais_documento": compute.if_else(foreign, home, "GTM"),
            "cui": compute.if_else(foreign, NOTHING, cui),
            "nombres": compute.if_else(foreign, given, joined(names.parts["first_given"], names.parts["second_given"])),
            "apellidos": compute.if_else(
                foreign, surnames, joined(names.parts["first_surname"], names.parts["second_surname"])
            ),
            "fecha_nacimiento": days.dates(
                np.where(crossings.foreigner >= 0, foreigners.birth[foreigner], people.birth[person]).astype(np.int32)
            ),
            "sexo": array(["X", "F", "M"]).take(
                array(
                    np.where(crossings.foreigner >= 0, foreigners.sex[foreigner], people.sex[person]).astype(np.int32)
                )
            ),
            "nacionalidad": compute.if_else(foreign, home, "GTM"),
        }
    )


def _ids(world: World, count: int) -> Ints:
    return np.asarray(world.plan.index * 1_000_000 + np.arange(count, dtype=np.int64))


def _bans(world: World, bans: list[Ban]) -> Table:
    def text(values: list[str]) -> Column:
        return array([value or None for value in values], TEXT)

    def day(values: list[int]) -> Column:
        return array([None if value == NO_DAY else days.date(value) for value in values], DATE)

    people = [ban.person for ban in bans]
    return table(
        {
            "no_arraigo": text([ban.number for ban in bans]),
            "causa": text([ban.case for ban in bans]),
            "autoridad": text([ban.authority for ban in bans]),
            "fecha_inicio": day([ban.start for ban in bans]),
            "fecha_fin": day([ban.end for ban in bans]),
            "estado": text(["ACTIVO" if ban.state == PENDING else "LEVANTADO" for ban in bans]),
            "cui": text([heard.cui for heard in people]),
            "pais_documento": text([heard.document_country for heard in people]),
            "numero_documento": text([heard.document for heard in people]),
            "nombre_completo": text([heard.full for heard in people]),
            "fecha_nacimiento": day([NO_DAY if heard.month_only else heard.birth for heard in people]),
            "sexo": text([("X", "F", "M")[heard.sex] for heard in people]),
            "departamento": text([f"GT-{heard.department:02d}" if heard.department else "" for heard in people]),
        }
    )
