"""One step on its way: look, send its one write, follow what Azure makes of it, look again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from reconciler.apply import problems
from reconciler.apply.judge import Verdict, judge
from reconciler.apply.patience import (
    BUSY_LIMIT_SECONDS,
    FIRST_BACKUP_LIMIT_SECONDS,
    GRACE_SECONDS,
    OPERATION_LIMIT_SECONDS,
    pauses,
    polite,
)
from reconciler.apply.schedule import Course, Ending, Pause
from reconciler.core.errors import CloudError, Problem, ReconcilerError
from reconciler.core.ids import VaultRef
from reconciler.core.kind import AnyKind
from reconciler.core.live import Live
from reconciler.core.plan import Step
from reconciler.core.ports import Accepted, Clock, Cloud, Journal, Progress
from reconciler.core.wire import dig_text

ENDED_BADLY = {"failed", "cancelled"}
LOST = Progress("unknown", message="the answer to the request was lost")


@dataclass(frozen=True, slots=True)
class Means:
    """What every step of a run works with. `held` says, just before a step is sent, how it ends if it may not be."""

    cloud: Cloud
    clock: Clock
    journal: Journal
    allowed: Callable[[Step], bool]
    next_request_id: Callable[[], str]
    held: Callable[[Step], Ending | None]

    def now(self) -> float:
        return self.clock.now().timestamp()

    def note(self, event: str, **fields: object) -> None:
        self.journal.note(event, {"at": self.clock.now().isoformat(), **fields})


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """Why nothing could be sent yet. `gone`: nothing is left to send, only something that still runs."""

    what: str
    gone: bool = False


@dataclass(slots=True)
class StepRun:
    """The course of one step, and what it has sent so far. `follows` and `later` place it among those of its address."""

    step: Step
    kind: AnyKind
    entry: object
    follows: bool
    later: Sequence[Step]
    means: Means
    not_before: float = 0.0  # an earlier run may have sent this trigger: its effect has until then to show
    request_ids: list[str] = field(default_factory=list)
    lost: str = ""  # what was lost, when the answer to a request was

    def course(self) -> Course:
        try:
            answer = yield from self._send()
            if isinstance(answer, Ending):
                return answer
            follow = self._follow_trigger if self.step.action == "trigger" else self._follow_write
            return (yield from follow(answer))
        except ReconcilerError as error:  # the journal: what can't be written down is not sent
            return self._bad(error.problems[0])

    # Before: look until the step can be sent, or need not be.

    def _send(self) -> Generator[Pause, None, Accepted | Ending | None]:
        """What the service said; None when its answer was lost and sending again is no way to find out."""
        started, waits = self.means.now(), pauses()
        while isinstance(answer := self._attempt(), _Obstacle):
            pause = next(waits)
            limit = self._limit_seconds if answer.gone else BUSY_LIMIT_SECONDS
            if self.means.now() + pause - started > limit:
                if answer.gone:
                    return Ending("unknown", problems.still_running(self.step, answer.what, limit))
                return self._bad(problems.busy(self.step, answer.what, limit))
            yield Pause(pause, answer.what)
        return answer

    def _attempt(self) -> Accepted | Ending | _Obstacle | None:
        """A look, and the request right after it. No yield in between: nothing else may come between the two."""
        try:
            verdict = self._verdict(self.means.cloud.look())
        except CloudError as error:
            return _Obstacle(error.problem.what) if error.transient else self._bad(error.problem)
        if verdict.state == "landed":
            return self._landed()
        if verdict.state == "busy":
            return _Obstacle(verdict.busy, gone=verdict.gone)
        if verdict.fresh is None:
            return self._bad(problems.changed(self.step, verdict))
        if self.means.now() < self.not_before:
            return _Obstacle("an earlier run may have started it just now")
        held = self.means.held(verdict.fresh)
        if held:
            return held
        if not self.means.allowed(verdict.fresh):
            return self._bad(problems.not_allowed(verdict.fresh))
        return self._request(verdict.fresh)

    def _request(self, fresh: Step) -> Accepted | Ending | _Obstacle | None:
        request_id = self.means.next_request_id()
        self.means.note("sending", requestId=request_id, step=fresh.document())
        self.request_ids.append(request_id)
        try:
            return self.means.cloud.send(fresh.write, request_id)
        except CloudError as error:
            if error.sent:
                self.lost = error.problem.what
                if fresh.action == "trigger" or not error.transient:
                    return None
            elif not error.transient:
                return self._bad(error.problem)
            return _Obstacle(error.problem.what)

    # After: the operation, the job behind it, and the look that decides.

    def _follow_write(self, accepted: Accepted | None) -> Course:
        deadline = self.means.now() + OPERATION_LIMIT_SECONDS
        told, what = (yield from self._operation(accepted, deadline)), "operation"
        vault = self.step.write.vault  # only vaults have jobs
        if told.state == "succeeded" and told.job_id and vault:
            told, what = (yield from self._job(vault, told.job_id, deadline)), "job"
        if told.state in ENDED_BADLY:
            patience = 0.0
        elif told.state == "succeeded" or self.lost:
            patience = GRACE_SECONDS
        else:  # it may go on without us being able to ask: then only looking tells
            patience = OPERATION_LIMIT_SECONDS
        return (yield from self._settle(told, what, patience, deadline))

    def _follow_trigger(self, accepted: Accepted | None) -> Course:
        """A trigger is done when its job is, which carries the request id as its activity id (wire-facts 1.2)."""
        deadline = self.means.now() + FIRST_BACKUP_LIMIT_SECONDS
        told = yield from self._operation(accepted, self.means.now() + OPERATION_LIMIT_SECONDS)
        refused = told.state in ENDED_BADLY
        job_id = told.job_id or (yield from self._find_job(0.0 if refused else GRACE_SECONDS))
        vault = self.step.write.vault
        if not job_id or vault is None:
            if told.state == "succeeded":
                told = Progress("unknown", message="no backup job carries the request id")
            return (yield from self._settle(told, "operation", 0.0, deadline))
        told = yield from self._job(vault, job_id, deadline)
        if told.state in ENDED_BADLY:
            return Ending("failed", problems.ended_badly(self.step, told, "job"))
        patience = GRACE_SECONDS if told.state == "succeeded" else 0.0
        return (yield from self._settle(told, "job", patience, deadline))

    def _operation(self, accepted: Accepted | None, deadline: float) -> Generator[Pause, None, Progress]:
        if accepted is None:
            return LOST
        if not accepted.operation_url:
            return Progress("succeeded")
        cloud, write, url = self.means.cloud, self.step.write, accepted.operation_url
        first = Progress("running", retry_after_seconds=accepted.retry_after_seconds)
        return (yield from self._follow(lambda: cloud.operation(write, url), first, "operation", deadline))

    def _job(self, vault: VaultRef, job_id: str, deadline: float) -> Generator[Pause, None, Progress]:
        cloud, first = self.means.cloud, Progress("running", job_id)
        return (yield from self._follow(lambda: cloud.job(vault, job_id), first, f"job {job_id}", deadline))

    def _follow(
        self, ask: Callable[[], Progress], progress: Progress, what: str, deadline: float
    ) -> Generator[Pause, None, Progress]:
        """Asks until it has ended, can't be asked any more (unknown), or the deadline has passed (still running)."""
        waits = pauses()
        while progress.state == "running" and self.means.now() < deadline:
            seconds = polite(progress.retry_after_seconds, next(waits))
            shown = progress.detail or progress.message or what
            yield Pause(min(seconds, deadline - self.means.now()), shown, progress.percent)
            try:
                progress = ask()
            except CloudError as error:
                gone_on = error.transient or error.status == 0 or error.status >= 500
                progress = Progress("running" if gone_on else "unknown", message=error.problem.what)
        return progress

    def _find_job(self, patience: float) -> Generator[Pause, None, str]:
        """The id of the backup job that one of our requests caused, "" when none shows up in time."""
        started, waits = self.means.now(), pauses()
        while not (job_id := self._job_of_request()):
            pause = next(waits)
            if self.means.now() + pause - started > patience:
                return ""
            yield Pause(pause, "looking for the backup job")
        return job_id

    def _job_of_request(self) -> str:
        write, ours = self.step.write, {request_id.lower() for request_id in self.request_ids}
        try:
            jobs = self.means.cloud.look().backup_jobs(write.vault, write.vm) if write.vault and write.vm else ()
        except CloudError:
            return ""
        for job in jobs:
            if dig_text(job, "properties", "activityId").lower() in ours:
                return dig_text(job, "name")
        return ""

    def _settle(self, told: Progress, what: str, patience: float, deadline: float) -> Course:
        """Looks until nothing of the step is left, for `patience` seconds; while something still runs, up to the deadline."""
        end, waits = min(self.means.now() + patience, deadline), pauses()
        while not (isinstance(seen := self._seen(), Verdict) and seen.state == "landed"):
            running = seen.busy if isinstance(seen, Verdict) else ""
            pause = next(waits)
            if self.means.now() + pause > (deadline if running else end):
                return self._not_settled(told, what, seen)
            yield Pause(pause, running or "waiting for it to show")
        return self._landed()

    def _not_settled(self, told: Progress, what: str, seen: Verdict | Problem) -> Ending:
        if told.state in ENDED_BADLY:
            return Ending("failed", problems.ended_badly(self.step, told, what))
        if isinstance(seen, Problem):
            return Ending("unknown", problems.unknown(self.step, seen.what, self.request_ids))
        if seen.state == "busy" or told.state == "running":
            running = seen.busy or told.detail or told.message or what
            return Ending("unknown", problems.still_running(self.step, running, self._limit_seconds))
        if told.state == "unknown":
            return Ending("unknown", problems.unknown(self.step, told.message or "no end was seen", self.request_ids))
        return Ending("failed", problems.not_kept(self.step, seen))

    def _seen(self) -> Verdict | Problem:
        try:
            return self._verdict(self.means.cloud.look())
        except CloudError as error:
            return error.problem

    def _verdict(self, live: Live) -> Verdict:
        return judge(self.step, self.kind.assess(self.entry, live), follows=self.follows, later=self.later)

    def _landed(self) -> Ending:
        return Ending("done" if self.request_ids else "skipped")

    def _bad(self, problem: Problem) -> Ending:
        """Failed; unknown when the answer to an earlier request was lost, since that may have had its effect."""
        return Ending("unknown" if self.lost else "failed", problem)

    @property
    def _limit_seconds(self) -> float:
        return FIRST_BACKUP_LIMIT_SECONDS if self.step.action == "trigger" else OPERATION_LIMIT_SECONDS
