"""Verdicts from counts: what is worse and not by chance, and nothing else."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact

from gitmodel.delivery import distances
from gitmodel.delivery.analysis import Seen, Side, judge, percentile, pool
from gitmodel.delivery.ansible.module_utils.gitmodel_router import BUCKETS
from gitmodel.delivery.ansible.module_utils.gitmodel_traffic import Traffic
from gitmodel.delivery.steps import StepOutcome, tell_step
from gitmodel.spec.environment import AnalysisSpec

ALLOWED = AnalysisSpec()


def traffic(requests: int, failed: int = 0, seconds: float = 0.02, slow: int = 0) -> Traffic:
    """Return requests that took so long, some of them five times as long."""
    buckets = [0] * (len(BUCKETS) + 1)
    for count, length in ((requests - slow, seconds), (slow, seconds * 5)):
        place = next(number for number, bound in enumerate((*BUCKETS, float("inf"))) if length <= bound)
        buckets[place] += count
    return Traffic(failed, tuple(buckets))


def seen(new: Side, old: Side | None = None) -> Seen:
    return Seen(old or Side(traffic(2000)), new)


def test_as_good_as_the_old_one() -> None:
    found = judge(seen(Side(traffic(100))), ALLOWED)
    assert (found.verdict, found.words) == ("passed", "")
    assert (found.figures["requests"], found.figures["requests_old"]) == (100, 2000)
    assert found.figures["latency_p95"] == pytest.approx(20, rel=0.2)


def test_too_little_is_inconclusive() -> None:
    found = judge(seen(Side(traffic(49))), ALLOWED)
    assert found.verdict == "inconclusive"
    assert found.words == "49 requests to the new version, of 50 that are needed"
    assert judge(Seen(), ALLOWED).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        (traffic(100, 20), traffic(2000), "failed"),
        (traffic(12, 12), traffic(200), "failed"),  # plainly bad; no need to wait for more
        (traffic(100, 1), traffic(2000), "passed"),  # one may be chance
        (traffic(100, 20), traffic(2000, 400), "passed"),  # clients send what no version takes
        (traffic(100_000, 600), traffic(100_000, 100), "passed"),  # surely more, and allowed
    ],
)
def test_errors(new: Traffic, old: Traffic, verdict: str) -> None:
    found = judge(Seen(Side(old), Side(new)), ALLOWED)
    assert found.verdict == verdict
    assert ("of its requests fail" in found.words) == (verdict == "failed")


@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        (traffic(100, seconds=0.05), traffic(2000, seconds=0.02), "failed"),
        (traffic(100, slow=30), traffic(2000), "failed"),
        (traffic(100, slow=6), traffic(2000), "passed"),  # about what is above any 95th percentile
        (traffic(100, seconds=0.025), traffic(2000, seconds=0.02), "passed"),
        (traffic(100, seconds=0.006), traffic(2000, seconds=0.002), "passed"),  # 4 ms hurt nobody
    ],
)
def test_latency(new: Traffic, old: Traffic, verdict: str) -> None:
    found = judge(Seen(Side(old), Side(new)), ALLOWED)
    assert found.verdict == verdict
    assert ("95th percentile" in found.words) == (verdict == "failed")


def test_answers_that_lie_elsewhere() -> None:
    old = Side(traffic(2000), outputs=("good", "bad") * 500)
    assert judge(seen(Side(traffic(100), outputs=("good",) * 100), old), ALLOWED).verdict == "failed"
    assert judge(seen(Side(traffic(100), outputs=("good", "bad") * 50), old), ALLOWED).verdict == "passed"
    few = judge(seen(Side(traffic(100), outputs=("good",) * 5), old), ALLOWED)
    assert (few.verdict, few.figures["output_shift"]) == ("passed", 0.5)
    not_asked = replace(ALLOWED, quality=False)
    assert judge(seen(Side(traffic(100), outputs=("good",) * 100), old), not_asked).verdict == "passed"


def test_labels_are_believed_before_distributions() -> None:
    old = Side(traffic(2000), outputs=(1.0,) * 1000, errors=(0.0, 0.0, 0.0, 1.0) * 100)
    moved = Side(traffic(100), outputs=(9.0,) * 100, errors=(0.0, 0.0, 0.0, 1.0) * 20)
    assert judge(seen(moved, old), ALLOWED).verdict == "passed"
    wrong = judge(seen(replace(moved, errors=(1.0,) * 30), old), ALLOWED)
    assert wrong.verdict == "failed"
    assert "further from 30 labels: 1 on average, the old one's 0.25" in wrong.words
    numbers = replace(old, errors=tuple(random.Random(1).random() for _ in range(400)))
    far = replace(moved, errors=tuple(1 + each for each in numbers.errors[:60]))
    assert judge(seen(far, numbers), ALLOWED).verdict == "failed"


def test_shadows_are_compared_by_pairs() -> None:
    side = Side(traffic(200))
    for differ, verdict in ((0, "passed"), (10, "passed"), (40, "failed")):
        pairs = (("a", "b"),) * differ + (("a", "a"),) * (200 - differ)
        found = judge(Seen(side, side, pairs), ALLOWED, shadow=True)
        assert (found.verdict, found.figures["disagreement"]) == (verdict, differ / 200)
    nothing_kept = judge(Seen(side, side), ALLOWED, shadow=True)
    assert nothing_kept.verdict == "inconclusive"
    assert nothing_kept.words == "0 answers of both to compare, of 50 that are needed"
    assert judge(Seen(side, side), replace(ALLOWED, quality=False), shadow=True).verdict == "passed"


def test_numbers_agree_where_they_are_close_as_their_spread_goes() -> None:
    pairs = [(float(number), number + 0.5) for number in range(100)]
    assert distances.unlike(pairs) == 0
    assert distances.unlike([(first, second + 10) for first, second in pairs]) == 100
    assert distances.unlike([(1, 2), (1, 1), ("a", None)]) == 2


def test_hosts_are_taken_together() -> None:
    side = {"traffic": traffic(30, 2).as_json(), "outputs": [1], "errors": [0]}
    host = {"old": side, "new": side, "pairs": [[1, 2]]}
    found = pool([host, host])
    assert (found.new.traffic.requests, found.new.traffic.failed) == (60, 4)
    assert (found.old.outputs, found.old.errors, found.pairs) == ((1, 1), (0.0, 0.0), ((1, 2), (1, 2)))


counts = st.integers(0, 60)


@given(counts, counts, counts, counts)
def test_more_often_is_fishers_test(hits: int, misses: int, others: int, rest: int) -> None:
    found = distances.more_often(hits, hits + misses, others, others + rest)
    if hits + misses and others + rest:
        exact = fisher_exact([[hits, misses], [others, rest]], alternative="greater").pvalue
        assert found == pytest.approx(exact, abs=1e-9)
    else:
        assert found == 1


@given(counts, counts, st.sampled_from([0.0, 0.05, 0.5, 1.0]))
def test_at_least_is_binomial(hits: int, misses: int, part: float) -> None:
    of = hits + misses
    if hits > of * part:
        assert distances.at_least(hits, of, part) == pytest.approx(binom.sf(hits - 1, of, part), abs=1e-9)


@given(st.lists(st.floats(0.0005, 50), min_size=1, max_size=50))
def test_percentiles_are_within_a_bucket(lengths: list[float]) -> None:
    buckets = [0] * (len(BUCKETS) + 1)
    for length in lengths:
        buckets[sum(bound < length for bound in BUCKETS)] += 1
    found, largest = percentile(buckets, 1.0), max(lengths)
    assert largest / 1.26 <= found <= max(0.001, largest * 1.26)


def test_equal_versions_seldom_fail() -> None:
    chance, failed = random.Random(7), 0
    for _ in range(200):
        old, new = (
            Side(
                traffic(count, sum(chance.random() < 0.05 for _ in range(count))),
                tuple(chance.gauss(0, 1) for _ in range(count)),
            )
            for count in (400, 60)
        )
        failed += judge(Seen(old, new), ALLOWED).verdict == "failed"
    assert failed <= 2


def test_a_step_in_a_line() -> None:
    figures = {"requests": 312, "requests_old": 5900, "error_rate": 0.012, "error_rate_old": 0.001}
    step = StepOutcome(5, 600.2, {**figures, "latency_p95": 12.2, "latency_p95_old": 11}, "passed")
    told = "5 %, 600 s, 312 requests (old 5900), 1.2% errors (old 0.1%), p95 12 ms (old 11): passed"
    assert tell_step("canary", step) == told
    shadow = replace(step, figures={"pairs": 90, "disagreement": 0.1}, verdict="failed", words="so")
    assert tell_step("shadow", shadow) == "copies of 5 %, 600 s, 10.0% of 90 answers differ: failed: so"
