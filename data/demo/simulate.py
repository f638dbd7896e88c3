"""Simulate the demo's audience: who watched what, when, in which order, and how they liked it.

Nobody in this data exists. The people are drawn from the tastes stated in ``tastes.csv``; the catalogue is real.
The same seed gives the same ratings everywhere: NumPy promises never to change the stream of ``RandomState``.

Run ``python data/demo/simulate.py`` to write ``ratings.csv.gz`` again.
"""

import csv
import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
SEED = 1979
USERS_PER_TASTE = 28
FEWEST_RATINGS = 5  # of an item
HOUR = 3600

# How strongly the choice of an item follows taste, fame and the item before it (exponents), and how strongly its
# rating follows taste and chance (stars).
TASTE_IN_CHOICE, FAME_IN_CHOICE, PULL_IN_CHOICE = 2.0, 0.5, 1.15
TASTE_IN_RATING, CHANCE_IN_RATING = 0.9, 0.3
# The share of sessions that follow somebody else's wishes. Were people to see only what they like, niche items would be
# rated by their admirers alone, and no model could learn who does not care for them.
COMPANY = 0.6

Floats = NDArray[np.float64]
Row = dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """Read a CSV file with a header line as one dictionary a row."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def facts_of(item: Row) -> set[str]:
    """Return what a taste can ask of an item, such as ``genre:Noir`` or ``decade:1940``."""
    facts = {f"{field}:{item[field]}" for field in ("kind", "country", "franchise")}
    facts |= {f"genre:{genre.strip()}" for genre in item["genres"].split(",")}
    facts |= {f"director:{name.strip()}" for name in item["director"].split(",")}
    return facts | {f"decade:{int(item['year']) // 10 * 10}"}


def parse_rules(text: str) -> list[tuple[set[str], float]]:
    """Parse rules such as ``genre:Noir*3; genre:Drama + country:Japan*1`` into facts and weights."""
    rules = []
    for rule in filter(str.strip, text.split(";")):
        facts, weight = rule.rsplit("*", 1)
        rules.append(({fact.strip() for fact in facts.split(" + ")}, float(weight)))
    return rules


def match_tastes(tastes: list[Row], facts: list[set[str]]) -> Floats:
    """Score how well each item matches each taste.

    Returns
    -------
    ndarray, shape (tastes, items)
        Mean 0 and spread 1 over the catalogue, with the far ends cut: nobody likes one film ten times as much.
    """
    known = set().union(*facts)
    scores = np.zeros((len(tastes), len(facts)))
    for row, taste in enumerate(tastes):
        for column, sign in (("likes", 1.0), ("dislikes", -1.0)):
            for wanted, weight in parse_rules(taste[column]):
                if not wanted <= known:
                    raise ValueError(f"taste {taste['taste']}: no item has {sorted(wanted - known)}")
                scores[row] += sign * weight * np.array([wanted <= has for has in facts])
    scores -= scores.mean(axis=1, keepdims=True)
    return np.clip(scores / scores.std(axis=1, keepdims=True), -1.5, 2.5)


def shared(facts: list[set[str]], prefix: str) -> Floats:
    """Count the facts with a prefix that each two items have in common."""
    names = sorted({fact for has in facts for fact in has if fact.startswith(prefix)})
    table = np.array([[name in has for name in names] for has in facts], dtype=float)
    return table @ table.T


def closeness(items: list[Row], facts: list[set[str]]) -> Floats:
    """Score how readily one item leads to the next: ``[i, j]`` is the pull from i to j.

    The next part of a series pulls most, then the same director, then a like mixture of genres of about the same time.
    """
    years = np.array([int(item["year"]) for item in items])
    genres, directors = shared(facts, "genre:"), shared(facts, "director:")
    lengths = np.sqrt(np.diag(genres))
    pull = 2.0 * genres / np.outer(lengths, lengths) + 1.5 * np.exp(-np.abs(years[:, None] - years) / 6.0)
    for field, weight in (("kind", 1.0), ("country", 0.5)):
        values = np.array([item[field] for item in items])
        pull += weight * (values[:, None] == values)
    pull += 1.5 * (directors > 0)
    franchise = np.array([item["franchise"] for item in items])
    same = (franchise[:, None] == franchise) & (franchise != "")
    pull += 2.0 * same
    for i in range(len(items)):
        later = np.flatnonzero(same[i] & (years > years[i]))
        if len(later):
            pull[i, later[np.argmin(years[later])]] += 2.5
    return pull


def draw(random: RandomState, weights: Floats) -> int:
    """Draw an index in proportion to the weights."""
    totals = np.cumsum(weights)
    return int(np.searchsorted(totals, random.random_sample() * totals[-1], side="right"))


def plan_sessions(random: RandomState, ratings: int) -> list[int]:
    """Return the time of each of a user's ratings in unix seconds: sessions of about five, a few hours apart."""
    first, last = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2018, 2024))
    start = random.uniform(first, last - 180 * 24 * HOUR)
    end = random.uniform(last, last + 340 * 24 * HOUR)  # all are still active in 2024, so new items are seen too
    lengths: list[int] = []
    while sum(lengths) < ratings:
        lengths.append(min(1 + random.poisson(4.0), ratings - sum(lengths)))
    times: list[int] = []
    for begin, length in zip(np.sort(random.uniform(start, end, len(lengths))), lengths, strict=True):
        now = max(int(begin), times[-1] + 12 * HOUR if times else 0)
        for _ in range(length):
            times.append(now)
            now += int(random.uniform(HOUR, 4 * HOUR))
    return times


def watch(
    random: RandomState,
    times: list[int],
    appeal: Floats,
    talk: Floats,
    pull: Floats,
    years: NDArray[np.int64],
    wishes: list[int],
) -> list[int]:
    """Choose what a user watches at each time, nothing twice and nothing before it was made.

    Parameters
    ----------
    random
        The stream to draw from.
    times
        Unix seconds, rising. A gap of six hours starts a new session.
    appeal, shape (items,)
        How much each item attracts this user: taste and fame together, as a weight.
    talk, shape (items,)
        How much each item is watched by everybody, as a weight: what people see when somebody else chooses.
    pull, shape (items, items)
        How much each item is favoured after another one, as a factor.
    years
        The year of each item.
    wishes
        Items that this user means to see some day, at the start of a session.
    """
    unseen = np.ones(len(appeal))
    mood, follow = appeal, False
    seen: list[int] = []
    for position, now in enumerate(times):
        made = years <= datetime.fromtimestamp(now, UTC).year
        new_session = not seen or now - times[position - 1] > 6 * HOUR
        if new_session:  # half of them take up where the last one ended, the others start afresh
            mood = talk if random.random_sample() < COMPANY else appeal
            follow = bool(seen) and random.random_sample() < 0.5
        ready = [item for item in wishes if made[item] and unseen[item]]
        late = len(ready) >= len(times) - position
        if ready and (late or (new_session and random.random_sample() < 0.7)):
            choice = max(ready, key=lambda item: years[item])  # the newest: it had the least time to be seen
        else:
            choice = draw(random, mood * unseen * made * (pull[seen[-1]] if follow else 1.0))
        follow = True
        seen.append(choice)
        unseen[choice] = 0.0
    return seen


def simulate(folder: Path = HERE, seed: int = SEED) -> list[tuple[str, str, float, int]]:
    """Simulate every user.

    Parameters
    ----------
    folder
        Where ``items.csv``, ``item_popularity.csv`` and ``tastes.csv`` lie.
    seed
        Of the stream that everything is drawn from.

    Returns
    -------
    list of (user, item, rating, timestamp)
        By user, then by time.
    """
    random = RandomState(seed)
    fame_of = {row["id"]: row for row in read_rows(folder / "fame.csv")}
    items = [item | fame_of[item["id"]] for item in read_rows(folder / "items.csv")]
    tastes = read_rows(folder / "tastes.csv")
    facts = [facts_of(item) for item in items]
    matches = match_tastes(tastes, facts)
    years = np.array([int(item["year"]) for item in items])
    item_popularity = np.array([float(item["fame"]) for item in items])
    pull = np.exp(PULL_IN_CHOICE * closeness(items, facts))
    popularity = np.exp(FAME_IN_CHOICE * item_popularity + random.normal(0.0, 0.25, len(items)))
    # What lasts is better than average, and more so the older it is: the bad films of 1925 are forgotten.
    quality = 0.05 * (item_popularity - 2.5) + 0.002 * (2000 - years) + random.normal(0.0, 0.25, len(items))

    users: list[str] = []
    affinity = np.zeros((len(tastes) * USERS_PER_TASTE, len(items)))
    for row in range(len(affinity)):
        main, number = divmod(row, USERS_PER_TASTE)
        users.append(f"{tastes[main]['taste']}-{number + 1:02d}")
        others = np.delete(np.arange(len(tastes)), main)
        minor = random.permutation(others)[: 1 if random.random_sample() < 0.5 else 2]
        shares = random.uniform(0.15, 0.4, len(minor))
        affinity[row] = (matches[main] + shares @ matches[minor]) / np.sqrt(1.0 + np.sum(shares**2))
    counts = np.clip(np.exp(random.normal(3.8, 0.38, len(users))), 18, 150).astype(int)

    plans = [plan_sessions(random, count) for count in counts]

    # Without word of mouth the tail would stay unseen: five people for whom it is right put each item on their list.
    wishes: list[list[int]] = [[] for _ in users]
    seasons = [np.array([datetime.fromtimestamp(now, UTC).year for now in times]) for times in plans]
    chances = {year: np.array([np.sum(season >= year) for season in seasons]) for year in range(2018, 2025)}
    for item in random.permutation(len(items)):
        room = np.array([len(wish) for wish in wishes]) < np.minimum(counts // 5, chances[max(years[item], 2018)] // 2)
        weights = np.exp(1.5 * affinity[:, item]) * room
        for user in random.choice(len(users), FEWEST_RATINGS, replace=False, p=weights / weights.sum()):
            wishes[user].append(int(item))

    ratings: list[tuple[str, str, float, int]] = []
    for row, user in enumerate(users):
        appeal = popularity * np.exp(TASTE_IN_CHOICE * affinity[row])
        seen = watch(random, plans[row], appeal, popularity, pull, years, wishes[row])
        mean, spread = random.normal(3.4, 0.35), random.uniform(0.7, 1.3)
        liking = TASTE_IN_RATING * (affinity[row][seen] - 1.0) + quality[seen]
        liking += random.normal(0.0, CHANCE_IN_RATING, len(seen))
        stars = np.clip(np.round(2.0 * (mean + spread * liking)) / 2.0, 0.5, 5.0)
        ratings += [(user, items[i]["id"], float(s), t) for i, s, t in zip(seen, stars, plans[row], strict=True)]
    return ratings


def write_ratings(ratings: list[tuple[str, str, float, int]], path: Path) -> None:
    """Write the ratings as gzipped CSV, without a time or a name in the archive so that equal data give equal bytes."""
    lines = ["user,item,rating,timestamp\n", *(f"{u},{i},{r:.1f},{t}\n" for u, i, r, t in ratings)]
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write("".join(lines).encode())


def main() -> None:
    """Write ``ratings.csv.gz`` into the folder given, or beside this file."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    ratings = simulate()
    write_ratings(ratings, target / "ratings.csv.gz")
    users, items = ({rating[column] for rating in ratings} for column in (0, 1))
    print(f"{len(ratings):,} ratings of {len(items):,} items by {len(users):,} users")


if __name__ == "__main__":
    main()
