"""The scenarios as data: they load, they are as many as promised, and what judges them can say no."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.__main__ import SCENARIOS
from tests.clients.scenario import Answer, Step, filled, judge, judge_task, load, picked, unanswered

HERE = Path(__file__).parent
STEPS = [step for name in SCENARIOS for step in load(HERE / "scenarios" / name)]
TASKS = [task for step in STEPS for task in step.play]


def test_there_are_as_many_as_promised() -> None:
    assert sum(step.client == "az" for step in STEPS) >= 60
    assert len(TASKS) >= 20
    assert sum(step.client == "azbackup" for step in STEPS) >= 10


def test_every_file_of_scenarios_is_run_and_its_counts_are_told() -> None:
    assert sorted(path.name for path in (HERE / "scenarios").iterdir()) == sorted(SCENARIOS)
    told = (HERE.parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    for name in SCENARIOS:
        steps = load(HERE / "scenarios" / name)
        tasks = sum(len(step.play) for step in steps)
        for client, word in (("az", "az commands"), ("azbackup", "azbackup commands")):
            count = sum(step.client == client for step in steps)
            assert not count or f"{count} {word}" in told, (name, count, word)
        assert not tasks or f"{tasks} module calls" in told, (name, tasks)


def test_every_file_that_a_scenario_names_is_there() -> None:
    named = {name for step in STEPS for name in re.findall(r"\$files/([\w.-]+)", step.command)}
    assert named
    assert [name for name in named if not (HERE / "files" / name).is_file()] == []


def test_most_steps_state_what_must_be_printed() -> None:
    silent = [step.command for step in STEPS if step.client == "az" and not step.expects]
    assert len(silent) <= len(STEPS) // 5, silent


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("list[].x", [1, 2]), ("list[1].x", 2), ("list[9].x", None), ("none.deep", None), ("none[]", [])],
)
def test_parts_of_a_document(path: str, value: Any) -> None:
    assert picked({"a": {"b": 1}, "list": [{"x": 1}, {"x": 2}]}, path) == value


@pytest.mark.parametrize(
    ("expects", "answer", "right"),
    [
        ({}, Answer(0, None, ""), True),
        ({}, Answer(1, None, "ERROR"), False),
        ({"prints": ["a"]}, Answer(0, ["a"], ""), True),
        ({"prints": ["a"]}, Answer(0, ["b"], ""), False),
        ({"prints": []}, Answer(0, None, ""), False),
        ({"prints": "$name"}, Answer(0, "kept", ""), True),
        ({"fails": "Locked"}, Answer(1, None, "ERROR: (Locked)"), True),
        ({"fails": "Locked"}, Answer(1, None, "ERROR: other"), False),
        ({"fails": "Locked"}, Answer(0, None, "Locked"), False),
        ({"exit": 2, "pick": "steps[].a", "prints": ["x"]}, Answer(2, {"steps": [{"a": "x"}]}, ""), True),
        ({"exit": 2, "pick": "steps[].a", "prints": ["x"]}, Answer(0, {"steps": [{"a": "x"}]}, ""), False),
        ({"matches": "T14:00"}, Answer(0, "2026-01-01T14:00:00Z", ""), True),
        ({"matches": "T14:00"}, Answer(0, "2026-01-01T15:00:00Z", ""), False),
    ],
)
def test_verdicts(expects: dict[str, Any], answer: Answer, right: bool) -> None:
    assert (judge(Step("az", "x", expects), answer, {"name": "kept"}) == "") is right


@pytest.mark.parametrize(
    ("task", "result", "right"),
    [
        ({"changed": False}, {"changed": False}, True),
        ({"changed": False}, {"changed": True}, False),
        ({"changed": True}, {"changed": True, "failed": True, "msg": "no"}, False),
        ({"gives": {"a[0].b": 1}}, {"a": [{"b": 1}]}, True),
        ({"gives": {"a[0].b": 1}}, {"a": [{"b": 2}]}, False),
        ({"fails": "no"}, {"failed": True, "msg": "oh no"}, True),
        ({"fails": "no"}, {"changed": False}, False),
    ],
)
def test_verdicts_of_tasks(task: dict[str, Any], result: dict[str, Any], right: bool) -> None:
    assert (judge_task({"module": "m"} | task, result, {}).problem == "") is right


def test_what_is_kept_can_be_named_and_other_dollars_stay() -> None:
    names: dict[str, str] = {}
    assert judge(Step("az", "x", {"keep": "job"}), Answer(0, "42", ""), names) == ""
    assert filled({"a": ["-n $job", "$filter=x"]}, names) == {"a": ["-n 42", "$filter=x"]}


def test_requests_without_an_answer_are_found() -> None:
    lines = ["GET https://x/a 200", "GET https://x/b 501", "PUT https://x/c 404", "connection broken off: KeyError()"]
    assert unanswered(lines) == [lines[1], lines[3]]


def test_a_key_without_a_meaning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("- az: group list\n  prins: []\n")
    with pytest.raises(ValueError, match="prins"):
        load(path)
