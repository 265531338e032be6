"""The table of rows in docs/sandbox.md: `python -m tests.sandbox.rows_table` writes it anew."""

import re
from pathlib import Path

from reconciler.sandbox.app import TABLE
from reconciler.sandbox.table import as_markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "sandbox.md"
_BETWEEN = re.compile(r"(<!-- rows: begin -->\n).*?(?=<!-- rows: end -->)", re.DOTALL)


def with_current_table(text: str) -> str:
    """The document's text with the table that belongs to the code."""
    return _BETWEEN.sub(lambda match: f"{match[1]}\n{as_markdown(TABLE.routes)}\n\n", text)


if __name__ == "__main__":
    DOCUMENT.write_text(with_current_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
