"""Where a long operation stands, in all the ways in which the backup service says so (wire-facts 1.5)."""

from __future__ import annotations

from datetime import datetime

from reconciler.cloud.errors import plain
from reconciler.cloud.reading import Answer
from reconciler.cloud.refusals import refusal_of
from reconciler.cloud.retry import retry_after_seconds
from reconciler.core.ports import Progress
from reconciler.core.wire import dig, dig_list, dig_object, dig_text

POLL_SECONDS = 10.0


def progress_of(answer: Answer, now: datetime) -> Progress:
    """From the answer of a polling URL.

    Statuses: 202 goes on, 204 and a 200 without a status word are the end of a Location. A 404 says nothing by itself: the
    URL of an operation on a vault goes away with the vault (vault-delete-operationstatus-404-2026); the caller looks.
    Words other than the ended ones mean that it goes on, even `Invalid`, which the service's own list holds.
    """
    wait_seconds = retry_after_seconds(answer.retry_after, now) or POLL_SECONDS
    if answer.status == 202:
        return Progress("running", retry_after_seconds=wait_seconds)
    if answer.status == 404:
        return Progress("unknown", message="the operation is not known any more", retry_after_seconds=wait_seconds)
    word = dig_text(answer.document, "status").lower()
    if answer.document is None or not word:
        return Progress("succeeded")
    jobs = dig_object(answer.document, "properties")
    job_id = dig_text(jobs, "jobId") or next((str(each) for each in dig_list(jobs, "jobIds")), "")
    code = plain(str(dig(answer.document, "error", "code") or ""))
    message = plain(str(dig(answer.document, "error", "message") or ""))
    refused_jobs = dig_object(jobs, "failedJobsError")
    if not message and refused_jobs:
        message = plain("; ".join(str(text) for text in refused_jobs.values()))
    if word == "succeeded":
        return Progress("succeeded", job_id, code, message)
    if word in {"failed", "canceled", "cancelled"}:
        return Progress(
            "failed" if word == "failed" else "cancelled", job_id, code, message, detail=refusal_of(code).remedy
        )
    return Progress(
        "running", job_id, retry_after_seconds=wait_seconds, detail=plain(dig_text(answer.document, "status"))
    )
