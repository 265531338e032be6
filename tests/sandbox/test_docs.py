"""docs/sandbox.md is true: its table of rows is that of the code, its estate loads, its faults exist."""

import re

from reconciler.sandbox import faults
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.show import show
from reconciler.sandbox.world import World
from tests.sandbox.rows_table import DOCUMENT, with_current_table

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_table_of_rows_is_current() -> None:
    assert with_current_table(TEXT) == TEXT, "run: python -m tests.sandbox.rows_table"
    assert "| `PUT VAULT/backupPolicies/{policy}` |" in TEXT


def test_the_example_of_an_estate_loads() -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    world = World.open()
    load_estate_text(world, re.sub(r"      as-sent:.*\n", "", example[1]), "docs/sandbox.md")
    estate = show(world)["subscriptions"]
    assert [item["state"] for item in estate[0]["vaults"][0]["items"]] == [
        "Protected", "Protected", "IRPending", "ProtectionStopped", "SoftDeleted", "Protected",
    ]  # fmt: skip
    assert len(estate) == 2


def test_the_faults_of_the_example_exist() -> None:
    example = re.search(r"```python\n(.*?)\nworld = ", TEXT, re.DOTALL)
    assert example is not None
    names = set(re.findall(r"^    (\w+)\(", example[1], re.MULTILINE))
    assert len(names) == 6
    assert all(hasattr(faults, name) for name in names)
