"""Whatever the bytes: a spec, or complaints with a place. Nothing else is ever raised."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.errors import Problem, SpecError
from reconciler.spec import load_documents
from reconciler.spec.catalogue import CODES
from tests.spec.corpus import TODAY, cases

_SEEDS = [content for case in cases() for content in case.files.values()]
_PIECES = [
    b"\n", b" ", b"  - ", b": ", b"{", b"}", b"[", b"]", b"'", b'"', b"&a ", b"*a", b"!!x ", b"# ", b"? ", b"- ", b"|\n", b"\t",
    b"null", b"~", b"-1", b"1e9", b"0x", b"\xff", b"\xc2\xa0", b"\xe2\x80\xa8", b"---\n", b"...\n", b"%", b"\\ud800", b"vm: ", b"on: ",
    b"select: ", b"archive: ", b"day 1", b"first sunday", b"\r", b"\r\n", b"\x00", b"<<: ",
]  # fmt: skip


def is_answered(content: bytes) -> bool:
    """A spec, or at least one error; every complaint whole and with a place."""
    try:
        problems = load_documents({"a.yaml": content}, today=TODAY)[1]
        wanted = "WI"
    except SpecError as error:
        problems, wanted = error.problems, "E"
    return (bool(problems) or wanted == "WI") and all(is_whole(problem, content, wanted) for problem in problems)


def is_whole(problem: Problem, content: bytes, kinds: str) -> bool:
    name, line, column = problem.where.rsplit(":", 2)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    told = all((problem.what, problem.why, problem.remedy))
    known = problem.code in CODES and problem.code[0] in kinds
    return name == "a.yaml" and 1 <= int(line) <= lines and int(column) >= 1 and told and known


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(content: bytes) -> None:
    assert is_answered(content)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 12)))
        content = content[:start] + draw(st.sampled_from(_PIECES) | st.binary(max_size=3)) + content[end:]
    return content


@settings(max_examples=400)
@given(mutated())
def test_mutated_specs(content: bytes) -> None:
    assert is_answered(content)


@settings(max_examples=100)
@given(mutated())
def test_mutated_specs_without_libyaml(content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        assert is_answered(content)


@settings(max_examples=100)
@given(st.text(max_size=50))
def test_any_text(content: str) -> None:
    """Text may hold what bytes can't: lone surrogates."""
    with pytest.raises(SpecError) as caught:
        load_documents({"a.yaml": content + "\ud800"}, today=TODAY)
    assert "E110" in {problem.code for problem in caught.value.problems}
