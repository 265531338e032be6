"""The journal on disk."""

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.apply import FileJournal
from reconciler.core.errors import ReconcilerError


def lines_of(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_appended_by_every_writer(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    FileJournal(path).note("one", {"text": "línea\nzwei"})
    journal = FileJournal(path)
    journal.note("two", {"at": datetime(2026, 1, 1, tzinfo=UTC)})
    journal.note("three", {})
    assert lines_of(path) == [
        {"event": "one", "text": "línea\nzwei"},
        {"event": "two", "at": "2026-01-01T00:00:00+00:00"},
        {"event": "three"},
    ]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    FileJournal(path).note("one", {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_line_is_on_disk_before_note_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    path = tmp_path / "journal.jsonl"
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(path.read_bytes()))
    FileJournal(path).note("one", {})
    assert synced == [b'{"event":"one"}\n']


def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event":"se')
    journal = FileJournal(path)
    journal.note("ended", {})
    assert path.read_text() == '{"event":"se\n{"event":"ended"}\n'
    assert journal.unended() == {}


def test_two_processes_overwrite_nothing_of_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event":"first"}\n')
    read = os.read

    def read_while_the_other_writes(descriptor: int, length: int) -> bytes:
        seen = read(descriptor, length)
        with path.open("a") as other:
            other.write('{"event":"other"}\n')
        return seen

    monkeypatch.setattr(os, "read", read_while_the_other_writes)
    FileJournal(path).note("ours", {})
    assert lines_of(path) == [{"event": "first"}, {"event": "other"}, {"event": "ours"}]


def link(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_text("")
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("make", "reason"), [(link, "it is a symbolic link"), (Path.mkdir, "directory"), (os.mkfifo, "not a plain file")]
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, make: Callable[[Path], None], reason: str) -> None:
    path = tmp_path / "journal.jsonl"
    make(path)
    with pytest.raises(ReconcilerError, match=reason):
        FileJournal(path).note("one", {})
    assert FileJournal(path).unended() == {}
    if make is link:
        assert path.read_text() == ""


def test_a_folder_that_is_a_file_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReconcilerError) as caught:
        FileJournal(tmp_path / "file" / "journal.jsonl").note("one", {})
    assert caught.value.problems[0].code == "A120"


def test_a_full_disk_is_a_problem_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, line: len(line) - 1)
    with pytest.raises(ReconcilerError, match="disk is full"):
        FileJournal(tmp_path / "journal.jsonl").note("one", {})


def test_a_journal_that_can_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **options: object) -> str:
        raise PermissionError(13, "Permission denied")

    journal = FileJournal(tmp_path / "journal.jsonl")
    journal.note("one", {})
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ReconcilerError, match="Permission denied"):
        journal.unended()


def sending(address: str, action: str, minute: int) -> dict[str, object]:
    return {"at": f"2026-01-01T00:{minute:02}:00+00:00", "step": {"address": address, "action": action}}


def test_triggers_without_an_end_are_remembered_with_the_latest_moment(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "journal.jsonl")
    assert journal.unended() == {}
    journal.note("sending", sending("a", "trigger", 1))
    journal.note("sending", sending("b", "trigger", 2))
    journal.note("ended", {"address": "b"})
    journal.note("sending", sending("c", "update", 3))
    journal.note("sending", sending("a", "trigger", 4) | {"why": "a separator that is no end of line: \u2028"})
    journal.note("sending", {"at": "never", "step": {"address": "d", "action": "trigger"}})
    assert journal.unended() == {"a": datetime(2026, 1, 1, 0, 4, tzinfo=UTC)}
