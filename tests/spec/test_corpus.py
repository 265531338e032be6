"""Every row of the bad-input catalogue that applies gets its answer: code, line and column, and nothing else is said."""

import pytest
import yaml

from tests.spec.corpus import Case, cases, complaints

CASES = tuple(cases())


def _errors(case: Case) -> tuple[tuple[str, str, int, int], ...]:
    """Hints are not shown beside errors."""
    errors = tuple(one for one in case.expected if one[0].startswith("E"))
    return errors or case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_complaints_are_these_and_point_there(case: Case) -> None:
    assert complaints(case.files) == _errors(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_parser_without_libyaml_gives_the_same_codes(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert [(code, file) for code, file, *_ in complaints(case.files)] == [
        (code, file) for code, file, *_ in _errors(case)
    ]
