"""The words and forms of the language: what may be written where, and what a near miss is told."""

from __future__ import annotations

import re
from itertools import product
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from reconciler.spec.near import shown
from reconciler.spec.scalars import Written, refuse

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Month = Literal[
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKS = ("first", "second", "third", "fourth", "last")
BY_WEEK = tuple(f"{week} {weekday}" for week, weekday in product(WEEKS, WEEKDAYS))
BY_DAY = (*(f"day {day}" for day in range(1, 32)), "last day")

GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
GROUP = r"[A-Za-z0-9_()-](?:[A-Za-z0-9._()-]{0,88}[A-Za-z0-9_()-])?"
_VM = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?"
_VM_ID = (
    rf"/[Ss]ubscriptions/{GUID}/[Rr]esource[Gg]roups/{GROUP}"
    rf"/[Pp]roviders/[Mm]icrosoft\.[Cc]ompute/[Vv]irtual[Mm]achines/{_VM}"
)


def _point_day(value: object) -> object:
    """Spaces and case of `First  Sunday` are no matter of meaning, but there is one way to write it."""
    if isinstance(value, str) and value not in BY_WEEK and value not in BY_DAY:
        tidy = " ".join(value.lower().split())
        if tidy in BY_WEEK or tidy in BY_DAY:
            raise refuse("E310", f"{shown(value)} is not one of the words", f"write '{tidy}'")
    return value


# One item: `first sunday` … `last saturday`, `day 1` … `day 31`, `last day`. Spelt out, so that editors complete it.
PointDay = Annotated[Literal[(*BY_WEEK, *BY_DAY)], BeforeValidator(_point_day)]  # type: ignore[valid-type]


def shape(value: object) -> str:
    """Which branch of a choice a value takes: the choice is by the kind of YAML value, so that it is never ambiguous."""
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "text"


def _explain_time(value: str) -> PydanticCustomError:
    clock = re.fullmatch(r"([0-9]{1,2}):([0-9]{1,2})", value)
    if clock is None:
        return refuse("E301", f"expected HH:MM, found {shown(value)}")
    hour, minute = int(clock[1]), int(clock[2])
    fits = hour < 24 and minute in (0, 30)
    return refuse("E805", f"{shown(value)} is not allowed", f'write "{hour:02}:{minute:02}"' if fits else "")


def _explain_location(value: str) -> PydanticCustomError:
    tidy = re.sub(r"[^a-z0-9]", "", value.lower())
    return refuse("E507", f"{shown(value)} is no region name", f"write '{tidy}'" if tidy else "")


def explain_reference(value: str, what: str) -> PydanticCustomError:
    """Why a text is no GROUP/NAME and no ARM id of `what`, a kind of resource with its article."""
    if value.startswith("/"):
        return refuse("E502", f"{shown(value)} is not the id of {what}")
    if value.count("/") == 1:
        return refuse("E501", f"{shown(value)}: name of the group or of {what} not allowed")
    return refuse("E502", f"{shown(value)} is not GROUP/NAME")


def _explain_vm(value: str) -> PydanticCustomError:
    return explain_reference(value, "a virtual machine")


Subscription = Annotated[str, Written(rf"(?!0{{8}}-0{{4}}-0{{4}}-0{{4}}-0{{12}}){GUID}", "E504", "a GUID")]
Location = Annotated[str, Written(r"[a-z][a-z0-9]{2,39}", "E507", "a region as in westeurope", _explain_location)]
GroupName = Annotated[str, Written(GROUP, "E501", "1 to 90 letters, digits or . _ - ( ), not ending with a dot")]
VaultName = Annotated[
    str, Written(r"[A-Za-z][A-Za-z0-9-]{1,49}", "E501", "2 to 50 letters, digits or -, a letter first")
]
PolicyName = Annotated[
    str, Written(r"[A-Za-z][A-Za-z0-9_!-]{2,149}", "E501", "3 to 150 letters, digits or - _ !, a letter first")
]
NamePattern = Annotated[
    str, Written(r"[A-Za-z0-9._*?!\[\]-]{1,64}", "E501", "a VM name in which *, ? and [abc] may stand for others")
]
VmName = Annotated[str, Written(rf"{GROUP}/{_VM}|{_VM_ID}", "E502", "GROUP/NAME", _explain_vm)]
ClockTime = Annotated[str, Written(r"(?:[01][0-9]|2[0-3]):(?:00|30)", "E805", "HH:00 or HH:30", _explain_time)]
TagName = Annotated[str, Written(r"[^<>%&\\?/]{1,512}", "E506", "1 to 512 characters without < > % & \\ ? /")]
TagValue = Annotated[str, Written(r"[^\n]{0,256}", "E506", "at most 256 characters on one line")]
Text = Annotated[str, Written(r"\s*\S[\s\S]{0,999}", "E312", "1 to 1000 characters")]
Tags = dict[TagName, TagValue]
