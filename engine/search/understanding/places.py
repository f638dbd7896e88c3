"""Names of languages, countries and regions, with their adjectives and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from engine.search.understanding.tokens import word_set

# Each entry: the adjective, then the codes and other spellings that catalogues use for the language.
_LANGUAGES = """
arabic: ar ara; bengali: bn ben; bulgarian: bg bul; cantonese/hong kong: cn yue; catalan: ca cat
chinese: zh zho chi cn mandarin cantonese; mandarin: zh cmn; croatian: hr hrv; czech: cs ces cze; danish: da dan
dutch: nl nld dut flemish; english: en eng; estonian: et est; finnish: fi fin; french: fr fra fre; georgian: ka kat
german: de deu ger; greek: el ell gre; hebrew: he heb; hindi/bollywood: hi hin; hungarian: hu hun; icelandic: is isl ice
indonesian: id ind; irish: ga gle; italian: it ita; japanese: ja jpn jp; kannada: kn kan; korean/south korean: ko kor kr
latvian: lv lav; lithuanian: lt lit; malay: ms msa; malayalam: ml mal; marathi: mr mar; norwegian: no nor nb nn
persian: fa fas per farsi; polish: pl pol; portuguese: pt por; punjabi: pa pan; romanian: ro ron rum; russian: ru rus
serbian: sr srp; slovak: sk slk slo; slovenian: sl slv; spanish: es spa castilian; swedish: sv swe
tagalog: tl tgl filipino; tamil: ta tam; telugu: te tel; thai: th tha; turkish: tr tur; ukrainian: uk ukr; urdu: ur urd
vietnamese: vi vie; welsh: cy cym
"""
# Each entry: the adjectives, then the names and the code that catalogues use for the country.
_COUNTRIES = """
afghan: afghanistan; algerian: algeria; american: united states, united states of america, usa, us, america
argentinian/argentine: argentina, ar; australian/aussie: australia, au; austrian: austria, at; belgian: belgium, be
brazilian: brazil, br; british/english: united kingdom, great britain, uk, gb, britain, england, scotland, wales
bulgarian: bulgaria, bg; canadian: canada, ca; chilean: chile, cl; chinese: china, people's republic of china, cn
colombian: colombia, co; croatian: croatia, hr; cuban: cuba, cu
czech/czechoslovak: czech republic, czechia, czechoslovakia, cz; danish: denmark, dk; dutch: netherlands, nl, holland
egyptian: egypt, eg; estonian: estonia, ee; finnish: finland, fi; french: france, fr; georgian: georgia, ge
german: germany, west germany, east germany, de; greek: greece, gr; hong kong: hong kong, hk; hungarian: hungary, hu
icelandic: iceland, is; indian/bollywood: india, in; indonesian: indonesia, id; iranian/persian: iran, ir
irish: ireland, republic of ireland, ie; israeli: israel, il; italian: italy, it; jamaican: jamaica, jm
japanese: japan, jp; kenyan: kenya, ke; korean/south korean: south korea, korea, republic of korea, kr
latvian: latvia, lv; lebanese: lebanon, lb; lithuanian: lithuania, lt; malaysian: malaysia, my; mexican: mexico, mx
moroccan: morocco, ma; new zealand: new zealand, nz; nigerian: nigeria, ng; norwegian: norway, no
pakistani: pakistan, pk; peruvian: peru, pe; filipino/philippine: philippines, ph; polish: poland, pl
portuguese: portugal, pt; romanian: romania, ro; russian: russia, russian federation, soviet union, ussr, ru
scottish: scotland; serbian: serbia, yugoslavia, rs; singaporean: singapore, sg; slovak: slovakia, sk
slovenian: slovenia, si; south african: south africa, za; soviet: soviet union, ussr, su; spanish: spain, es
swedish: sweden, se; swiss: switzerland, ch; taiwanese: taiwan, tw; thai: thailand, th; turkish: turkey, tr
ukrainian: ukraine, ua; vietnamese: vietnam, vn; welsh: wales
"""
# Each entry: the adjectives of a region, then its names, then the adjectives of its countries and languages, or of
# regions named before it. A further entry of a region adds to it.
_REGIONS = """
scandinavian/nordic = scandinavia: danish finnish icelandic norwegian swedish; baltic: estonian latvian lithuanian
western european = western europe: austrian belgian british dutch french german irish swiss
southern european = southern europe: greek italian portuguese spanish
balkan = the balkans/balkans: bulgarian croatian greek romanian serbian slovenian
eastern european = eastern europe: bulgarian croatian czech hungarian polish romanian russian serbian slovak slovenian
eastern european = eastern europe: soviet ukrainian baltic
european = europe: scandinavian western_european southern_european eastern_european
north american = north america: american canadian mexican
south american = south america: argentinian brazilian chilean colombian peruvian
latin american = latin america: south_american cuban mexican
east asian = east asia: chinese hong_kong japanese korean taiwanese
southeast asian/south east asian = southeast asia/south east asia: filipino indonesian malaysian singaporean thai
southeast asian/south east asian = southeast asia/south east asia: vietnamese
south asian = south asia: afghan indian pakistani bengali hindi kannada malayalam marathi punjabi tamil telugu urdu
asian = asia: east_asian southeast_asian south_asian
middle eastern = the middle east/middle east: egyptian iranian israeli lebanese turkish arabic hebrew persian
north african = north africa: algerian egyptian moroccan; african = africa: north_african kenyan nigerian south_african
"""
# Each entry: the adjectives of a country, then its names, then its languages. A catalogue without countries has its
# films among those in these languages; with a star few of these are from elsewhere.
_SPOKEN_IN = """
algerian = algeria: arabic french; argentinian/argentine = argentina: spanish; austrian = austria: german
belgian = belgium: dutch french; brazilian = brazil: portuguese; chilean = chile: spanish; colombian = colombia: spanish
cuban = cuba: spanish; egyptian = egypt: arabic; israeli* = israel: hebrew; lebanese = lebanon: arabic
indian* = india: bengali hindi kannada malayalam marathi punjabi tamil telugu; mexican = mexico: spanish
iranian* = iran: persian; moroccan = morocco: arabic french; pakistani* = pakistan: urdu; peruvian = peru: spanish
soviet = soviet_union: russian; swiss = switzerland: french german italian; taiwanese = taiwan: chinese mandarin
"""
#: The adjectives of the countries in which most people speak English.
ENGLISH_SPEAKING = ("american", "australian", "british", "canadian", "irish", "new zealand")
#: Nouns that an adjective of a country describes rather than where a film was made: "korean war", "spanish civil war".
NATIONAL_SUBJECTS = word_set(
    """
    war wars revolution resistance mafia empire army navy civil royal royals people king queen kings
    queens mythology myth myths gods folklore food cuisine restaurant immigrant immigrants history politics
    politician girl boy girls boys man woman men women soldier soldiers spy spies agent secret president prime
    prince princess teacher tourist village countryside
    """
)


def _lines(table: str) -> list[tuple[str, str]]:
    pairs = (entry.split(":") for line in table.strip().splitlines() for entry in line.split(";"))
    return [(left.strip(), right.strip()) for left, right in pairs]


#: Adjective of a language -> its spellings in catalogues.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    adjective: (adjective, *codes.split())
    for adjectives, codes in _lines(_LANGUAGES)
    for adjective in adjectives.split("/")
}


#: Adjective of a country -> its spellings in catalogues, the usual name first.
COUNTRIES: Mapping[str, tuple[str, ...]] = {
    adjective: tuple(name.strip() for name in names.split(","))
    for adjectives, names in _lines(_COUNTRIES)
    for adjective in adjectives.split("/")
}


def _regions() -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    members: dict[str, tuple[str, ...]] = {}
    named: dict[str, str] = {}
    for left, right in _lines(_REGIONS):
        adjectives, _, names = (part.strip() for part in left.partition("="))
        regions = adjectives.split("/")
        parts = [part.replace("_", " ") for part in right.split()]
        every = [one for part in parts for one in members.get(part, (part,))]
        members |= {region: tuple(dict.fromkeys((*members.get(region, ()), *every))) for region in regions}
        named |= dict.fromkeys(filter(None, names.split("/")), regions[0])
    return members, named


#: Adjective of a region -> the adjectives of its countries and languages; name of a region -> its adjective.
REGIONS, REGION_NAMES = _regions()


class Spoken(NamedTuple):
    """The languages of a country.

    Attributes
    ----------
    country
        The name of the country.
    languages
        The adjectives of its languages.
    is_sure
        Whether what is in these languages is mostly from there.
    """

    country: str
    languages: tuple[str, ...]
    is_sure: bool


def _spoken() -> dict[str, Spoken]:
    found: dict[str, Spoken] = {}
    for left, right in _lines(_SPOKEN_IN):
        adjectives, _, country = (part.strip() for part in left.partition("="))
        for adjective in adjectives.split("/"):
            one = Spoken(country.replace("_", " "), tuple(right.split()), adjective.endswith("*"))
            found[adjective.rstrip("*")] = one
    return found


#: Adjective of a country whose languages have other names -> the country and its languages.
SPOKEN_IN: Mapping[str, Spoken] = _spoken()
