"""How single values are read: each annotation checks the text, and says the same rule in the JSON Schema.

Every value arrives as text, quoted (`str`) or not (`Plain`); a number, boolean or date is made where one is due.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.spec.near import shown
from reconciler.spec.tree import ListNode, MappingNode, Plain

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_OTHER_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?)")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)")
_LEADING_NUMBER = re.compile(r"\s*([1-9][0-9]{0,3})(?![0-9.,:_-])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DIGITS = 18


def refuse(code: str, what: str, remedy: str = "") -> PydanticCustomError:
    """A complaint of ours in the form that travels through pydantic; its place is found later."""
    return PydanticCustomError(code, "{what}", {"what": what, "remedy": remedy})


@dataclass(frozen=True)
class Whole:
    """An integer from `least` to `most`, counting `unit`; outside of that the complaint has `code`."""

    least: int
    most: int
    unit: str
    code: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def read(self, value: object) -> int:
        number = whole_number(value)
        if not self.least <= number <= self.most:
            raise refuse(self.code, f"{number} {self.unit}: expected {self.least} to {self.most}")
        return number


def whole_number(value: object) -> int:
    """A plain decimal integer. Raises a complaint that says what was found instead."""
    if not isinstance(value, str):
        raise refuse("E309" if isinstance(value, dict | list) else "E308", f"expected an integer, found {shown(value)}")
    if isinstance(value, Plain):
        if value == "-0":
            raise refuse("E303", "'-0' is no plain decimal integer", "write 0")
        if _PLAIN_NUMBER.fullmatch(value):
            if len(value) > _MOST_DIGITS:
                raise refuse("E306", f"a number of {len(value)} digits")
            return int(value)
        if _NOT_FINITE.fullmatch(value) or (len(value) > _MOST_DIGITS and _OTHER_NUMBER.fullmatch(value)):
            raise refuse("E306", f"{shown(value)} is no finite integer of at most {_MOST_DIGITS} digits")
        if _is_overflow(value):
            raise refuse("E306", f"{shown(value)} is too large")
        if _OTHER_NUMBER.fullmatch(value):
            raise refuse("E303", f"{shown(value)} is no plain decimal integer")
    found = _LEADING_NUMBER.match(value)
    raise refuse("E307", f"expected an integer, found text {shown(value)}", f"write {found[1]}" if found else "")


def _is_overflow(value: str) -> bool:
    _, _, exponent = value.lower().partition("e")
    return bool(_OTHER_NUMBER.fullmatch(value)) and exponent.isdigit() and int(exponent) > _MOST_DIGITS


class Flag:
    """true or false, without quotes."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "boolean"}

    def read(self, value: object) -> bool:
        if isinstance(value, Plain) and value in ("true", "false"):
            return value == "true"
        remedy = ""
        if isinstance(value, str):
            word = value.lower()
            remedy = "write true" if word in ("yes", "on", "y", "true", "1") else ""
            remedy = "write false" if word in ("no", "off", "n", "false", "0") else remedy
        raise refuse("E302", f"expected true or false, found {shown(value)}", remedy)


class Day:
    """A calendar day, YYYY-MM-DD."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date"}

    def read(self, value: object) -> date:
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                raise refuse("E305", f"{shown(value)} is not in the calendar") from None
        raise refuse("E305", f"expected a date, found {shown(value)}")


@dataclass(frozen=True)
class Written:
    """A text of one form. `pattern` is whole, in the regular expressions that Python and ECMA share.

    `explain` may turn a text that does not fit into a better complaint than the general one.
    """

    pattern: str
    code: str
    expected: str
    explain: Callable[[str], PydanticCustomError] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        fits = re.compile(self.pattern).fullmatch

        def check(value: str) -> str:
            if fits(value):
                return value
            if self.explain is not None:
                raise self.explain(value)
            raise refuse(self.code, f"{shown(value)}: expected {self.expected}")

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


def json_value(value: object) -> Any:
    """A value of a consent as JSON: unquoted integers, booleans and null are what they look like, the rest is text."""
    if isinstance(value, MappingNode):
        return {key: json_value(inner) for key, inner in value.items()}
    if isinstance(value, ListNode):
        return [json_value(inner) for inner in value]
    if isinstance(value, Plain):
        if value in ("true", "false"):
            return value == "true"
        if _PLAIN_NUMBER.fullmatch(value) and len(value) <= _MOST_DIGITS:
            return int(value)
    return value if value is None else str(value)
