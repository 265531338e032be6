"""Which files make a spec, and what is no file of a spec."""

import os
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.spec import files, load_spec
from tests.spec.corpus import TODAY, TOP


def vault(name: str) -> str:
    return TOP + f"vaults:\n  {name}: {{}}\n"


def names(*paths: Path) -> list[str]:
    return [vault.ref.name for vault in load_spec(paths, today=TODAY)[0].vaults]


def said(*paths: Path) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        load_spec(paths, today=TODAY)
    return [(problem.code, problem.where.rsplit("/", 1)[-1]) for problem in caught.value.problems]


def test_a_folder_is_its_yaml_files_and_no_estates(tmp_path: Path) -> None:
    for path in ("b.yaml", "a.yml", "sub/c.yaml", "sandbox/d.yaml", "sub/sandbox/e.yaml", ".git/f.yaml", ".g.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(vault(f"rsv-{Path(path).stem.strip('.')}"))
    (tmp_path / "notes.txt").write_text("x")
    assert names(tmp_path) == ["rsv-a", "rsv-b", "rsv-c"]
    assert names(tmp_path / "sandbox") == ["rsv-d"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(vault("rsv-a"))
    assert names(tmp_path, tmp_path / "a.yaml", tmp_path) == ["rsv-a"]


def test_complaints_name_the_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text("apiVersion: azbackup/v1\nvault: {}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as caught:
        load_spec(["specs"], today=TODAY)
    assert caught.value.problems[0].where == f"{Path('specs') / 'a.yaml'}:2:1"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    assert said(tmp_path / "none.yaml") == [("E113", "none.yaml:1:1")]
    assert said(tmp_path / "pipe.yaml") == [("E113", "pipe.yaml:1:1")]
    assert said(tmp_path / "folder.yaml") == [("E854", "folder.yaml:1:1")]
    assert said(tmp_path / "nul\0.yaml") == [("E113", "nul\0.yaml:1:1")]


def test_a_folder_without_files_is_no_empty_spec(tmp_path: Path) -> None:
    assert said(tmp_path) == [("E854", f"{tmp_path.name}:1:1")]
    assert said() == [("E854", ".:1:1")]


def test_links_may_not_leave_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "specs", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "x.yaml").write_text(vault("rsv-x"))
    (inside / "file.yaml").symlink_to(outside / "x.yaml")
    (inside / "folder").symlink_to(outside)
    (inside / "loop.yaml").symlink_to(inside / "loop.yaml")
    (inside / "nowhere.yaml").symlink_to(inside / "nothing")
    found = [("E852", f"{name}:1:1") for name in ("file.yaml", "folder", "loop.yaml", "nowhere.yaml")]
    assert [one for one in said(inside) if one[0] == "E852"] == found


def test_links_inside_the_folder_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(vault("rsv-a"))
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert names(tmp_path) == ["rsv-a"]


def test_names_that_differ_by_case_or_form_only(tmp_path: Path) -> None:
    for name in ("a.yaml", "A.yaml", "caf\u00e9.yaml", "cafe\u0301.yaml"):
        (tmp_path / name).write_text("apiVersion: azbackup/v1\n")
    assert [code for code, _ in said(tmp_path)] == ["E855", "E855"]


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 2)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(vault(f"rsv-{name}"))
    assert names(tmp_path) == ["rsv-a", "rsv-b"]
    (tmp_path / "c.yaml").write_text(vault("rsv-c"))
    assert [code for code, _ in said(tmp_path)] == ["E853"]
