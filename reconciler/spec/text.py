"""Bytes to text: what a spec file may contain before YAML is even looked at (the byte rows of the bad-input catalogue)."""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from itertools import islice

from reconciler.core.errors import Place
from reconciler.spec.source import Complaints, Source, mark

MOST_BYTES = 32 * 1024 * 1024
LONGEST_LINE = 64 * 1024
_MOST_HITS = 100  # more of the same says nothing new

_CHARACTERS = {
    "E104": "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff",
    "E106": "\x85\u2028\u2029",
    "E107": "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f",
    "E108": "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000",
    "E110": "\ud800-\udfff",
}
_CODE_BY_CHARACTER = {code: re.compile(f"[{characters}]") for code, characters in _CHARACTERS.items()}
SUSPECT = re.compile(f"[{''.join(_CHARACTERS.values())}]")
_LAYOUT = {
    "E201": ("%", re.compile(r"^%", re.MULTILINE)),
    "E205": ("\t", re.compile(r"^ *\t|(?<=[:,\-\[{])\t", re.MULTILINE)),
}
_SECRET_NEEDLES = ("://", "=", "private key", "eyj", "q~")
_SECRET = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/@\s:]{1,200}:[^/@\s]{1,200}@"  # URL with a password
    r"|(?:AccountKey|SharedAccessKey|SharedAccessSignature|client_secret|password)\s{0,4}=\s{0,4}[^\s'\"]{6}"
    r"|[?&]sig=[A-Za-z0-9%+/]{16}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY"
    r"|\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10}"
    r"|\b[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}",  # Entra application secret
    re.IGNORECASE,
)


def read_source(name: str, content: str | bytes, complaints: Complaints) -> Source | None:
    """The file as text, or None after complaining. Nothing after this sees a character that people can't see."""
    start = Place(name, 1, 1)
    if len(content) > MOST_BYTES:
        size = f"{len(content) / 1024 / 1024:.1f} MiB"
        complaints.add("E111", start, f"the file has {size}; the limit is {MOST_BYTES >> 20} MiB")
        return None
    text = _decoded(name, content, complaints) if isinstance(content, bytes) else content
    if text is None:
        return None
    if text.startswith("\ufeff"):
        complaints.add("I103", start, "the file starts with a byte order mark")
        text = text[1:]
    source = Source(name, text, complaints)
    return source if _is_clean(source) else None


def _decoded(name: str, content: bytes, complaints: Complaints) -> str | None:
    if content.startswith((BOM_UTF32_LE, BOM_UTF32_BE, BOM_UTF16_LE, BOM_UTF16_BE)):
        complaints.add("E102", Place(name, 1, 1), "the file is UTF-16 or UTF-32")
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].removeprefix(BOM_UTF8).decode("utf-8")
        source = Source(name, before, complaints)
        source.complain("E101", source.at_offset(len(before)), f"byte 0x{content[error.start]:02X} is not UTF-8")
        return None


def _is_clean(source: Source) -> bool:
    clean = True
    for hit in islice(SUSPECT.finditer(source.text), _MOST_HITS):
        clean = False
        source.complain(character_code(hit[0]), source.at_offset(hit.start()), f"{described(hit[0])} in the file")
    for code, (needle, pattern) in _LAYOUT.items():
        if needle not in source.text:  # far cheaper than the pattern, and nearly always so
            continue
        for hit in islice(pattern.finditer(source.text), _MOST_HITS):
            clean = False
            what = "a tab is used as spacing" if code == "E205" else "a line starts with %"
            source.complain(code, source.at_offset(hit.end() - 1), what)
    lowered = source.text.lower()
    secrets = _SECRET.finditer(source.text) if any(needle in lowered for needle in _SECRET_NEEDLES) else iter(())
    for hit in islice(secrets, _MOST_HITS):
        clean = False
        source.complain("E701", source.at_offset(hit.start()), "this looks like a credential (not shown here)")
    for number, line in enumerate(source.lines):
        if len(line) > LONGEST_LINE:
            clean = False
            what = f"the line has {len(line)} characters; the limit is {LONGEST_LINE}"
            source.complain("E111", mark(number, LONGEST_LINE), what)
    return clean


def character_code(character: str) -> str:
    """The code of the rule that a suspect character breaks."""
    return next(code for code, pattern in _CODE_BY_CHARACTER.items() if pattern.match(character))


def described(character: str) -> str:
    """A character by number and name, as it can't be shown itself."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" {name}" if name else "")
