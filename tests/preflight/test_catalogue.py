"""The catalogue of checks is complete, told, and used."""

import re
from pathlib import Path

from reconciler.preflight import catalogue
from reconciler.preflight.catalogue import CHECKS, finding

ROOM = Path(catalogue.__file__).parent
TESTS = Path(__file__).parent


def test_every_check_is_told_once() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert re.fullmatch(r"F(1[5-9]|2[0-9]|30)[0-9]", check.code), "the number in backup-rules I, and one digit"
        assert all((check.title, check.rule, check.source, check.remedy)), check.code


def test_every_code_is_emitted_tested_and_known() -> None:
    emitted = "".join(file.read_text(encoding="utf-8") for file in ROOM.glob("*.py") if file.name != "catalogue.py")
    tested = "".join(file.read_text(encoding="utf-8") for file in TESTS.glob("test_*.py"))
    known = {check.code for check in CHECKS}
    assert set(re.findall(r'"(F[0-9]{3})"', emitted)) == known
    assert known <= set(re.findall(r'"(F[0-9]{3})"', tested))


def test_a_finding_says_rule_and_source_and_the_exact_remedy_if_there_is_one() -> None:
    plain = finding("F271", "vault/rsv", "what")
    assert plain.why.endswith("(backup-rules A.6, F.6, I.27)")
    assert (plain.severity, plain.remedy) == ("blocking", "remove the lock")
    assert finding("F271", "vault/rsv", "what", remedy="az lock delete").remedy == "az lock delete"
