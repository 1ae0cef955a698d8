"""What is counted, and that the counts of several processes add up."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience import Breaker, BreakerPolicy, CircuitOpenError, GuardStats, RetryPolicy, merge_snapshots
from resilience.breaker import TRANSITIONS_KEPT
from resilience.stats import quantile_of


def test_retries_are_counted_by_what_they_answer_to(make_guard, script, errors):
    """`attempts` are those beyond the first; each is listed under the status of the error before it."""
    stats = GuardStats()
    guard = make_guard(stats=stats, status_of=str)
    busy = errors.throttled("BUSY")
    guard.run(script(errors.unavailable("UNAVAILABLE"), busy, busy, "done"))
    guard.run(script("done"))
    retries = stats.snapshot()["retries"]
    assert {name: retries[name] for name in ("attempts", "recovered", "exhausted", "by_status", "by_member")} == {
        "attempts": 3,
        "recovered": 1,
        "exhausted": 0,
        "by_status": {"BUSY": 2, "UNAVAILABLE": 1},
        "by_member": {"": {"BUSY": 2, "UNAVAILABLE": 1}},
    }


def test_status_is_the_type_by_default(make_guard, script, errors):
    """Without `status_of` a retry is listed under the name of the error's type."""
    guard = make_guard()
    guard.run(script(errors.unavailable, "done"))
    assert guard.stats.snapshot()["retries"]["by_status"] == {"UnavailableError": 1}


@pytest.mark.parametrize("attempts", [1, 3])
def test_exhausted_are_those_that_ran_out_of_attempts(make_guard, script, errors, attempts):
    """An operation is exhausted when its last allowed attempt could have been retried, not when it got a final no."""
    guard = make_guard(retry=RetryPolicy(attempts=attempts))
    with pytest.raises(errors.throttled):
        guard.run(script(*[errors.throttled] * attempts))
    with pytest.raises(errors.refused):
        guard.run(script(*[errors.throttled] * (attempts - 1), errors.refused))
    retries = guard.stats.snapshot()["retries"]
    assert (retries["exhausted"], retries["recovered"]) == (1, 0)
    assert retries["attempts"] == 2 * (attempts - 1) == sum(retries["by_status"].values())


def test_a_retry_that_the_circuit_refused_was_not_made(make_guard, script, errors):
    """Cut short by the circuit is neither a retry nor exhausted; the refusal is counted at the breaker."""
    guard = make_guard(breaker=BreakerPolicy(failures=2))
    with pytest.raises(errors.unavailable):
        guard.run(script(*[errors.unavailable] * 5))
    snapshot = guard.stats.snapshot()
    assert snapshot["retries"]["attempts"] == 1
    assert snapshot["retries"]["exhausted"] == 0
    assert snapshot["breakers"][0]["rejected"] == 1


def test_snapshot_tells_the_breakers_history(make_guard, script, trip, clock):
    """Transitions carry Unix time and both states; the time spent open counts up while it is open."""
    guard = make_guard()
    assert guard.stats.snapshot()["breakers"][0]["transitions"] == []
    trip(guard)
    start = clock.unix()
    clock.sleep(20)
    assert guard.breaker.snapshot()["open_s"] == 20
    with pytest.raises(CircuitOpenError):
        guard.run(script("never reached"))
    clock.sleep(50)
    guard.run(script("done"))
    clock.sleep(100)
    assert guard.stats.snapshot() == {
        "retries": {
            "attempts": 0,
            "recovered": 0,
            "exhausted": 0,
            "by_status": {},
            "by_member": {},
            "backoffs": {},
        },
        "activity": {"svc": guard.activity.snapshot()},
        "rejected": {"CIRCUIT_OPEN": 1},
        "cut_short": {},
        "waits": {},
        "breakers": [
            {
                "name": "svc",
                "state": "closed",
                "opened": 1,
                "half_opened": 1,
                "closed": 1,
                "rejected": 1,
                "open_s": 70.0,
                "transitions": [
                    {"time": start, "from": "closed", "to": "open", "failures": 5},
                    {"time": start + 70, "from": "open", "to": "half-open"},
                    {"time": start + 70, "from": "half-open", "to": "closed"},
                ],
                "transitions_dropped": 0,
            }
        ],
        "limiters": [],
        "budget": None,
        "queue": None,
    }


def test_transitions_are_bounded(clock):
    """A circuit that flaps for hours keeps its newest 1,000 transitions and says how many were dropped."""
    breaker = Breaker("svc", BreakerPolicy(failures=1), clock=clock, now=clock.unix)
    for _ in range(400):
        breaker.record_result(breaker.admit(), success=False)
        clock.sleep(60)
        breaker.record_result(breaker.admit(), success=True)
    snapshot = breaker.snapshot()
    assert len(snapshot["transitions"]) == TRANSITIONS_KEPT == 1_000
    assert snapshot["transitions_dropped"] == 200
    assert snapshot["transitions"][-1]["to"] == "closed"
    assert snapshot["opened"] == snapshot["closed"] == 400


def test_a_snapshot_does_not_change_afterwards(make_guard, trip, clock):
    """What was handed out is a copy: later events do not reach into it."""
    guard = make_guard()
    trip(guard)
    before = guard.stats.snapshot()
    kept = copy.deepcopy(before)
    clock.sleep(60)
    guard.run(lambda attempt: None)
    assert before == kept


breakers = st.fixed_dictionaries(
    {"name": st.sampled_from(["w0/hcs", "w0/hfs", "w1/hcs", "w2/hcs"]), "opened": st.integers(0, 9)}
)
limiters = st.fixed_dictionaries({"name": st.sampled_from(["w0/hcs", "w1/hfs"]), "waits": st.integers(0, 9)})
kinds = st.dictionaries(st.sampled_from(["CIRCUIT_OPEN", "QUEUE_FULL"]), st.integers(1, 99))
counts = st.integers(0, 1_000)
waits = st.fixed_dictionaries({"count": counts, "seconds": counts, "max_s": counts})
QUEUE = ("queues", "enqueued", "drained", "expired", "rejected", "left", "withdrawn", "depth", "waited_s")
EXTREMES = ("capacity", "max_depth", "max_continuing", "waited_max_s")
BUDGET = ("capacity", "left", "lowest", "spent", "given_back", "refused")
snapshots = st.fixed_dictionaries(
    {
        "retries": st.fixed_dictionaries(
            {
                "attempts": counts,
                "recovered": counts,
                "exhausted": counts,
                "by_status": st.dictionaries(st.sampled_from(["BUSY", "UNAVAILABLE", "X"]), st.integers(1, 99)),
            }
        ),
        "rejected": kinds,
        "cut_short": kinds,
        "waits": st.dictionaries(st.sampled_from(["retry", "queue"]), waits),
        "breakers": st.lists(breakers, max_size=3),
        "limiters": st.lists(limiters, max_size=2),
        "budget": st.none() | st.fixed_dictionaries(dict.fromkeys(BUDGET, counts)),
        "queue": st.none() | st.fixed_dictionaries(dict.fromkeys((*QUEUE, *EXTREMES), counts)),
    }
)


@given(st.lists(snapshots, max_size=4), st.integers(0, 4))
def test_merging_is_pure_and_may_be_done_in_steps(parts, cut):
    """Sums are sums; merging in two steps gives the same, nothing given is changed, and it stays JSON."""
    kept = copy.deepcopy(parts)
    merged = merge_snapshots(parts)
    assert parts == kept
    assert merge_snapshots([merge_snapshots(parts[:cut]), merge_snapshots(parts[cut:])]) == merged
    assert json.loads(json.dumps(merged)) == merged
    for key in ("attempts", "recovered", "exhausted"):
        assert merged["retries"][key] == sum(part["retries"][key] for part in parts)
    for status, count in merged["retries"]["by_status"].items():
        assert count == sum(part["retries"]["by_status"].get(status, 0) for part in parts)
    for kind, count in merged["rejected"].items():
        assert count == sum(part["rejected"].get(kind, 0) for part in parts)
    for part in ("breakers", "limiters"):
        assert len(merged[part]) == sum(len(each[part]) for each in parts)
    for part, sums, extremes in (("budget", BUDGET, ()), ("queue", QUEUE, EXTREMES)):
        present = [each[part] for each in parts if each[part] is not None]
        assert (merged[part] is None) == (not present)
        for how, keys in ((sum, sums), (max, extremes)) if present else ():
            assert {key: merged[part][key] for key in keys} == {key: how(p[key] for p in present) for key in keys}


def test_processes_keep_their_breakers_apart(make_guard, errors, script):
    """The report shows each process's own circuit, sorted by the name it was given."""
    parts = []
    for worker in ("w1", "w0"):
        stats = GuardStats()
        stats.watch(Breaker(f"{worker}/hcs", BreakerPolicy()))
        parts.append(stats.snapshot())
    assert [breaker["name"] for breaker in merge_snapshots(parts)["breakers"]] == ["w0/hcs", "w1/hcs"]


def test_nothing_merges_to_an_empty_snapshot():
    """No process, no counts: the form is still the form."""
    assert merge_snapshots([]) == GuardStats().snapshot()


def test_back_offs_are_measured_and_members_are_told(make_guard, script, errors):
    """By the number of the attempt that a wait follows; of several processes the extremes are kept."""
    guard = make_guard(retry=RetryPolicy(attempts=3, backoff=0.25, jitter=0.0))
    guard.run(script(errors.throttled, errors.throttled, "done"))
    retries = guard.stats.snapshot()["retries"]
    first, second = (retries["backoffs"][number] for number in ("1", "2"))
    assert [first[key] for key in ("count", "seconds", "min_s", "max_s")] == [1, 0.25, 0.25, 0.25]
    assert [second[key] for key in ("count", "seconds", "min_s", "max_s")] == [1, 0.5, 0.5, 0.5]
    assert sum(retries["by_member"][""].values()) == retries["attempts"] == 2
    other = make_guard(retry=RetryPolicy(attempts=2, backoff=1.0, jitter=0.0))
    other.run(script(errors.throttled, "done"))
    merged = merge_snapshots([guard.stats.snapshot(), other.stats.snapshot()])["retries"]
    both = merged["backoffs"]["1"]
    assert [both[key] for key in ("count", "seconds", "min_s", "max_s")] == [2, 1.25, 0.25, 1.0]
    assert quantile_of(both["buckets"], 0.5) == pytest.approx(0.25, rel=0.011)
    assert quantile_of(both["buckets"], 1.0) == pytest.approx(1.0, rel=0.011)
    assert quantile_of({}, 0.5) == 0
    assert sum(merged["by_member"][""].values()) == merged["attempts"] == 3


def test_a_checkpoint_of_before_has_no_activity(make_guard, script):
    """It is taken as it is."""
    guard = make_guard()
    guard.run(script("done"))
    present = guard.stats.snapshot()
    earlier = {key: value for key, value in present.items() if key != "activity"}
    earlier["retries"] = dict.fromkeys(("attempts", "recovered", "exhausted"), 0) | {"by_status": {}}
    assert merge_snapshots([earlier, present])["activity"] == present["activity"]
