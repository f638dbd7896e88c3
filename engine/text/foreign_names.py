"""Names of columns in other languages than English, without accents and spaces.

Each line has one language: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Turkish, Russian, Chinese and
Japanese, as far as the words differ from those of the lines above.
"""

from __future__ import annotations

import re

from engine.text.normalize import fold

USER = (
    "benutzer", "benutzerid", "benutzername", "nutzer", "nutzerid", "nutzername", "kunde", "kundenid", "kundennummer",
    "kundennr",
    "utilisateur", "utilisateurid", "idutilisateur", "clientid", "idclient", "lecteur", "spectateur",
    "usuario", "usuarioid", "idusuario", "idcliente", "cliente", "lector",
    "utente", "idutente", "utenteid", "lettore",
    "leitor",
    "gebruiker", "gebruikerid", "klant", "klantid", "klantnummer",
    "uzytkownik", "iduzytkownika", "klient", "idklienta",
    "kullanici", "kullaniciid", "musteri", "musteriid",
    "пользователь", "idпользователя", "клиент",
    "用户", "用户id", "用户编号", "用戶", "客户",
    "ユーザー", "ユーザーid", "ユーザ", "利用者", "顧客",
)  # fmt: skip
#: Kinds of things, above their names.
THING = (
    "buch", "spiel", "serie", "artikel", "produkt",
    "livre", "produit", "jeu", "oeuvre",
    "pelicula", "libro", "producto", "articulo", "juego",
    "prodotto", "articolo", "gioco",
    "filme", "livro", "produto", "jogo",
    "boek",
    "ksiazka", "gra",
    "kitap", "urun", "oyun",
    "фильм", "книга", "товар", "игра",
    "电影", "影片", "書", "书", "图书", "商品", "游戏", "電影",
    "映画", "本", "作品", "アイテム", "ゲーム",
)  # fmt: skip
ITEM = (
    *THING,
    "filmtitel", "buchid", "buchtitel", "artikelid", "artikelnummer", "artikelnr", "produktid",
    "produktnr", "filmnr", "filmnummer", "buchnr",
    "produitid", "idproduit", "idfilm", "livreid", "idlivre",
    "peliculaid", "idpelicula", "productoid", "idproducto", "libroid", "idlibro",
    "idprodotto", "prodottoid",
    "filmeid", "idfilme", "produtoid", "idproduto",
    "boekid", "artikelnaam",
    "urunid", "filmadi",
    "电影id", "书名", "商品id",
    "映画id", "商品名",
)  # fmt: skip
RATING = (
    "bewertung", "bewertungen", "wertung", "punkte", "sterne", "note", "punktzahl",
    "evaluation", "etoiles",
    "calificacion", "valoracion", "puntuacion", "puntaje", "estrellas", "nota",
    "voto", "valutazione", "punteggio", "stelle",
    "avaliacao", "classificacao", "pontuacao", "estrelas",
    "beoordeling", "waardering", "cijfer", "sterren",
    "ocena", "gwiazdki",
    "puan", "yildiz", "degerlendirme",
    "оценка", "рейтинг", "звезды",
    "评分", "得分", "星级", "評分",
    "評価", "評点", "点数", "レーティング",
)  # fmt: skip
TIME = (
    "datum", "zeit", "uhrzeit", "zeitpunkt", "zeitstempel", "gesehenam", "gelesenam", "bewertetam", "bestelldatum",
    "kaufdatum",
    "horodatage", "heure", "dateheure", "datevisionnage", "dateachat", "datecommande", "vule",
    "fecha", "hora", "fechahora", "fechacompra",
    "data", "ora", "dataora", "datavisione", "dataacquisto",
    "datahora", "datacompra",
    "tijdstip", "tijd", "besteldatum",
    "czas",
    "tarih", "zaman",
    "дата", "время",
    "时间", "日期", "评分时间", "時間",
    "日付", "日時", "時刻",
)  # fmt: skip
TITLE = (
    "titel", "filmtitel", "buchtitel", "artikelname", "produktname", "bezeichnung",
    "titre", "nom", "nomproduit", "intitule",
    "titulo", "nombre", "nombreproducto",
    "titolo", "nome", "nomeprodotto",
    "nomeproduto",
    "naam",
    "tytul", "nazwa",
    "baslik", "filmadi", "kitapadi", "urunadi",
    "название", "заголовок",
    "标题", "片名", "电影名", "书名", "商品名称", "名称",
    "タイトル", "題名", "作品名", "書名", "商品名", "名前",
)  # fmt: skip
YEAR = (
    "jahr", "erschienen", "erscheinungsjahr", "erscheinungsdatum",
    "annee", "anneesortie", "datesortie",
    "ano", "anoestreno", "fechaestreno",
    "anno", "annouscita",
    "anolancamento",
    "jaar",
    "rok",
    "yil",
    "год",
    "年份", "年", "上映年份",
    "公開年", "発売年", "出版年",
)  # fmt: skip
GENRES = (
    "kategorie", "kategorien", "gattung", "schlagworte", "schlagwoerter",
    "categorie",
    "genero", "generos", "categoria", "categorias",
    "genere", "generi",
    "gatunek", "gatunki", "kategoria",
    "tur", "turler", "kategori",
    "жанр", "жанры", "категория",
    "类型", "类别", "分类",
    "ジャンル", "カテゴリ", "カテゴリー",
)  # fmt: skip
TEXT = (
    "beschreibung", "inhalt", "handlung", "zusammenfassung", "inhaltsangabe",
    "descriptif", "resume",
    "descripcion", "sinopsis", "resumen", "argumento",
    "descrizione", "trama", "sinossi",
    "descricao", "sinopse", "enredo",
    "beschrijving", "samenvatting",
    "opis",
    "aciklama", "konu", "ozet",
    "описание", "сюжет",
    "简介", "描述", "剧情",
    "あらすじ", "説明", "概要", "内容",
)  # fmt: skip
#: Columns that say more of items, by the English word for each.
_ENGLISH = {
    "directors": (
        "regie", "regisseur", "regisseurin", "regisseure", "realisateur", "realisatrice", "realisateurs", "direccion",
        "regia", "regista", "registi", "diretor", "diretora", "direcao", "rezyser", "rezyseria", "yonetmen",
        "режиссер", "режиссеры", "导演", "監督",
    ),
    "actors": (
        "darsteller", "schauspieler", "schauspielerin", "besetzung", "hauptdarsteller", "acteur", "acteurs",
        "interpretes", "reparto", "actores", "attore", "attori", "atores", "elenco", "aktorzy",
        "obsada", "oyuncu", "oyuncular", "актеры", "в ролях", "演员", "主演", "出演", "キャスト", "出演者",
    ),
    "authors": (
        "autor", "autorin", "autoren", "verfasser", "auteur", "auteurs", "ecrivain", "autora", "autores", "autore",
        "autori", "schrijver", "autorzy", "yazar", "автор", "авторы", "作者", "著者",
    ),
    "artists": (
        "kunstler", "interpret", "interpreten", "artiste", "artistes", "artista", "artistas", "artisti", "artiest",
        "wykonawca", "sanatci", "исполнитель", "歌手", "艺术家", "アーティスト",
    ),
    "publishers": (
        "verlag", "editeur", "editorial", "editore", "editora", "uitgever", "uitgeverij", "wydawnictwo", "wydawca",
        "yayinevi", "издательство", "出版社",
    ),
    "brands": (
        "marke", "hersteller", "marque", "fabricant", "marca", "fabricante", "merk", "marka", "бренд",
        "производитель", "品牌", "ブランド", "メーカー",
    ),
    "studios": ("produktionsfirma", "estudio", "estudios", "студия", "制作公司", "スタジオ", "制作会社"),
    "series": ("reihe", "buchreihe", "filmreihe", "saga", "serie", "cykl", "seri", "серия", "系列", "シリーズ"),
    "keywords": (
        "schlagworte", "schlagworter", "stichworte", "themen", "mots cles", "themes", "palabras clave", "temas",
        "parole chiave", "temi", "palavras chave", "trefwoorden", "slowa kluczowe", "ключевые слова", "关键词",
        "キーワード", "タグ",
    ),
    "countries": (
        "land", "lander", "produktionsland", "herkunftsland", "pays", "pais", "paises", "paese", "paesi", "kraj",
        "ulke", "страна", "страны", "国家", "地区", "国", "制作国",
    ),
    "languages": (
        "sprache", "sprachen", "originalsprache", "langue", "langues", "idioma", "idiomas", "lingua", "lingue", "taal",
        "jezyk", "dil", "язык", "语言", "言語",
    ),
    "original title": (
        "originaltitel", "titre original", "titulo original", "titolo originale", "oorspronkelijke titel",
        "tytul oryginalny", "orijinal ad", "оригинальное название", "原名", "原题", "原題",
    ),
    "runtime": (
        "dauer", "laufzeit", "spieldauer", "duree", "duracion", "durata", "duracao", "speelduur", "looptijd",
        "czas trwania", "sure", "длительность", "продолжительность", "时长", "片长", "上映時間",
    ),
    "price": ("preis", "prix", "precio", "prezzo", "preco", "prijs", "cena", "fiyat", "цена", "价格", "価格", "値段"),
    "pages": ("seiten", "seitenzahl", "nombre de pages", "paginas", "pagine", "strony", "sayfa", "页数", "ページ数"),
    "episodes": ("folgen", "episoden", "episodios", "episodi", "afleveringen", "odcinki", "集数", "話数"),
}  # fmt: skip
#: The English names by which such a column can also be asked for.
_ASKED_FOR = {
    "directors": ("director", "directors"),
    "actors": ("actors", "cast"),
    "authors": ("author", "authors"),
    "artists": ("artist", "artists"),
    "publishers": ("publisher",),
    "brands": ("brand",),
    "studios": ("studio", "studios"),
    "series": ("series",),
    "keywords": ("keywords",),
    "countries": ("country", "countries"),
    "languages": ("language", "languages"),
    "original title": ("original_title",),
}
_DESCRIPTIONS = frozenset(map(fold, TEXT))
_WORDS = {fold(name): english for english, names in _ENGLISH.items() for name in names}
_BETWEEN = re.compile(r"[\s_.\-]+")
#: The unit at the end of a name.
_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")


def in_english(column: str) -> str:
    """The English name of a column whose name has a usual word of another language; the name itself otherwise.

    Examples
    --------
    >>> in_english("Regisseur"), in_english("titre_original"), in_english("Durée (min)"), in_english("director")
    ('directors', 'original title', 'runtime', 'director')
    """
    return _WORDS.get(_plain(column), column)


def english_names(column: str) -> tuple[str, ...]:
    """The English names by which a column with a name of another language can be asked for; empty for other columns.

    Examples
    --------
    >>> english_names("réalisateur")
    ('director', 'directors')
    """
    word = _WORDS.get(_plain(column))
    return () if word is None else _ASKED_FOR.get(word, (word,))


def is_description(column: str) -> bool:
    """Whether the name of a column says in another language than English that it describes items.

    Examples
    --------
    >>> is_description("Résumé"), is_description("overview")
    (True, False)
    """
    return _plain(column).replace(" ", "") in _DESCRIPTIONS


def _plain(column: str) -> str:
    return _BETWEEN.sub(" ", fold(_UNIT.sub("", column))).strip()
