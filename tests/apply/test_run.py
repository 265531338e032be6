"""Several steps: what a failure blocks, what order and lanes hold, what an interruption leaves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from reconciler.apply import Outcome
from reconciler.apply.brake import Brake
from reconciler.apply.run import needs_of
from reconciler.core.plan import Step
from tests.apply.toy import (
    LOST,
    Bench,
    Crash,
    Entry,
    FirstBackup,
    Manner,
    Thing,
    ToyCloud,
    Watched,
    cloud_error,
    statuses,
)

REFUSED = Manner(troubles=[("before", cloud_error("no right"))])


def chain() -> list[Entry]:
    """A vault, a policy in it, two VMs of the policy, a first backup of each, and something that needs none of them."""
    return [
        Thing("vault", lane="vault"),
        Thing("policy", needs=("vault",), lane="vault"),
        Thing("vm1", needs=("vault", "policy")),
        Thing("vm2", needs=("vault", "policy")),
        FirstBackup("vm1", needs=("vm1",)),
        FirstBackup("vm2", needs=("vm2",)),
        Thing("other"),
    ]


def test_everything_lands_and_a_second_plan_is_empty() -> None:
    bench = Bench(chain())
    outcome = bench.apply()
    assert outcome.landed
    assert outcome.counts() == {"done": 7}
    assert bench.fresh_plan().steps == ()


def test_a_second_run_of_the_same_plan_sends_nothing() -> None:
    bench = Bench(chain())
    bench.apply()
    sent = len(bench.cloud.sends())
    again = bench.apply()
    assert again.counts() == {"skipped": 7}
    assert again.landed
    assert len(bench.cloud.sends()) == sent


def test_a_failure_blocks_only_what_needs_it_and_is_reported_once() -> None:
    bench = Bench(chain())
    bench.cloud.manners["policy"] = REFUSED.copy()
    outcome = bench.apply()
    expected = dict.fromkeys(["vm1", "vm2", "backup/vm1", "backup/vm2"], "blocked")
    assert statuses(outcome) == expected | {"vault": "done", "policy": "failed", "other": "done"}
    assert {result.cause for result in outcome.results if result.status == "blocked"} == {"policy"}
    assert [result.step.address for result in outcome.results if result.problem] == ["policy"]
    assert not outcome.landed


def test_run_again_after_a_failure_goes_on_from_there() -> None:
    bench = Bench(chain())
    bench.cloud.manners["policy"] = REFUSED.copy()
    bench.apply()
    again = bench.apply()
    assert again.counts() == {"done": 5, "skipped": 2}
    assert len(bench.cloud.sends()) == 8  # seven steps, one of them sent twice


def test_the_legs_of_one_address_land_one_after_the_other() -> None:
    bench = Bench([Thing("a", value=3, ladder=True)])
    outcome = bench.apply()
    assert [result.status for result in outcome.results] == ["done"] * 3
    assert bench.cloud.things["a"]["value"] == 3


def test_a_later_leg_need_not_have_foreseen_every_value_before_it() -> None:
    bench = Bench([Thing("a", value=2, ladder=True)])
    first, second = bench.plan.steps
    bench.plan = replace(bench.plan, steps=(first, replace(second, expects="foreseen otherwise")))
    assert bench.apply().landed
    bench.plan = replace(bench.plan, steps=(replace(first, expects="otherwise"), second))
    bench.cloud.things.clear()
    assert [result.status for result in bench.apply().results] == ["failed", "blocked"]


def test_a_run_that_was_cut_off_between_legs_goes_on_with_the_next() -> None:
    bench = Bench([Thing("a", value=3, ladder=True)])
    bench.cloud.things["a"] = {"value": 1}
    outcome = bench.apply()
    assert [result.status for result in outcome.results] == ["skipped", "done", "done"]


def test_steps_of_one_lane_never_overlap_and_keep_their_order() -> None:
    entries = [Thing(name, lane="one") for name in "abc"]
    bench = Bench(entries)
    bench.cloud.manners = {name: Manner(seconds=100) for name in "abc"}
    outcome = bench.apply()
    touched = [line.split()[-1].split("#")[0] for line in bench.cloud.log]
    assert touched == sorted(touched)
    assert outcome.seconds >= 300


def test_waiting_for_operations_holds_no_slot() -> None:
    entries = [Thing(f"t{number}") for number in range(20)]
    bench = Bench(entries)
    bench.cloud.manners = {entry.name: Manner(seconds=600) for entry in entries}
    outcome = bench.apply(in_flight=1)
    assert outcome.counts() == {"done": 20}
    assert outcome.seconds < 2 * 600


@pytest.mark.parametrize("first", ["VLT-07", "VLT-20", "POL-07"])  # weakening, irreversible, destructive
@pytest.mark.parametrize("second", ["ITM-08", "VLT-10", "ITM-10"])
def test_after_a_careful_step_fails_no_other_is_sent(first: str, second: str) -> None:
    bench = Bench([Thing("a", effect=first), Thing("b", effect=second), Thing("c"), Thing("safe", needs=("c",))])
    bench.cloud.manners["c"] = Manner(seconds=10)
    bench.cloud.manners["a"] = Manner(ends="failed", seconds=1)
    bench.cloud.manners["b"] = Manner(troubles=[("before", cloud_error("busy", transient=True))])
    outcome = bench.apply()
    assert statuses(outcome) == {"a": "failed", "b": "not_started", "c": "done", "safe": "done"}
    held = outcome.results[1]
    assert (held.cause, held.problem and held.problem.code) == ("a", "A109")


def test_a_careful_step_of_unknown_end_holds_the_others_back_as_well() -> None:
    bench = Bench([Thing("a", effect="POL-07", lane="one"), Thing("b", effect="POL-07", lane="one")])
    bench.cloud.manners["a"] = Manner(keeps=False, troubles=[("after", cloud_error("no JSON", sent=True))])
    assert statuses(bench.apply()) == {"a": "unknown", "b": "not_started"}


def test_a_failed_step_of_no_such_class_holds_nothing_back() -> None:
    bench = Bench([Thing("a", effect="POL-06", lane="one"), Thing("b", effect="ITM-10", lane="one")])
    bench.cloud.manners["a"] = REFUSED.copy()
    assert statuses(bench.apply()) == {"a": "failed", "b": "done"}


def test_same_inputs_give_the_same_requests() -> None:
    def run() -> tuple[list[str], list[str], Outcome]:
        bench = Bench(chain())
        bench.cloud.manners = {"vault": Manner(seconds=30), "vm1": Manner(seconds=7, troubles=[("after", LOST)])}
        outcome = bench.apply()
        return bench.cloud.log, bench.watched.events, outcome

    assert run() == run()


def test_the_watcher_hears_of_every_step_once() -> None:
    bench = Bench(chain())
    bench.cloud.manners["vm1"] = REFUSED.copy()
    outcome = bench.apply()
    finished = [event for event in bench.watched.events if event.startswith("finished")]
    assert sorted(finished) == sorted(f"finished {address} {status}" for address, status in statuses(outcome).items())
    assert "started backup/vm1" not in bench.watched.events
    noted = [line["address"] for line in bench.journal.lines if line["event"] == "ended"]
    assert sorted(map(str, noted)) == sorted(set(statuses(outcome)) - {"backup/vm1"})


def test_the_outcome_as_a_document() -> None:
    bench = Bench([Thing("a"), Thing("b", needs=("a",))])
    bench.cloud.manners["a"] = REFUSED.copy()
    document = bench.apply().document()
    problem = {"code": "T400", "where": "there", "what": "no right", "why": "because", "remedy": "do something"}
    shared = {"kind": "thing", "action": "update", "class": "disruptive", "seconds": 0.0}
    assert document == {
        "interrupted": False,
        "seconds": 0.0,
        "counts": {"blocked": 1, "failed": 1},
        "problems": [],
        "steps": [
            shared | {"address": "a", "status": "failed", "cause": "", "problem": problem, "requestIds": ["r1"]},
            shared | {"address": "b", "status": "blocked", "cause": "a", "problem": None, "requestIds": []},
        ],
    }


def test_an_address_without_an_entry_stops_the_run_before_it_begins() -> None:
    bench = Bench([Thing("a"), Thing("b")])
    bench.entries = bench.entries[:1]
    with pytest.raises(KeyError, match="b"):
        bench.apply()
    assert bench.cloud.log == []


def test_needs_are_the_earlier_steps_of_the_own_and_the_needed_addresses() -> None:
    steps = Bench([Thing("a", value=2, ladder=True), Thing("b"), Thing("c", needs=("a",))]).plan.steps
    assert needs_of(steps) == [(), (0,), (), (0, 1)]
    assert needs_of([steps[3], *steps[:3]]) == [(), (), (1,), ()]


def calls_of(entries: Callable[[], list[Entry]], prepare: Callable[[ToyCloud], None]) -> int:
    bench = Bench(entries())
    prepare(bench.cloud)
    bench.apply()
    return len(bench.cloud.log)


def slow(cloud: ToyCloud) -> None:
    cloud.manners = {
        "vault": Manner(seconds=20),
        "vm1": Manner(seconds=30, job_seconds=60),
        "vm2": Manner(seconds=30, lag_seconds=20),
    }


@pytest.mark.parametrize("when", ["before", "after"])
def test_interrupted_at_any_call_it_starts_nothing_new_and_says_what_is_open(when: str) -> None:
    for number in range(calls_of(chain, slow)):
        bench = Bench(chain())
        slow(bench.cloud)
        raise_at(bench, number, when, KeyboardInterrupt())
        outcome = bench.apply()
        assert outcome.interrupted
        assert len(bench.cloud.log) == number + 1
        assert set(statuses(outcome)) == {step.address for step in bench.plan.steps}
        for result in outcome.results:
            assert result.status in {"done", "unknown", "not_started"}
            assert (result.status == "not_started") is not bool(result.request_ids)
            assert (result.status == "unknown") is bool(result.problem and result.problem.code == "A110")


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_the_same_plan_ends_in_the_same_world_with_one_backup_each(when: str) -> None:
    undisturbed = Bench(chain())
    slow(undisturbed.cloud)
    undisturbed.apply()
    for number in range(len(undisturbed.cloud.log)):
        bench = Bench(chain())
        slow(bench.cloud)
        raise_at(bench, number, when, Crash())
        with pytest.raises(Crash):
            bench.apply()
        assert len(bench.cloud.log) == number + 1  # nothing goes on behind the crash
        bench.cloud.on_call = lambda number, when: None
        assert bench.apply(ids="s").landed
        assert bench.cloud.things == undisturbed.cloud.things
        assert [len(bench.cloud.jobs[vm]) for vm in ("vm1", "vm2")] == [1, 1]
        assert bench.fresh_plan().steps == ()


def raise_at(bench: Bench, number: int, when: str, error: BaseException) -> None:
    def on_call(at: int, position: str) -> None:
        if (at, position) == (number, when):
            raise error

    bench.cloud.on_call = on_call


def test_an_interruption_lets_the_requests_in_flight_finish_and_sends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread is sending, another has only looked, when the interruption comes."""
    stopped, sending, looking = Event(), Event(), Event()
    pull = Brake.stop

    def stop(brake: Brake) -> None:
        pull(brake)
        stopped.set()

    monkeypatch.setattr(Brake, "stop", stop)
    bench = Bench([Thing("sends"), Thing("looks"), Thing("late")])

    def on_call(number: int, when: str) -> None:
        under_way = {"send policy.put sends": sending, "read looks": looking}.get(bench.cloud.log[number])
        if under_way and when == "before":
            under_way.set()
            assert stopped.wait(10)

    class Impatient(Watched):
        def started(self, step: Step) -> None:
            if step.address == "late":
                assert sending.wait(10)
                assert looking.wait(10)
                raise KeyboardInterrupt

    bench.cloud.on_call = on_call
    bench.watched = Impatient()
    with ThreadPoolExecutor(3) as pool:
        outcome = bench.apply(pool)
    assert outcome.interrupted
    assert statuses(outcome) == {"sends": "done", "looks": "not_started", "late": "not_started"}
    assert bench.cloud.sends() == ["send policy.put sends"]
