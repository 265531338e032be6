"""Files are written whole or not at all, for their owner alone, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reconciler.cli.files import read_text, write_whole
from reconciler.cli.problems import OutputError


def test_a_new_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    before = os.umask(0)
    try:
        write_whole(path, "größe\n")
    finally:
        os.umask(before)
    assert path.read_bytes() == "größe\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_old_file_is_replaced_with_the_asked_mode(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text("old", encoding="utf-8")
    write_whole(path, "new", mode=0o644)
    assert path.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept", encoding="utf-8")
    link = tmp_path / "plan.json"
    link.symlink_to(precious)
    with pytest.raises(OutputError, match="it is a link"):
        write_whole(link, "new")
    assert precious.read_text(encoding="utf-8") == "kept"


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a plain file"):
        write_whole(tmp_path, "new")
    with pytest.raises(OutputError, match="No such file"):
        write_whole(tmp_path / "none" / "plan.json", "new")


def test_a_failure_half_way_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("content", "reason"), [(b"\xff\xfe", "not UTF-8"), (None, "No such file")])
def test_unreadable_files_are_told_with_the_reason(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OutputError, match=reason):
        read_text(path)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    path.write_text("x" * 11, encoding="utf-8")
    monkeypatch.setattr("reconciler.cli.files.MAX_BYTES", 10)
    with pytest.raises(OutputError, match="larger than"):
        read_text(path)
