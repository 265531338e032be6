"""One step against everything that Azure can do to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from reconciler.apply import MemoryJournal
from reconciler.core.errors import CloudError, Problem, ReconcilerError
from reconciler.core.plan import Step
from tests.apply.toy import BUSY, LOST, Bench, Crash, FirstBackup, Manner, Thing, Trouble, cloud_error

MINUTE, HOUR = 60.0, 3600.0


@dataclass
class Case:
    """What happens to one thing that wants value 1, and what must be said of it. `sends` counts its writes."""

    name: str
    status: str
    sends: int
    manner: Manner = field(default_factory=Manner)
    live: dict[str, object] = field(default_factory=dict)  # what is live when apply comes, after the plan
    code: str = ""
    says: str = ""
    within: tuple[float, float] = (0, 10 * MINUTE)  # how long it takes
    value: object = 1  # in the world, at the end


NO_EFFECT: Trouble = ("before", LOST)
WITH_EFFECT: Trouble = ("after", LOST)

THINGS = [
    Case("plain", "done", 1),
    Case("landed already", "skipped", 0, live={"value": 1}),
    Case("changed since the plan", "failed", 0, live={"value": 5}, code="A101", says="value is 5, wanted 1", value=5),
    Case("forbidden since the plan", "failed", 0, live={"forbidden": 1}, code="T001", says="forbidden", value=None),
    Case("long operation", "done", 1, Manner(seconds=300), within=(300, 420)),
    Case("operation with a job", "done", 1, Manner(seconds=10, job_seconds=600), within=(600, 720)),
    Case("shows up late", "done", 1, Manner(lag_seconds=200), within=(200, 300)),
    Case("busy then free", "done", 3, Manner(troubles=[("before", BUSY), ("before", BUSY)]), within=(15, 15)),
    Case(
        "busy for ever", "failed", 18, Manner(troubles=[("before", BUSY)] * 99), code="A102",
        says="another operation runs", within=(14 * MINUTE, 15 * MINUTE), value=None,
    ),
    Case(
        "refused", "failed", 1, Manner(troubles=[("before", cloud_error("no right"))]),
        code="T400", says="no right", value=None,
    ),
    Case("answer lost, with effect", "done", 1, Manner(troubles=[WITH_EFFECT])),
    Case("answer lost, no effect", "done", 2, Manner(troubles=[NO_EFFECT])),
    Case("answer lost three times", "done", 4, Manner(troubles=[NO_EFFECT] * 3)),
    Case("answer lost, effect late", "done", 1, Manner(seconds=4, troubles=[WITH_EFFECT])),
    Case(
        "answer lost for ever", "unknown", 18, Manner(troubles=[NO_EFFECT] * 99), code="A102",
        within=(14 * MINUTE, 15 * MINUTE), value=None,
    ),
    Case(
        "answer unreadable, with effect", "done", 1,
        Manner(troubles=[("after", cloud_error("no JSON", status=200, sent=True))]),
    ),
    Case(
        "answer unreadable, no effect", "unknown", 1,
        Manner(troubles=[("before", cloud_error("no JSON", status=200, sent=True))]), code="A107", says="r1", value=None,
    ),
    Case(
        "operation failed", "failed", 1, Manner(seconds=60, ends="failed"), code="A105",
        says="BadLuck: it did not work", value=None,
    ),
    Case("operation failed, with effect", "done", 1, Manner(seconds=60, ends="cancelled")),
    Case(
        "operation cancelled", "failed", 1, Manner(seconds=60, ends="cancelled", keeps=False), code="A105",
        says="cancelled", value=None,
    ),
    Case(
        "job failed", "failed", 1, Manner(seconds=5, job_seconds=60, job_ends="failed", keeps=False), code="A106",
        says="BadLuck", value=None,
    ),
    Case(
        "accepted but not kept", "failed", 1, Manner(keeps=False), code="A104", says="value is 0, wanted 1",
        within=(4 * MINUTE, 5 * MINUTE), value=None,
    ),
    Case(
        "never ends", "unknown", 1, Manner(seconds=5, ends="running", keeps=False), code="A108", says="60 min",
        within=(HOUR, HOUR), value=None,
    ),
    Case("never ends, with effect", "done", 1, Manner(seconds=5, ends="running"), within=(HOUR, HOUR)),
    Case(
        "polling gives server errors", "failed", 1, code="A105", value=None, within=(60, 180),
        manner=Manner(seconds=60, ends="failed", poll_troubles=[
            cloud_error(status=503, transient=True), cloud_error(status=500), cloud_error(status=0),
        ]),
    ),
    Case("operation is forgotten", "done", 1, Manner(seconds=600, poll_troubles=[cloud_error(status=404)]),
         within=(10 * MINUTE, 12 * MINUTE)),
    Case("end is not known", "done", 1, Manner(seconds=5, ends="unknown", lag_seconds=900), within=(900, 1000)),
    Case(
        "operation is forgotten, no effect", "unknown", 1,
        Manner(seconds=5, keeps=False, poll_troubles=[cloud_error("gone", status=404)]), code="A107", says="gone",
        within=(59 * MINUTE, HOUR), value=None,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", THINGS, ids=lambda case: case.name)
def test_every_trouble_of_a_write_has_one_truthful_end(case: Case) -> None:
    bench = Bench([Thing("a")])
    bench.cloud.things["a"] = dict(case.live)
    bench.cloud.manners["a"] = case.manner.copy()
    result = bench.apply().results[0]
    problem = result.problem or Problem("", "", "", "", "")
    assert (result.status, problem.code, len(bench.cloud.sends())) == (case.status, case.code, case.sends)
    assert case.says in problem.what
    assert case.within[0] <= result.seconds <= case.within[1]
    assert bench.cloud.things["a"].get("value") == case.value
    assert len(result.request_ids) == case.sends
    assert bool(result.problem) is (case.status not in {"done", "skipped"})


def test_an_operation_is_polled_with_the_write_that_began_it() -> None:
    bench = Bench([Thing("a")])
    bench.cloud.manners["a"] = Manner(seconds=60)
    assert bench.apply().landed
    assert bench.cloud.polled
    assert all(write == bench.plan.steps[0].write for write in bench.cloud.polled)


def test_a_write_that_names_no_vault_has_no_job_to_wait_for() -> None:
    """Whatever its operation may say: jobs are of vaults (run commands and rules have none)."""
    bench = Bench([Thing("a", vault=None)])
    bench.cloud.manners["a"] = Manner(seconds=5, job_seconds=2 * HOUR, job_ends="failed")
    result = bench.apply().results[0]
    assert (result.status, result.problem) == ("done", None)
    assert result.seconds < MINUTE
    assert not [line for line in bench.cloud.log if line.startswith("job")]


BACKUPS = [
    Case("backup", "done", 1, Manner(job_seconds=2 * HOUR), within=(2 * HOUR, 2 * HOUR + 2 * MINUTE)),
    Case("job failed", "failed", 1, Manner(job_seconds=HOUR, job_ends="failed"), code="A106", says="BadLuck",
         within=(HOUR, 2 * HOUR)),
    Case("job never ends", "unknown", 1, Manner(job_seconds=HOUR, job_ends="running", keeps=False), code="A108",
         says="24 h", within=(24 * HOUR, 24 * HOUR)),
    Case("operation failed", "failed", 1, Manner(seconds=5, ends="failed"), code="A105", within=(5, 15)),
    Case("job is found by its request id", "done", 1, Manner(lag_seconds=60), within=(60, 300)),
    Case("no job to be found", "unknown", 1, Manner(keeps=False), code="A107", says="no backup job"),
    Case("answer lost, with effect", "done", 1, Manner(job_seconds=HOUR, troubles=[WITH_EFFECT]),
         within=(HOUR, HOUR + 2 * MINUTE)),
    Case("answer lost, effect late", "done", 1, Manner(job_seconds=300, lag_seconds=100, troubles=[WITH_EFFECT])),
    Case("answer lost, job failed", "failed", 1,
         Manner(job_seconds=HOUR, job_ends="failed", troubles=[WITH_EFFECT]), code="A106", within=(HOUR, 2 * HOUR)),
    Case("answer lost, no effect", "unknown", 1, Manner(troubles=[NO_EFFECT]), code="A107", says="r1"),
    Case("busy, then free", "done", 2, Manner(troubles=[("before", BUSY)])),
    Case("refused", "failed", 1, Manner(troubles=[("before", cloud_error("no right"))]), code="T400"),
]  # fmt: skip


@pytest.mark.parametrize("case", BACKUPS, ids=lambda case: case.name)
def test_a_trigger_is_done_when_its_job_is_and_is_never_sent_twice(case: Case) -> None:
    bench = Bench([FirstBackup("vm")])
    bench.cloud.manners["vm"] = case.manner.copy()
    result = bench.apply().results[0]
    problem = result.problem or Problem("", "", "", "", "")
    assert (result.status, problem.code, len(bench.cloud.sends())) == (case.status, case.code, case.sends)
    assert case.says in problem.what
    assert case.within[0] <= result.seconds <= case.within[1]
    assert len(bench.cloud.jobs.get("vm", ())) <= 1


def test_a_job_list_that_can_not_be_read_for_a_while_is_read_again() -> None:
    bench = Bench([FirstBackup("vm")])
    bench.cloud.manners["vm"] = Manner(job_seconds=HOUR, troubles=[WITH_EFFECT])

    def on_call(number: int, when: str) -> None:
        if bench.cloud.sends() and bench.cloud.clock.seconds < 30:
            bench.cloud.read_troubles = [cloud_error("throttled", status=429, transient=True)]

    bench.cloud.on_call = on_call
    assert bench.apply().results[0].status == "done"
    assert len(bench.cloud.sends()) == 1


def test_somebody_elses_backup_is_evidence_enough() -> None:
    bench = Bench([FirstBackup("vm")])
    bench.cloud.jobs["vm"] = [{"name": "nightly", "properties": {"activityId": "x", "status": "InProgress"}}]
    assert bench.apply().results[0].status == "skipped"
    assert bench.cloud.sends() == []


def test_what_to_do_about_a_lost_trigger_names_the_id_to_look_for() -> None:
    bench = Bench([FirstBackup("vm")])
    bench.cloud.manners["vm"] = Manner(troubles=[NO_EFFECT])
    problem = bench.apply().results[0].problem
    assert problem is not None
    assert "activity id r1" in problem.remedy


def test_a_busy_resource_is_waited_for_and_then_written() -> None:
    bench = Bench([Thing("a")])
    bench.cloud.things["a"] = {"busy": "a job runs"}
    bench.cloud.due.append((120.0, bench.cloud.things["a"].clear))
    result = bench.apply().results[0]
    assert (result.status, len(bench.cloud.sends())) == ("done", 1)
    assert 120 <= result.seconds <= 200
    assert "progress a a job runs None" in bench.watched.events


def test_a_resource_that_stays_busy_is_left_alone() -> None:
    bench = Bench([Thing("a")])
    bench.cloud.things["a"] = {"busy": "a job runs"}
    result = bench.apply().results[0]
    assert (result.status, bench.cloud.sends()) == ("failed", [])
    assert result.problem is not None
    assert (result.problem.code, "a job runs" in result.problem.what) == ("A102", True)


def test_what_has_landed_but_still_runs_is_waited_for_longer_and_never_called_done() -> None:
    bench = Bench([Thing("a")])
    bench.cloud.things["a"] = {"value": 1, "busy": "a job runs"}
    result = bench.apply().results[0]
    assert (result.status, bench.cloud.sends()) == ("unknown", [])
    assert 59 * MINUTE <= result.seconds <= HOUR
    assert result.problem is not None
    assert result.problem.code == "A108"


def test_after_the_operation_a_busy_resource_has_the_rest_of_the_hour() -> None:
    bench = Bench([Thing("a")])

    def busy_once_written(number: int, when: str) -> None:
        thing = bench.cloud.things.get("a", {})
        if thing.get("value") == 1:
            thing["busy"] = "a job runs" if bench.cloud.clock.seconds < 40 * MINUTE else ""

    bench.cloud.on_call = busy_once_written
    result = bench.apply().results[0]
    assert result.status == "done"
    assert 40 * MINUTE <= result.seconds <= 42 * MINUTE


@pytest.mark.parametrize("trouble", [cloud_error(status=503, transient=True), cloud_error(status=429, transient=True)])
def test_reads_that_may_work_later_are_tried_again(trouble: CloudError) -> None:
    bench = Bench([Thing("a")])
    bench.cloud.read_troubles = [trouble] * 3
    assert bench.apply().results[0].status == "done"
    assert bench.cloud.log.count("read a") == 5


def test_unknown_is_not_absent_so_nothing_is_sent() -> None:
    bench = Bench([Thing("a")])
    bench.cloud.read_troubles = [cloud_error("forbidden", status=403)]
    result = bench.apply().results[0]
    assert (result.status, bench.cloud.sends()) == ("failed", [])
    assert result.problem == cloud_error("forbidden").problem


def test_what_can_not_be_read_after_a_write_is_neither_done_nor_failed() -> None:
    bench = Bench([Thing("a")])

    def forbid_reading_once_written(number: int, when: str) -> None:
        if bench.cloud.sends():
            bench.cloud.read_troubles = [cloud_error("late 403", status=403)]

    bench.cloud.on_call = forbid_reading_once_written
    result = bench.apply().results[0]
    assert result.status == "unknown"
    assert result.problem is not None
    assert "late 403" in result.problem.what


def test_the_last_gate_sees_the_fresh_step_just_before_it_is_sent() -> None:
    seen: list[tuple[str, list[str]]] = []

    def refuse(step: Step) -> bool:
        seen.append((step.expects, list(bench.cloud.log)))
        return False

    bench = Bench([Thing("a")], allowed=refuse)
    result = bench.apply().results[0]
    assert seen == [(bench.plan.steps[0].expects, ["read a"])]
    assert (result.status, bench.cloud.sends()) == ("failed", [])
    assert result.problem is not None
    assert result.problem.code == "A103"


def test_the_intent_is_written_down_before_the_request_and_holds_no_body() -> None:
    bench = Bench([FirstBackup("vm")])
    bench.cloud.on_call = lambda number, when: bench.journal.note("call", {"what": bench.cloud.log[number]})
    bench.apply()
    lines = bench.journal.lines
    sending = next(at for at, line in enumerate(lines) if line["event"] == "sending")
    assert lines[sending + 1]["what"] == "send item.backup vm"
    assert lines[sending]["requestId"] == "r1"
    assert lines[sending]["step"] == bench.plan.steps[0].document()
    assert "expires" not in str(lines[sending])
    assert lines[-1]["event"] == "ended"


def test_what_can_not_be_written_down_is_not_sent() -> None:
    class FullJournal(MemoryJournal):
        def note(self, event: str, fields: Mapping[str, object]) -> None:
            raise ReconcilerError(Problem("A120", "journal", "the disk is full", "", ""))

    bench = Bench([FirstBackup("vm"), Thing("a")], journal=FullJournal())
    outcome = bench.apply()
    assert [result.status for result in outcome.results] == ["failed", "failed"]
    assert bench.cloud.sends() == []
    assert [problem.code for problem in outcome.problems] == ["A120"]


def test_a_journal_that_fails_after_the_fact_is_reported_and_changes_no_result() -> None:
    class FullSoon(MemoryJournal):
        def note(self, event: str, fields: Mapping[str, object]) -> None:
            if event == "ended":
                raise ReconcilerError(Problem("A120", "journal", "the disk is full", "", ""))

    outcome = Bench([Thing("a"), Thing("b")], journal=FullSoon()).apply()
    assert outcome.counts() == {"done": 2}
    assert [problem.code for problem in outcome.problems] == ["A120"]


@pytest.mark.parametrize(("waited", "sends"), [(0, 0), (200, 0), (301, 1)])
def test_what_a_killed_run_was_about_to_trigger_gets_time_to_show(waited: float, sends: int) -> None:
    """The job shows up 290 seconds after the kill; a note older than five minutes holds nothing up."""
    bench = Bench([FirstBackup("vm")])
    bench.cloud.on_call = crash_after_send
    bench.cloud.manners["vm"] = Manner(lag_seconds=290 if waited < 300 else 9999)
    with pytest.raises(Crash):
        bench.apply()
    bench.cloud.on_call = lambda number, when: None
    bench.cloud.manners.clear()
    bench.cloud.clock.seconds = waited
    assert bench.apply(ids="s").landed
    assert len(bench.cloud.sends()) == 1 + sends


def test_a_note_from_the_future_holds_nothing_up() -> None:
    """The clock was set back, or the journal is that of another sandbox."""
    bench = Bench([FirstBackup("vm")])
    step = {"address": "backup/vm", "action": "trigger"}
    bench.journal.note("sending", {"at": "2030-01-01T00:00:00+00:00", "step": step})
    outcome = bench.apply()
    assert outcome.landed
    assert outcome.seconds < MINUTE


def crash_after_send(number: int, when: str) -> None:
    if (number, when) == (1, "after"):
        raise Crash
