"""Foreign text can't steer a terminal, a CI system, a JSON reader or a Markdown page (reliability S-14 to S-16, P25)."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan import Change
from reconciler.report.documents import problems_document
from reconciler.report.markdown import outcome_markdown, plan_markdown, problems_markdown
from reconciler.report.neutralise import MAX_CHARACTERS, Span, code, line, plain, render, render_json
from reconciler.report.outcome import outcome_document, outcome_lines
from reconciler.report.outline import outline
from reconciler.report.text import drift_lines, plan_lines, problem_lines, validate_lines
from tests.report.plans import a_finding, a_plan, a_problem, a_step, an_outcome

PAYLOADS = [
    "\x1b[2J\x1b]0;title\x07",
    "red\x1b[31m",
    "\r::error::overwritten",
    "::set-output name=x::y",
    "  ::add-mask::a",
    "##vso[task.setvariable variable=x]y",
    "text ##[command]rm",
    "name\n::warning::second line",
    "name\u2028::error::x",
    "name\x0b::error::x\x0c::error::y\x85::error::z",
    "\u202egnp.exe",
    "zero\u200bwidth\u2060\ufeff\u00ad",
    "\U000e0041\u3164\ufe0f",
    "\ud800",
    "|cell|",
    "a\\|b\\",
    "`code``` [x](https://example.invalid)",
    "![i](https://example.invalid/i.png)",
    "<!-- azbackup:plan --><script>alert(1)</script>",
    "@someone #1 https://example.invalid www.example.invalid me@example.invalid",
    "</code></td></table>",
    "x" * 5000,
    "",
    " ",
]
TEXTS = st.one_of(
    st.sampled_from(PAYLOADS),
    st.text(st.characters(), max_size=40),
    st.text("\\`|<>:#[]vso*_-!@\n\r\t \x1b\u202e\u200b", max_size=30),
)
_COMMAND = re.compile(r"\s*(::|##\[|##vso\[)", re.IGNORECASE)


def everything_printed(text: str, *, color: bool = False) -> str:
    """Every text answer, with the same foreign text in each of its places."""
    step = a_step(f"{text}/{text}/{text}", "update", Change(text, text, {"tag": text}, "POL-07"), why=text)
    finding = a_finding(f"vault/{text}", "blocking", code=text, what=text, why=text, remedy=text, where=text)
    plan = a_plan(step, findings=(finding,), blocked={text: text + "x", f"{text}y": text})
    problem = a_problem(text, text, what=text, why=text, remedy=text)
    outcome = replace(an_outcome((step, "failed"), (step, "blocked")), problems=(problem,))
    return render(
        [
            *plan_lines(plan, target=text, verbose=True),
            *drift_lines(plan, target=text, drifted=True),
            *problem_lines([problem]),
            *validate_lines([problem], files=text, contents=text),
            *outcome_lines(outcome, plan, verbose=True),
            *outline({text: [text, {text: text}]}),
            line(text),
            line(":", text),
            line(Span(text, "red"), text),
        ],
        color=color,
    )


@given(TEXTS)
def test_a_terminal_gets_nothing_but_printable_characters_and_line_feeds(text: str) -> None:
    for printed in everything_printed(text):
        assert printed == "\n" or printed == " " or unicodedata.category(printed)[0] not in "CZ", ascii(printed)


@given(TEXTS)
def test_a_colored_line_holds_no_escape_sequence_but_ours(text: str) -> None:
    without_ours = re.sub("\x1b\\[[0-9]{1,2}m", "", everything_printed(text, color=True))
    assert without_ours.replace("\x1b", "") == without_ours
    assert [row.rstrip() for row in without_ours.splitlines()] == everything_printed(text).splitlines()


@given(TEXTS)
def test_no_line_is_a_command_to_a_ci_system(text: str) -> None:
    for printed in everything_printed(text).split("\n"):
        assert not _COMMAND.match(printed)
        assert "##" not in printed


@given(TEXTS)
def test_text_of_several_lines_stays_inside_its_entry(text: str) -> None:
    indented = render(problem_lines([a_problem(where="f:1:1", what="w", why=f"first\n{text}")]), color=False)
    assert all(row.startswith("      ") for row in indented.splitlines()[1:] if row)


@given(TEXTS)
def test_json_is_ascii_and_reads_back(text: str) -> None:
    printed = render_json({"text": text, text: [text]})
    assert json.loads(printed) == {"text": text, text: [text]}
    assert printed.isascii()
    assert all(character.isprintable() or character == "\n" for character in printed)
    assert "##" not in printed


@given(TEXTS)
def test_json_of_every_answer_holds_no_ci_command(text: str) -> None:
    step = a_step(f"vault/{text}", "update", Change(text, text, text, "POL-07"), why=text)
    outcome = an_outcome((step, "failed"))
    documents = [
        problems_document([a_problem(text, text, what=text)], exit_code=1),
        outcome_document(outcome, a_plan(step), target={"file": text}, requests={}),
    ]
    for printed in map(render_json, documents):
        assert not any(_COMMAND.match(row) for row in printed.split("\n"))


def shape(markdown: str) -> list[str]:
    """Every line with its code spans emptied: tables keep it whatever stands in their cells."""
    return re.sub(r"`[^`\n]*`", "`x`", markdown).split("\n")


def every_markdown(text: str) -> str:
    step = a_step(f"policy/{text}", "update", Change(text, text, [text], "POL-07"), why=text)
    finding = a_finding(f"vault/{text}", code=f"c{text}", what=f"w{text}", remedy=f"r{text}")
    plan = a_plan(step, findings=(finding,), blocked={f"a{text}": f"b{text}"})
    problem = a_problem(f"E1{text}".strip()[:2], f"f{text}", what=f"w{text}", remedy=f"r{text}")
    return "".join(
        (
            plan_markdown(plan, target=f"t{text}"),
            problems_markdown([problem], title="azbackup"),
            outcome_markdown(an_outcome((step, "failed")), None),
        )
    )


@given(TEXTS)
def test_markdown_keeps_its_shape(text: str) -> None:
    assert shape(every_markdown(text)) == shape(every_markdown("x"))


@given(TEXTS)
def test_markdown_has_foreign_text_in_code_spans_alone(text: str) -> None:
    outside = re.sub(r"`[^`\n]*`", "", every_markdown(f"Zq{text}"))
    assert "Zq" not in outside
    assert "<!--" not in every_markdown(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\u{1b}[31mb"),
        ("a\r\nb", r"a\u{d}\u{a}b"),
        ("a\u202eb", r"a\u{202e}b"),
        ("naïve → ok", "naïve → ok"),
        ("##[x", r"#\u{23}[x"),
        ("x" * (MAX_CHARACTERS + 3), "x" * MAX_CHARACTERS + "… (3 more characters)"),
    ],
)
def test_plain_shows_what_it_takes_away(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_code_span_ends_where_it_should() -> None:
    assert code("a`b|c<d") == r"`a\u{60}b\u{7c}c\u{3c}d`"
    assert code("  ") == ""
