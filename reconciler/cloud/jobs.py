"""What many waiting steps need to know about a vault's jobs, read once for all of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from reconciler.cloud.errors import plain
from reconciler.cloud.lookups import RUNNING_JOBS, backup_jobs_filter, jobs_of
from reconciler.cloud.paths import job_path, vault_path
from reconciler.cloud.reading import GONE, Body, Reader
from reconciler.cloud.refusals import refusal_of
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.ports import Clock, Progress
from reconciler.core.wire import dig, dig_list, dig_object, dig_text

State = Literal["running", "succeeded", "failed", "cancelled", "unknown"]

FRESH_SECONDS = 30.0
POLL_SECONDS = 60.0
MISSING_SECONDS = 300.0
FEW_JOBS = 3  # so few are asked for one by one, because only that tells how far they are

_JOB_GONE = GONE | {"BMSUserErrorJobNotFound", "JobNotFound"}
_STATES: dict[str, State] = {
    "completed": "succeeded",
    "completedwithwarnings": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
    "inprogress": "running",
    "cancelling": "running",
}


@dataclass(slots=True)
class _Running:
    """`turn` orders the reading of the list among the writes; `at` is in seconds."""

    turn: int
    at: float
    jobs: dict[str, Body]


class JobBoard:
    """The list of running jobs is at most 30 seconds old, and younger than the last write of this run to what is asked for."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._turn = 0
        self._touched: dict[str, int] = {}
        self._running: dict[str, _Running] = {}
        self._backups: dict[str, dict[str, Body]] = {}
        self._missing_since: dict[str, float] = {}

    def touch(self, vault: VaultRef, vm: VmRef | None) -> None:
        """A write was sent: it may have begun jobs that no list read so far shows."""
        with self._lock:
            self._turn += 1
            self._touched[vm.key if vm else vault.key] = self._turn

    def running(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        """Jobs of the item that have not ended."""
        needed = max(self._touched.get(vault.key, 0), self._touched.get(vm.key, 0))
        with self._vault_lock(vault):
            return jobs_of(self._listed(vault, needed).values(), vm)

    def backups(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        """Backup jobs of the item of the last two days, newest first, read now: new ones stand on the first page."""
        with self._vault_lock(vault):
            known = self._backups.setdefault(vault.key, {})
            read = self._new_backups(vault, known)
            known.update(read)
            jobs = {_id(job): job for job in jobs_of(known.values(), vm)}
            for job_id, job in jobs.items():
                if job_id not in read and _state(job) == "running":
                    jobs[job_id] = known[job_id] = (
                        self._reader.one("backup", job_path(vault, job_id), _JOB_GONE)[0] or job
                    )
        return tuple(sorted(jobs.values(), key=lambda job: dig_text(job, "properties", "startTime"), reverse=True))

    def progress(self, vault: VaultRef, job_id: str) -> Progress:
        """Where a job stands. One that Azure does not show counts as running for five minutes (F-18), then as `unknown`."""
        with self._vault_lock(vault):
            running = self._listed(vault, 0)
            listed = running.get(job_id.lower())
            if listed is not None and len(running) > FEW_JOBS:
                return _progress(listed)
            body, _ = self._reader.one("backup", job_path(vault, job_id), _JOB_GONE)
            if body is None:
                return self._missing(job_id)
            if _state(body) != "running":
                running.pop(job_id.lower(), None)
            return _progress(body)

    def _missing(self, job_id: str) -> Progress:
        now = self._clock.now().timestamp()
        gone_on = now - self._missing_since.setdefault(job_id, now) < MISSING_SECONDS
        text = "Azure does not show the job"
        return Progress("running" if gone_on else "unknown", job_id, message=text, retry_after_seconds=POLL_SECONDS)

    def _listed(self, vault: VaultRef, needed: int) -> dict[str, Body]:
        known = self._running.get(vault.key)
        now = self._clock.now().timestamp()
        if known is None or known.turn < needed or not 0 <= now - known.at <= FRESH_SECONDS:
            turn = self._turn
            listing = self._reader.all("backup", f"{vault_path(vault)}/backupJobs", RUNNING_JOBS, gone=GONE)
            known = self._running[vault.key] = _Running(turn, now, {_id(job): job for job in listing.values})
        return known.jobs

    def _new_backups(self, vault: VaultRef, known: dict[str, Body]) -> dict[str, Body]:
        path, filter_text = f"{vault_path(vault)}/backupJobs", backup_jobs_filter(self._clock.now())
        read: dict[str, Body] = {}
        jobs, link = self._reader.page("backup", path, filter_text, gone=GONE)
        read.update((_id(job), job) for job in jobs)
        while link and _id(jobs[-1] if jobs else {}) not in known:
            before = len(read)
            jobs, link = self._reader.page("backup", path, filter_text, link)
            read.update((_id(job), job) for job in jobs)
            if len(read) == before:
                break  # a page without anything new: the list has ended, or turns in a circle
        return read

    def _vault_lock(self, vault: VaultRef) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(vault.key, threading.Lock())


def _id(job: Body) -> str:
    return dig_text(job, "name").lower()


def _state(job: Body) -> State:
    return _STATES.get(dig_text(job, "properties", "status").lower(), "unknown")


def _progress(job: Body) -> Progress:
    errors = [error for error in dig_list(job, "properties", "errorDetails") if isinstance(error, dict)]
    first = errors[0] if errors else {}
    message = plain(" ".join(part for part in (dig_text(first, "errorTitle"), dig_text(first, "errorString")) if part))
    code = str(dig(first, "errorCode") or "")
    remedy = (
        " ".join(str(text) for text in dig_list(first, "recommendations")) or refusal_of(code).remedy if first else ""
    )
    percent = dig(job, "properties", "extendedInfo", "progressPercentage")
    return Progress(
        state=_state(job),
        job_id=dig_text(job, "name"),
        code=code,
        message=message,
        retry_after_seconds=POLL_SECONDS,
        percent=float(percent) if isinstance(percent, int | float) else _percent_of_tasks(job),
        detail=_task_under_way(job) if _state(job) == "running" else plain(remedy),
    )


def _tasks(job: Body) -> list[object]:
    return dig_list(job, "properties", "extendedInfo", "tasksList")


def _percent_of_tasks(job: Body) -> float | None:
    """Counts ended tasks, when the service gives no figure: a backup has two (job-get-backup-inprogress-2022)."""
    tasks = _tasks(job)
    ended = sum(dig_text(task, "status") == "Completed" for task in tasks)
    return 100.0 * ended / len(tasks) if tasks else None


def _task_under_way(job: Body) -> str:
    names = [dig_text(task, "taskId") for task in _tasks(job) if dig_text(task, "status") == "InProgress"]
    return plain(names[0] if names else dig_text(dig_object(job, "properties"), "operation"))
