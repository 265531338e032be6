"""The command `schema`: the JSON Schemas that editors and other programs use."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from reconciler.cli.files import read_text, write_whole
from reconciler.cli.options import Printing
from reconciler.cli.problems import OutputError, schema_outdated
from reconciler.core.errors import ExitCode
from reconciler.report.neutralise import line
from reconciler.report.schema import plan_schema
from reconciler.spec.schema import json_schema

FOLDER = Path("schemas")


def schema_files() -> dict[Path, str]:
    """What belongs into schemas/, by path below the working folder."""
    schemas = {"azbackup.schema.json": json_schema(), "plan.schema.json": plan_schema()}
    return {
        FOLDER / name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in schemas.items()
    }


def schema(printing: Printing, check: bool) -> ExitCode:
    """Raises `OutputError` for files that are outdated (with `check`) or can't be written."""
    files = schema_files()
    if check:
        problems = [
            schema_outdated(path, missing=not path.exists())
            for path, text in files.items()
            if not path.exists() or read_text(path) != text
        ]
        if problems:
            raise OutputError(*(problem for error in problems for problem in error.problems))
    else:
        with suppress(FileExistsError):  # a file of that name: writing below it says so
            FOLDER.mkdir(exist_ok=True)
        for path, text in files.items():
            write_whole(path, text, mode=0o644)
    verb = "is up to date" if check else "written"
    names = [str(path) for path in files]
    printing.output.result(
        text=lambda: (line(f"{name} {verb}") for name in names),
        document=lambda: {"formatVersion": "1", "files": names, "written": not check},
        markdown=lambda: "".join(f"- `{name}` {verb}\n" for name in names),
    )
    return ExitCode.DONE
