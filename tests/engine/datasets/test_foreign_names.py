"""Columns with the usual names of other languages are recognised, and so are those of a person's own table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.datasets import guess_kind, read
from engine.datasets.formats.column_names import plain_name
from engine.profiles.exports import read_export
from engine.search.filters.fields import Fields
from engine.search.filters.parser import mask, parse
from engine.search.lexical.catalogue_fields import PEOPLE, find_fields
from engine.text import foreign_names

from .conftest import Write

LOGS = [
    "Benutzer,Film,Bewertung,Datum",
    "Utilisateur,Film,Note,Date",
    "Usuario,Película,Calificación,Fecha",
    "Utente,Libro,Voto,Data",
    "Usuário,Filme,Avaliação,Data",
    "Gebruiker,Boek,Beoordeling,Datum",
    "Użytkownik,Książka,Ocena,Data",
    "Kullanıcı,Kitap,Puan,Tarih",
    "Пользователь,Фильм,Оценка,Дата",
    "用户ID,电影,评分,时间",
    "ユーザーID,映画,評価,日付",
]
CATALOGUES = [
    "Artikelnummer,Titel,Erscheinungsjahr,Kategorie,Beschreibung",
    "id,Titre,Année,Catégorie,Résumé",
    "id,Título,Año,Género,Sinopsis",
    "id,Titolo,Anno,Genere,Trama",
    "id,Título,Ano,Gênero,Sinopse",
    "id,Название,Год,Жанр,Описание",
    "id,标题,年份,类型,简介",
    "id,タイトル,公開年,ジャンル,あらすじ",
]


@pytest.mark.parametrize("header", LOGS)
def test_a_log_is_read_by_its_names(write: Write, header: str) -> None:
    path = write("log.csv", f"{header}\nann,x,4,2024-05-31\nbob,y,5,2024-06-01\n")
    assert guess_kind(ratings=path) == "table"
    dataset = read("x", ratings=path)
    assert dataset.interactions.ratings is not None
    assert dataset.interactions.ratings.tolist() == [4.0, 5.0]
    assert dataset.interactions.timestamps is not None
    recognised = "user = {}, item = {}, rating = {}, time = {}".format(*header.split(","))
    assert f"log.csv: columns recognised by their names: {recognised}." in dataset.source["notes"]


@pytest.mark.parametrize("header", CATALOGUES)
def test_a_catalogue_is_read_by_its_names(write: Write, header: str) -> None:
    path = write("films.csv", f"{header}\n1,Heat,1995,Krimi,A thief plans a last coup.\n")
    item = read("x", "table", items=path).items[1]
    assert (item.title, item.year, item.genres) == ("Heat", 1995, ("Krimi",))
    assert "last coup" in item.text


@pytest.mark.parametrize(
    "text",
    [
        "Film;Bewertung;Jahr\nHeat;★★★½;1995\n",
        "Película;Puntuación;Año\nHeat;3,5;1995\n",
        "電影;评分;年份\nHeat;3.5/5;1995\n",
    ],
)
def test_a_table_of_ones_own_is_read_by_its_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    (entry,) = read_export(tmp_path / "mine.csv").entries
    assert (entry.title, entry.rating, entry.highest, entry.year) == ("Heat", 3.5, 5.0, 1995)


def test_a_note_in_words_is_no_rating(write: Write) -> None:
    dataset = read("x", ratings=write("log.csv", "user,item,note\nann,x,seen twice\nbob,y,too long\n"))
    assert dataset.interactions.ratings is None


@pytest.mark.parametrize("role", ["USER", "ITEM", "RATING", "TIME", "TITLE", "YEAR", "GENRES", "TEXT"])
def test_no_name_stands_twice(role: str) -> None:
    names = [plain_name(name) for name in getattr(foreign_names, role)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("column", ["Regisseur", "réalisateur", "Diretor", "режиссёр", "导演", "監督"])
def test_people_are_searched_by_the_names_of_their_columns(write: Write, column: str) -> None:
    text = f"id;title;{column}\n1;Heat;Michael Mann, Ann Lee\n2;Ran;Akira Kurosawa\n"
    dataset = read("x", "table", items=write("films.csv", text))
    assert dataset.items.table.column(column).to_pylist() == [["Michael Mann", "Ann Lee"], ["Akira Kurosawa"]]
    (field,) = find_fields(dataset.items)
    assert field.role is PEOPLE
    assert "Kurosawa" in dataset.items[2].text  # those who made an item are a part of its text


def test_columns_are_asked_for_in_english_too(write: Write) -> None:
    text = (
        "id;titre;réalisateur;pays;durée (min);année\n1;Les 400 coups;François Truffaut;France;99;1959\n"
        "2;Stalker;Andreï Tarkovski;URSS;162;1979\n3;La Haine;Mathieu Kassovitz;France;98;1995\n"
    )
    items = read("x", "table", items=write("films.csv", text)).items
    fields = Fields(items)
    for query, expected in (
        ("director:truffaut", [1]),
        ("country:france", [1, 3]),
        ("runtime:>100", [2]),
        ("pays:URSS", [2]),
    ):
        found = mask(parse(query, fields).filters, fields)
        assert found is not None
        assert (np.flatnonzero(found) + 1).tolist() == expected, query
