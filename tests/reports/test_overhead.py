"""The overhead is right, says how sure it is, and says "cannot tell" where it cannot."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from records.operation import Arm, OperationRecord, Outcome
from reports.judge import intervals
from reports.judge.overhead import FEWEST, overhead
from reports.measure.keys import OperationKey
from reports.measure.pairs import Pair, PairMatcher, Pairs
from reports.wording.overhead import summary
from reports.wording.phrases import relative_within


def pairs_of(baseline_ms: Any, hedera_ms: Any, confirm: str = "receipt", into: Pairs | None = None) -> Pairs:
    """Pairs with these latencies, one per second."""
    pairs = into or Pairs()
    for second, (first, then) in enumerate(zip(baseline_ms, hedera_ms, strict=True)):
        sample = pairs.sample("audit-event", confirm)
        sample.add(Pair(-random.random(), float(second), first / 1000, then / 1000))
    return pairs


def judged(pairs: Pairs, seed: int = 1) -> dict[str, Any]:
    """The only entry of the overhead."""
    (entry,) = overhead(pairs.samples, seed)
    return entry


def skewed(source: np.random.Generator, mean: float, count: int) -> np.ndarray[Any, Any]:
    """Latencies with a long tail."""
    return np.asarray(mean - 10 + source.gamma(2, 5, count))


def test_a_short_and_skewed_baseline_leaves_the_relative_interval_positive() -> None:
    """A local write of 1 ms, once 26 ms, beside a network of 2 s: many times the baseline, and never less than that."""
    source = np.random.default_rng(11)
    baseline = np.append(source.gamma(4, 0.2, 73), 26.0)
    hedera = 2_005 + source.gamma(2, 1.5, 74)
    interval = intervals.relative_interval(baseline, hedera, 1)
    assert interval is not None
    low, high = interval.ci95
    assert 10_000 < low < interval.estimate < high < 1_000_000
    assert interval.estimate == pytest.approx(100 * (hedera.mean() / baseline.mean() - 1))
    for share in (0.5, 0.95):
        _, relative = intervals.quantile_intervals(baseline, hedera, share, 1)
        assert relative is not None
        assert relative.ci95[0] > 0


@pytest.mark.parametrize(
    ("relative", "words"),
    [
        ((227.0, 227.0, 227.0), "+227 %"),
        ((227.4, 221.0, 235.2), "+227 %, between +221 % and +235 %"),
        ((-40.0, -45.0, -35.0), "-40 %, between -45 % and -35 %"),
        ((999.0, 950.0, 1_100.0), "+999 %, between +950 % and +1,100 %"),
        ((1_001.0, 950.0, 1_100.0), ""),
        ((186_200.0, 150_000.0, 220_000.0), ""),
        ((175_600.0, 715.0, 352_630.0), ""),
        ((5.0, -1.0, 11.0), ""),
    ],
)
def test_a_ratio_is_told_with_its_interval_or_not_at_all(relative: tuple[float, float, float], words: str) -> None:
    """ "1,757 times the baseline" says nothing where it may be 8 or 3,527 times."""
    assert relative_within(*relative) == words


@pytest.mark.parametrize("baseline", [np.zeros(40), np.append(np.zeros(30), np.ones(10))])
def test_no_relative_figure_without_a_baseline_that_takes_time(baseline: Any) -> None:
    """What is compared with nothing has no ratio, for the mean or for a quantile, and nothing breaks."""
    hedera = np.linspace(1, 2, 40)
    if not baseline.any():
        assert intervals.relative_interval(baseline, hedera, 1) is None
    _, relative = intervals.quantile_intervals(baseline, hedera, 0.5, 1)
    assert relative is None


def test_the_original_headline_is_reproduced() -> None:
    """A baseline of 51 ms and 167 ms with Hedera: 116 ms and 227 %, with intervals that hold both."""
    source = np.random.default_rng(51)
    entry = judged(pairs_of(skewed(source, 51, 400), skewed(source, 167, 400)))
    for figure, truth in (("absolute_ms", 116), ("relative_pct", 100 * 116 / 51)):
        low, high = entry[figure]["ci95"]
        assert low <= truth <= high
        assert low <= entry[figure]["estimate"] <= high
    assert entry["conclusion"] == "costs"
    assert "+22" in entry["verdict"]
    assert "11" in entry["verdict"]


def test_exact_headline_numbers() -> None:
    """Where both arms always take the same time, nothing is left to doubt: 116 ms, 227 %."""
    entry = judged(pairs_of([51.0] * 40, [167.0] * 40))
    assert entry["absolute_ms"]["estimate"] == pytest.approx(116)
    assert entry["absolute_ms"]["ci95"] == pytest.approx([116, 116])
    assert entry["verdict"] == "Hedera adds 116 ms per audit event (+227 %), measured to the receipt."


@pytest.mark.parametrize("shape", ["normal", "skewed", "autocorrelated"])
@pytest.mark.parametrize("extra_ms", [0.0, 116.0])
def test_the_interval_holds_the_truth(shape: str, extra_ms: float) -> None:
    """The 95 % interval of the mean contains the true overhead in 93 of 100 runs of 60 pairs, whatever their shape.

    Without any overhead this is anchor 11: it covers 0, and hardly ever does the verdict claim a difference.
    """
    runs, held, alarms = 100, 0, 0
    for seed in range(runs):
        source = np.random.default_rng(seed)
        noise = source.normal(0, 3, 61)
        extra = {
            "normal": noise[1:],
            "skewed": 8 * source.lognormal(0, 1, 60) - 8 * np.exp(0.5),
            "autocorrelated": noise[1:] + noise[:-1],
        }[shape]
        baseline = skewed(source, 51, 60)
        found = intervals.mean_interval(intervals.mean_difference, baseline, baseline + extra_ms + extra, seed)
        assert found is not None
        held += found.ci95[0] <= extra_ms <= found.ci95[1]
        alarms += not found.ci99[0] <= 0 <= found.ci99[1]
    assert held >= 93
    if extra_ms == 0:
        assert alarms <= 5, "equal arms are told apart"


def test_blocks_widen_the_interval_of_correlated_pairs() -> None:
    """A run whose pace drifts is less sure than its pairs look, one by one."""
    drift = np.repeat(np.random.default_rng(3).normal(0, 20, 20), 20)
    noise = np.random.default_rng(4).normal(0, 100, 400)
    entry = judged(pairs_of([50.0] * 400, 1166 + drift + noise))
    pairs, blocks = (entry["intervals"][kind] for kind in ("pairs", "blocks"))
    assert blocks[1] - blocks[0] > 1.05 * (pairs[1] - pairs[0]), "a drift that noise hides from neighbours"
    low, high = entry["absolute_ms"]["ci95"]
    assert low <= min(pairs[0], blocks[0]) <= max(pairs[1], blocks[1]) <= high


def test_pairs_that_resemble_their_neighbours_are_worth_less() -> None:
    """400 pairs on 20 plateaus tell about as much as 20 independent ones, and the interval is as wide as those say."""
    drift = np.repeat(np.random.default_rng(3).normal(0, 20, 20), 20)
    noise = np.random.default_rng(4).normal(0, 1, 400)
    entry = judged(pairs_of([50.0] * 400, 166 + drift + noise))
    assert 8 <= entry["worth_pairs"] <= 25
    low, high = entry["absolute_ms"]["ci95"]
    assert high - low > 2 * 1.96 * drift.std() / np.sqrt(20)


def test_pairs_worth_too_few_independent_ones_give_a_reason_and_no_number() -> None:
    """A run within one slow change has pairs enough, and yet nothing to tell."""
    entry = judged(pairs_of([50.0] * 60, [166 + n / 3 for n in range(60)]))
    assert entry["conclusion"] == "cannot tell"
    assert entry["absolute_ms"] == {"estimate": None, "ci95": None}
    assert "the 60 pairs resemble their neighbours so much that they tell no more than 2 independent" in entry["reason"]


def test_every_figure_is_compared() -> None:
    """Mean, p50, p95, p99 and throughput, absolute and relative, each with an interval that holds the truth."""
    source = np.random.default_rng(7)
    entry = judged(pairs_of(source.normal(50, 2, 2_000), source.normal(100, 4, 2_000)))
    assert [row["figure"] for row in entry["figures"]] == ["mean", "p50", "p95", "p99", "throughput"]
    truths = {"mean": 50, "p50": 50, "p95": 50 + 1.645 * 2, "p99": 50 + 2.326 * 2, "throughput": 10 - 20}
    for row in entry["figures"]:
        low, high = row["absolute"]["ci95"]
        assert low - 0.5 <= truths[row["figure"]] <= high + 0.5
        assert row["relative_pct"]["ci95"][0] <= row["relative_pct"]["estimate"] <= row["relative_pct"]["ci95"][1]
    throughput = entry["figures"][-1]
    assert throughput["relative_pct"]["estimate"] == pytest.approx(-50, abs=1)


@pytest.mark.parametrize("seed", [3, 92, 95, 105])
@pytest.mark.parametrize("drawn", ["alike", "apart"])
def test_absolute_and_relative_intervals_tell_the_same_side(seed: int, drawn: str) -> None:
    """Throughput was -71 to +54 per second and -29 to -20 %: the one leaves open what the other knows."""
    source = np.random.default_rng(seed)
    count = int(source.integers(20, 60))
    baseline = source.gamma(2, 5, count)
    if drawn == "alike":
        hedera = baseline * source.normal(1, 0.1, count) * (1 + source.choice([0, 0.03, 0.3, -0.2]))
    else:
        hedera = source.gamma(2, 5 * (1 + source.choice([0, 0.3, 1, 5])), count)
    for row in judged(pairs_of(list(baseline), list(hedera)))["figures"]:
        sides = [row[which]["ci95"] for which in ("absolute", "relative_pct")]
        if None not in sides:
            open_signs = [side[0] < 0 < side[1] for side in sides]
            known_signs = [side[0] > 0 or side[1] < 0 for side in sides]
            assert not (any(open_signs) and any(known_signs)), row["figure"]
            assert all(
                side[0] <= row[which]["estimate"] <= side[1]
                for which, side in zip(("absolute", "relative_pct"), sides, strict=True)
            )


def test_the_difference_decides_on_the_sign_of_the_ratio() -> None:
    """A few slow baselines widen the ratio's interval over 0: the difference stays as it is, the ratio ends at 0.

    A run of 43 models, 8,159 ms each, was told as "0 to 8,177 ms", and was missing from the headline.
    """
    bounds = {"blocks": None, "standard_error": 1.0, "effective_pairs": 43.0}
    absolute = intervals.Interval(8_159.0, (8_140.0, 8_177.0), ci99=(8_130.0, 8_190.0), **bounds)
    relative = intervals.Interval(900.0, (-20.0, 4_000.0), ci99=(-60.0, 9_000.0), **bounds)
    first, second = intervals.with_consistent_sign(absolute, relative)
    assert first == absolute
    assert second is not None
    assert (second.ci95, second.ci99) == ((0.0, 4_000.0), (0.0, 9_000.0))
    faster = replace(absolute, estimate=-8_159.0, pairs=(-8_177.0, -8_140.0), ci99=(-8_190.0, -8_130.0))
    _, second = intervals.with_consistent_sign(faster, relative)
    assert second is not None
    assert second.ci95 == (-20.0, 0.0)
    open_sign = replace(absolute, pairs=(-1.0, 5.0), ci99=(-2.0, 6.0))
    known = replace(relative, pairs=(2.0, 3.0), ci99=(1.0, 4.0))
    first, second = intervals.with_consistent_sign(open_sign, known)
    assert first == open_sign
    assert second is not None
    assert second.ci95 == (0.0, 3.0)


def test_percentiles_that_need_more_pairs_are_not_printed() -> None:
    """A p99 of 60 pairs would be their maximum; the reason stands in its place."""
    entry = judged(pairs_of([50.0] * 60, [60.0 + n % 7 for n in range(60)]))
    rows = {row["figure"]: row for row in entry["figures"]}
    assert rows["mean"]["absolute"]["ci95"]
    assert rows["p99"]["hedera"] is None
    assert rows["p99"]["absolute"] == {"estimate": None, "ci95": None}
    assert rows["p99"]["reason"] == f"needs {FEWEST['p99']:,} pairs"


def test_equal_arms_show_no_difference() -> None:
    """Two equal arms: the verdict names the largest difference that could hide."""
    source = np.random.default_rng(1)
    entry = judged(pairs_of(skewed(source, 51, 200), skewed(source, 51, 200)))
    assert entry["conclusion"] == "no difference"
    assert entry["verdict"].startswith("No difference above")
    assert 0 < entry["detectable_ms"] < 5


def test_noise_that_drowns_the_baseline_cannot_tell() -> None:
    """Where the interval reaches beyond half the baseline, "no difference" would be a claim nobody can make."""
    source = np.random.default_rng(2)
    entry = judged(pairs_of(source.exponential(50, 25), source.exponential(50, 25)))
    assert entry["conclusion"] == "cannot tell"
    assert "the smallest that these pairs could show" in entry["verdict"]


@pytest.mark.parametrize("complete", [0, 1, FEWEST["mean"] - 1])
def test_too_few_pairs_give_a_reason_and_no_number(complete: int) -> None:
    """Where nothing can be said, no number is printed."""
    pairs = pairs_of([50.0] * complete, [200.0] * complete)
    pairs.sample("audit-event", "receipt")
    entry = judged(pairs)
    assert entry["absolute_ms"] == entry["relative_pct"] == {"estimate": None, "ci95": None}
    assert entry["baseline_ms"] is entry["hedera_ms"] is entry["detectable_ms"] is None
    assert entry["figures"] == []
    assert entry["curves"]["difference"] == []
    assert f"{FEWEST['mean'] - complete} more" in entry["reason"]
    assert entry["conclusion"] == "cannot tell"


def record(arm: Arm, pair: str, seconds: float, outcome: Outcome = Outcome.SUCCEEDED, **fields: Any) -> OperationRecord:
    """One closed arm."""
    confirm = "" if arm is Arm.BASELINE else fields.pop("confirm", "receipt")
    return OperationRecord(
        *("audit-event", arm, pair, confirm, 0.0, 100.0, seconds, outcome), status=fields.pop("status", "SUCCESS")
    )


def test_an_arm_that_mostly_fails_gives_a_reason_and_no_number() -> None:
    """The few that got through a failing network are no fair sample."""
    pairs, matcher = Pairs(), PairMatcher()
    for number in range(100):
        outcome = Outcome.SUCCEEDED if number % 3 == 0 else Outcome.FAILED
        matcher.match(record(Arm.BASELINE, str(number), 0.05), pairs)
        matcher.match(record(Arm.HEDERA, str(number), 0.16, outcome), pairs)
    entry = judged(pairs)
    assert entry["pairs"] == 34
    assert entry["failed"] == {"baseline": 0, "hedera": 66}
    assert entry["absolute_ms"]["estimate"] is None
    assert "66 of 100 operations with Hedera did not succeed" in entry["reason"]


def test_an_arm_that_never_ran_is_named() -> None:
    """Hedera without its baseline: no number, and which arm is missing."""
    (entry,) = overhead({}, 1, [OperationKey("audit-event", "hedera", "receipt"), OperationKey("hcs.submit")])
    assert entry["reason"] == "no operation ran without Hedera, so there is no pair"
    (entry,) = overhead({}, 1, [OperationKey("audit-event", "baseline")])
    assert entry["reason"] == "no operation ran with Hedera, so there is no pair"


def test_pairs_that_the_end_of_the_run_cut_off_count_for_nothing() -> None:
    """They are nobody's failure."""
    pairs, matcher = Pairs(), PairMatcher()
    matcher.match(record(Arm.BASELINE, "1", 0.05), pairs)
    matcher.match(record(Arm.HEDERA, "1", 0.01, Outcome.UNKNOWN, status="STOPPED"), pairs)
    assert pairs.samples == {}


def test_levels_are_compared_apart_and_told_in_one_sentence() -> None:
    """One run answers what each confirmation level costs, in the order in which they are reached."""
    pairs, matcher = Pairs(), PairMatcher()
    source = random.Random(5)
    for number in range(120):
        level, extra = [("mirror", 2.0), ("ack", 0.005), ("receipt", 0.116)][number % 3]
        base = source.uniform(0.049, 0.053)
        matcher.match(record(Arm.HEDERA, str(number), base + extra, confirm=level), pairs)
        matcher.match(record(Arm.BASELINE, str(number), base), pairs)
    entries = overhead(pairs.samples, 1)
    assert [entry["confirm"] for entry in entries] == ["ack", "receipt", "mirror"]
    assert [entry["pairs"] for entry in entries] == [40, 40, 40]
    sentence = summary(entries)
    assert sentence.startswith("Hedera adds, per audit event: 5.00 ms (+10 %) to the node's acknowledgement, ")
    assert "116 ms" in sentence
    assert sentence.endswith(" to the mirror.")


@given(
    count=st.integers(0, 60),
    workers=st.integers(1, 4),
    capacity=st.integers(1, 20),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_workers_merge_to_one_sample(count: int, workers: int, capacity: int, seed: int) -> None:
    """Whatever the number of workers and the order of their reports, the same pairs are kept as by one process."""
    whole, merged = Pairs(seed, capacity), Pairs(seed, capacity)
    parts = [Pairs(seed, capacity) for _ in range(workers)]
    source = random.Random(seed)
    for number in range(count):
        baseline, hedera = (record(arm, f"0.{number}", source.random()) for arm in (Arm.BASELINE, Arm.HEDERA))
        for pairs in (whole, source.choice(parts)):
            pairs.add(baseline, hedera)
    source.shuffle(parts)
    for part in parts:
        merged.merge_dump(part.dump())
    assert {key: (one.complete, one.kept) for key, one in merged.samples.items()} == {
        key: (one.complete, one.kept) for key, one in whole.samples.items()
    }
    for sample in merged.samples.values():
        assert len(sample.kept) == min(count, capacity)


def test_kept_pairs_are_a_fair_sample() -> None:
    """Beyond the capacity each pair of the run has the same chance, early or late."""
    pairs = Pairs(3, capacity=400)
    for number in range(4_000):
        baseline, hedera = (record(arm, f"2.{number}", number / 1000) for arm in (Arm.BASELINE, Arm.HEDERA))
        pairs.add(baseline, hedera)
    (sample,) = pairs.samples.values()
    early = sum(pair.baseline_s < 2 for pair in sample.kept)
    assert (sample.complete, len(sample.kept)) == (4_000, 400)
    assert binom.ppf(1e-6, 400, 0.5) <= early <= binom.ppf(1 - 1e-6, 400, 0.5)
