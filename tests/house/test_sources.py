"""Every Python file obeys the rules of tests/house/rules.py, and every rule catches what it is there for."""

from pathlib import Path

import pytest

from tests.house import rules
from tests.house.rules import Check, Source

ROOT = Path(__file__).parents[2]
SOURCES = [
    Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for room in ("reconciler", "tests")
    for path in sorted((ROOT / room).rglob("*.py"))
]

PLAN = "reconciler/plan/diff.py"
CLOUD = "reconciler/cloud/clients.py"
SANDBOX = "reconciler/sandbox/transport.py"
TEST = "tests/plan/test_diff.py"

# Rule, path, text, whether the rule objects.
CASES: list[tuple[Check, str, str, bool]] = [
    (rules.file_length, PLAN, "x = 1\n" * 400, True),
    (rules.file_length, PLAN, "x = 1\n" * 399, False),
    (rules.function_length, PLAN, "def f():\n" + "    x = 1\n" * 59, True),
    (rules.function_length, PLAN, "def f():\n" + "    x = 1\n" * 58, False),
    (rules.module_docstring, PLAN, "x = 1\n", True),
    (rules.module_docstring, PLAN, '"""Differences."""\n', False),
    (rules.module_docstring, TEST, "x = 1\n", False),
    (rules.vague_name, "reconciler/plan/utils.py", "", True),
    (rules.vague_name, "reconciler/helpers/diff.py", "", True),
    (rules.vague_name, "reconciler/plan/vault_manager.py", "", True),
    (rules.vague_name, "reconciler/plan/utilisation.py", "", False),
    (rules.vague_name, PLAN, "class VaultManager: x = 1", True),
    (rules.vague_name, PLAN, "class VaultReader: x = 1", False),
    # What the rules object to, as text: nothing of it is run, postponed or skipped here.
    (rules.postponed_work, PLAN, "x = 1  # TODO: later", True),
    (rules.postponed_work, PLAN, "x = 1  # pragma: no cover", True),
    (rules.postponed_work, PLAN, "raise NotImplementedError", True),
    (rules.postponed_work, PLAN, "raise NotImplementedError('later')", True),
    (rules.postponed_work, TEST, "pytest.skip('not today')", True),
    (rules.postponed_work, TEST, "@pytest.mark.skipif(True, reason='')\ndef test_x(): assert x", True),
    (rules.postponed_work, TEST, "@pytest.mark.xfail\ndef test_x(): assert x", True),
    (rules.postponed_work, PLAN, "text = 'TODO'  # pages are found by $skipToken", False),
    (rules.stub, PLAN, "def f(): ...", True),
    (rules.stub, PLAN, "def f():\n    'Does it.'\n    pass", True),
    (rules.stub, PLAN, "class Clock(Protocol):\n    def now(self) -> datetime: ...", False),
    (rules.stub, PLAN, "@overload\ndef f(x: int) -> int: ...", False),
    (rules.unsafe_call, PLAN, "eval(text)", True),
    (rules.unsafe_call, PLAN, "yaml.load(text)", True),
    (rules.unsafe_call, PLAN, "yaml.load(text, Loader=yaml.FullLoader)", True),
    (rules.unsafe_call, PLAN, "yaml.load(text, yaml.CLoader)", True),
    (rules.unsafe_call, PLAN, "subprocess.run(text, shell=True)", True),
    (rules.unsafe_call, PLAN, "yaml.load(text, StrictLoader); yaml.load(text, Loader=yaml.CSafeLoader)", False),
    (rules.unsafe_import, PLAN, "import pickle", True),
    (rules.unsafe_import, PLAN, "from json import loads", False),
    (rules.second_road_to_azure, CLOUD, "from urllib.request import urlopen", True),
    (rules.second_road_to_azure, CLOUD, "from urllib import request", True),
    (rules.second_road_to_azure, CLOUD, "import requests", True),
    (rules.second_road_to_azure, CLOUD, "from urllib.parse import quote", False),
    (rules.second_road_to_azure, SANDBOX, "from azure.mgmt.network import models", True),
    (rules.second_road_to_azure, SANDBOX, "from azure.core.pipeline.transport import HttpTransport", False),
    (rules.impure_call, PLAN, "open(path)", True),
    (rules.impure_call, PLAN, "Path(path).read_text()", True),
    (rules.impure_call, CLOUD, "open(path)", False),
    # Text as well: no clock is asked and nothing sleeps.
    (rules.real_clock_or_chance, PLAN, "datetime.now(UTC)", True),
    (rules.real_clock_or_chance, PLAN, "datetime.datetime.now()", True),
    (rules.real_clock_or_chance, PLAN, "date.today()", True),
    (rules.real_clock_or_chance, SANDBOX, "uuid.uuid4()", True),
    (rules.real_clock_or_chance, SANDBOX, "time.sleep(1)", True),
    (rules.real_clock_or_chance, SANDBOX, "world.now(); clock.sleep(1); uuid5(space, name)", False),
    (rules.real_clock_or_chance, "reconciler/cli/clock.py", "datetime.now(UTC)", False),
    (rules.printing, PLAN, "print(plan)", True),
    (rules.printing, "reconciler/cli/main.py", "print(plan)", False),
    (rules.idle_test, TEST, "def test_x(): make_plan()", True),
    (rules.idle_test, TEST, "def test_x(): assert make_plan()", False),
    (rules.idle_test, TEST, "def test_x():\n    with pytest.raises(ValueError): make_plan()", False),
    (rules.idle_test, TEST, "def test_x(): assert_converged(world)", False),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_sources_obey(rule: Check) -> None:
    found = [f"{source.path}:{line}: {wrong}" for source in SOURCES for line, wrong in rule(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("rule", "path", "text", "objects"), CASES)
def test_the_rule_catches_what_it_is_for(rule: Check, path: str, text: str, objects: bool) -> None:
    assert bool(list(rule(Source(path, text)))) is objects


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_cases_of_both_kinds(rule: Check) -> None:
    assert {objects for case, _, _, objects in CASES if case is rule} == {True, False}
