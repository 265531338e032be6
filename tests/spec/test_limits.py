"""Sizes and counts: what is too much is said, and never waits."""

import pytest

from reconciler.core.errors import Problem, SpecError
from reconciler.spec import load_documents, text, tree
from tests.spec.corpus import TODAY, TOP, VAULT, VMS

DAILY = "        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n"


def problems_of(content: str | bytes) -> tuple[Problem, ...]:
    try:
        return load_documents({"a.yaml": content}, today=TODAY)[1]
    except SpecError as error:
        return error.problems


def said(content: str | bytes) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in problems_of(content)]


def vms(count: int, entry: str = "policy: p-daily") -> str:
    return "".join(f"      - {{vm: rg-app/vm-{number}, {entry}}}\n" for number in range(count))


def test_vms_of_a_vault() -> None:
    assert ("E809", "a.yaml:6:3") in said(VMS + vms(1001))
    assert said(VMS + vms(1000)) == [("W810", "a.yaml:8:7")]


def test_vms_of_a_policy() -> None:
    assert said(VMS + vms(101)) == [("W810", "a.yaml:8:7")]
    assert said(VMS + vms(100)) == []


def test_changes_of_a_day() -> None:
    assert said(VMS + vms(1001, "state: stopped")) == [("W820", "a.yaml:6:3")]
    assert said(VMS + vms(1000, "state: stopped")) == []


def test_policies_of_a_vault() -> None:
    def policies(count: int) -> str:
        return VAULT + "    policies:\n" + "".join(f"      p-{number}:\n{DAILY}" for number in range(count))

    assert said(policies(201)) == [("E809", "a.yaml:8:7")]
    assert said(policies(200)) == []


def test_tags_of_a_vault() -> None:
    def tags(count: int) -> str:
        return VAULT + "    tags: {" + ", ".join(f"t{number}: x" for number in range(count)) + "}\n"

    assert said(tags(51)) == [("E312", "a.yaml:7:11")]
    assert said(tags(50)) == []


def test_at_most_100_errors_are_shown_and_the_rest_is_counted() -> None:
    problems = problems_of(TOP + "".join(f"k{number}: x\n" for number in range(140)))
    assert len(problems) == 101
    assert (problems[-1].code, problems[-1].what) == ("E100", "40 more errors are not shown")
    assert len(problems_of(TOP + "".join(f"k{number}: x\n" for number in range(100)))) == 100


def test_large_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_BYTES", 100)
    assert said(b"#" * 101) == [("E111", "a.yaml:1:1")]
    assert said(b"#" * 100) == [("E112", "a.yaml:1:1")]


def test_long_lines() -> None:
    assert said("apiVersion: azbackup/v1\n#" + "x" * 65536) == [("E111", "a.yaml:2:65537")]
    assert said("apiVersion: azbackup/v1\n#" + "x" * 65535) == []


def test_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_VALUES", 50)
    assert said(TOP + "vaults: [" + "a, " * 60 + "]\n")[0][0] == "E111"


def test_bombs_and_depth_end_soon() -> None:
    aliases = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [" + f"*a{n - 1}, " * 9 + "]\n" for n in range(1, 30))
    assert {code for code, _ in said(TOP + aliases)} == {"E206", "E401", "E100"}
    assert said("a: " + "[" * 50_000) == [("E207", "a.yaml:1:23")]
    assert said("a: " + "{a: " * 10_000) == [("E207", "a.yaml:1:80")]
    assert said(TOP + "x" * 1000 + ": 1\n")[0][0] == "E401"


def test_ten_vaults_of_a_thousand_vms() -> None:
    """The size that the design asks for; the time of it is the benchmark's matter."""
    parts = {}
    for vault in range(10):
        names = "".join(f"      p-daily-{number}:\n{DAILY}" for number in range(10))
        rules = "".join(
            f"      - vm: rg-{vault}/vm-{number}\n        policy: p-daily-{number % 10}\n" for number in range(1000)
        )
        parts[f"{vault}.yaml"] = TOP + f"vaults:\n  rsv-{vault}:\n    policies:\n{names}    protect:\n{rules}"
    spec, problems = load_documents(parts, today=TODAY)
    assert (len(spec.vaults), len(spec.policies), len(spec.protections), problems) == (10, 100, 10_000, ())
