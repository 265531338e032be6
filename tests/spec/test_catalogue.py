"""The catalogue of codes is complete, told, and used."""

import re
from pathlib import Path

from reconciler.spec import catalogue
from reconciler.spec.catalogue import CODES
from tests.spec.corpus import cases

ROOM = Path(catalogue.__file__).parent
TESTS = Path(__file__).parent
# These need sizes or files, and have tests of their own.
ELSEWHERE = {
    "test_limits.py": {"E100", "E111", "E809", "W810", "W820"},
    "test_files.py": {"E113", "E852", "E853", "E854", "E855"},
}


def test_every_entry_is_told() -> None:
    assert len(CODES) == len(catalogue._ROWS)
    for code, entry in CODES.items():
        assert re.fullmatch(r"[EWI][0-9]{3}", code)
        assert code == entry.code
        assert all((entry.title, entry.rule, entry.source, entry.remedy)), code


def test_every_code_has_a_case() -> None:
    covered = {code for case in cases() for code, *_ in case.expected}
    for file, codes in ELSEWHERE.items():
        text = (TESTS / file).read_text(encoding="utf-8")
        assert all(f'"{code}"' in text for code in codes)
        covered |= codes
    assert covered == set(CODES)


def test_every_code_is_emitted_and_every_emitted_code_is_known() -> None:
    others = [file.read_text(encoding="utf-8") for file in ROOM.glob("*.py") if file.name != "catalogue.py"]
    assert set(re.findall(r'"([EWI][0-9]{3})"', "".join(others))) == set(CODES)
