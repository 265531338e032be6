"""Scenarios as data: the steps of a YAML file, and what each must print."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import yaml

_STEP = re.compile(r"(?:^|\.)([\w$-]+)|\[(\d*)\]")


@dataclass(frozen=True)
class Answer:
    """What a command gave back; `document` is its JSON, None when it printed none."""

    code: int
    document: Any
    text: str


@dataclass
class Step:
    """One command of one client.

    `prints` is what it must print, `matches` the same as a pattern, `fails` a text that its error holds, `exit` its exit
    code, `keep` the name under which later steps find what it printed (as `$name`), `pick` the part of it that counts.
    `play` holds the tasks of a run of Ansible.
    """

    client: str
    command: str
    expects: dict[str, Any] = field(default_factory=dict)
    play: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """`problem` is empty when the step did as it should."""

    name: str
    problem: str


def load(path: Path) -> list[Step]:
    """The steps of a file. Raises ValueError for a key that has no meaning."""
    steps = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        client = next(name for name in ("az", "azbackup", "ansible") if name in entry)
        expects = {name: value for name, value in entry.items() if name != client}
        if unknown := set(expects) - {"prints", "matches", "fails", "exit", "keep", "pick"}:
            raise ValueError(f"{path.name}: {sorted(unknown)} in {entry}")
        command = "" if client == "ansible" else entry[client]
        steps.append(Step(client, command, expects, entry[client] if client == "ansible" else []))
    return steps


def filled(value: Any, names: dict[str, str]) -> Any:
    """The same with `$name` replaced wherever it stands; other dollars stay."""
    if isinstance(value, str):
        return Template(value).safe_substitute(names)
    if isinstance(value, dict):
        return {key: filled(each, names) for key, each in value.items()}
    return [filled(each, names) for each in value] if isinstance(value, list) else value


def picked(document: Any, path: str) -> Any:
    """`steps[].address`: of every step; `vaults[0].name`: of the first. None where there is nothing."""
    found = [document]
    many = False
    for name, number in (match.groups() for match in _STEP.finditer(path)):
        if name:
            found = [each.get(name) if isinstance(each, dict) else None for each in found]
        elif number:
            found = [
                each[int(number)] if isinstance(each, list) and len(each) > int(number) else None for each in found
            ]
        else:
            many, found = True, [inner for each in found for inner in each or []]
    return found if many else found[0]


def judge(step: Step, answer: Answer, names: dict[str, str]) -> str:
    """What is wrong with an answer, or nothing; what is to be kept is put into `names`."""
    expects = filled(step.expects, names)
    if "fails" in expects:
        wrong = answer.code == 0 or expects["fails"] not in answer.text
        return f"exit code {answer.code}, error: {answer.text[-600:]}" if wrong else ""
    if answer.code != expects.get("exit", 0):
        return f"exit code {answer.code}: {answer.text[-600:]}"
    found = picked(answer.document, expects["pick"]) if "pick" in expects else answer.document
    if "keep" in expects:
        names[expects["keep"]] = str(found)
    if "prints" in expects and found != expects["prints"]:
        return f"printed {json.dumps(found)}, expected {json.dumps(expects['prints'])}"
    if "matches" in expects and not re.search(expects["matches"], json.dumps(found)):
        return f"printed {json.dumps(found)}, which does not match {expects['matches']}"
    return ""


def judge_task(task: dict[str, Any], result: dict[str, Any], names: dict[str, str]) -> Verdict:
    """One task of Ansible against its `changed`, `fails` and `gives` (path in the result -> value)."""
    name = f"ansible {task['module']}: {task.get('name', '')}".rstrip(": ")
    failed = bool(result.get("failed"))
    if "fails" in task:
        wrong = not failed or task["fails"] not in str(result.get("msg"))
        return Verdict(name, f"failed={failed}: {result.get('msg')}" if wrong else "")
    if failed:
        return Verdict(name, str(result.get("msg"))[-600:])
    problems = [
        f"{path} is {json.dumps(picked(result, path))}, expected {json.dumps(value)}"
        for path, value in filled(task.get("gives", {}), names).items()
        if picked(result, path) != value
    ]
    if "changed" in task and bool(result.get("changed")) != task["changed"]:
        problems.append(f"changed is {result.get('changed')}, expected {task['changed']}")
    return Verdict(name, "; ".join(problems))


def unanswered(requests: Iterable[str]) -> list[str]:
    """The requests that the sandbox had no row for, or that it failed at."""
    return [line for line in requests if re.search(r" 5\d\d$", line) or "broken off" in line]
