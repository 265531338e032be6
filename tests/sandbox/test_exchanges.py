"""The recorded exchanges, replayed: what Azure answered, the sandbox answers too."""

import json
from pathlib import Path

import pytest

from reconciler.sandbox.times import text
from tests.sandbox.recorded import differences
from tests.sandbox.replays import DIFFERS, PREPARE, lab_for

# Other people's recordings, beside the checkout; a clone without them still has the restated cases of the other files.
FOLDER = Path(__file__).parents[3] / "shared" / "azure" / "exchanges"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_every_recorded_exchange_is_replayed() -> None:
    if not NAMES:
        print(f"{FOLDER.name}: no recorded exchanges beside this checkout, so none is replayed")
    if others := set(NAMES) - set(PREPARE):
        print(f"{FOLDER.name}: recorded since, and not replayed yet: {', '.join(sorted(others))}")
    assert not NAMES or set(PREPARE) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(PREPARE))
def test_the_sandbox_answers_as_recorded(name: str) -> None:
    if name not in NAMES:
        assert not NAMES, "a recording that is gone"
        return
    exchange = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    lab = lab_for(exchange)
    replaced = PREPARE[name](lab, exchange)
    request = exchange["request"]
    recorded = json.dumps(exchange["response"])
    path = request["path"]
    for there, here in replaced.items():
        path, recorded = path.replace(there, here), recorded.replace(there, here)
    response = json.loads(_dated(recorded, text(lab.world.now())[:10], name))
    answer = lab.send(request["method"], path, request["body"])
    known = DIFFERS.get(name, {})
    found = {place: (there, here) for place, there, here in differences(response, answer)}
    assert {place: pair for place, pair in found.items() if place not in known} == {}
    assert set(known) <= set(found), "a difference that is no longer there"


def _dated(recorded: str, today: str, name: str) -> str:
    """Default policies carry the day on which the vault was made."""
    return recorded.replace("2026-09-09", today) if name == "policy-get-enhanced-2026" else recorded
