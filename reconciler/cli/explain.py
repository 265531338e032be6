"""The command `explain`: any code that azbackup prints, or that Azure Backup answers."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from reconciler.cli.options import Printing
from reconciler.cli.problems import UsageError
from reconciler.core.errors import ExitCode, Problem
from reconciler.core.taxonomy import EFFECTS, UNKNOWN, Effect
from reconciler.preflight.catalogue import CHECKS
from reconciler.report.catalogue import CODES, Explanation
from reconciler.report.explain import explanation_document, explanation_lines, explanation_markdown
from reconciler.spec.catalogue import CODES as SPEC_CODES
from reconciler.spec.catalogue import CodeEntry

_SPEC_SEVERITIES = {"E": "error", "W": "warning", "I": "info"}


def own_codes() -> Mapping[str, Explanation]:
    """Every code of azbackup itself; those of Azure are in `service_codes`."""
    checks = (Explanation(each.code, each.severity, each.title, each.rule, each.source, each.remedy) for each in CHECKS)
    return {
        **CODES,
        **{code: _of_spec(entry) for code, entry in SPEC_CODES.items()},
        **{each.code: each for each in checks},
        **{effect.code: _of_effect(effect) for effect in (*EFFECTS.values(), UNKNOWN)},
    }


def service_codes() -> Mapping[str, Explanation]:
    """The codes of Azure Backup that azbackup knows a remedy for. Reading them loads the Azure SDK."""
    from reconciler.cloud.refusals import REFUSALS

    return {
        code: Explanation(
            code,
            "passing" if known.passing else "error",
            "a code of Azure",
            known.why,
            "backup-rules F, wire-facts 1.4",
            known.remedy,
        )
        for code, known in REFUSALS.items()
    }


def explain(printing: Printing, code: str) -> ExitCode:
    """Raises `UsageError` for a code that nobody says."""
    told = _find(code)
    printing.output.result(
        text=lambda: explanation_lines(told),
        document=lambda: explanation_document(told),
        markdown=lambda: explanation_markdown(told),
    )
    return ExitCode.DONE


def _find(code: str) -> Explanation:
    own = own_codes()
    for known in (own, service := service_codes()) if not _in(own, code) else (own,):
        if found := _in(known, code):
            return found
    near = get_close_matches(code.upper(), [*own, *service], n=1) or get_close_matches(code, list(service), n=1)
    raise UsageError(
        Problem(
            code="X140",
            where=code,
            what="no code of this name is known",
            why=CODES["X140"].rule,
            remedy=f"did you mean {near[0]}?" if near else CODES["X140"].remedy,
        )
    )


def _in(known: Mapping[str, Explanation], code: str) -> Explanation | None:
    return next((told for name, told in known.items() if name.lower() == code.strip().lower()), None)


def _of_spec(entry: CodeEntry) -> Explanation:
    return Explanation(entry.code, _SPEC_SEVERITIES[entry.code[0]], entry.title, entry.rule, entry.source, entry.remedy)


def _of_effect(effect: Effect) -> Explanation:
    needed = effect.step_class
    remedy = "none needed: --auto-approve covers it"
    if needed.needs_allowance:
        consent = ", and add a consents: entry for the change to the spec" if needed.needs_consent else ""
        remedy = f"read the plan, then add --allow {needed.word}=COUNT{consent}"
    return Explanation(
        effect.code, needed.word, "an effect of a change", effect.meaning, "change taxonomy (core/taxonomy.py)", remedy
    )
