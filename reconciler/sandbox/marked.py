"""Reads an estate's YAML with the place of every value, and complains about it in full sentences."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

import yaml

from reconciler.sandbox.times import parse

Path = tuple[str | int, ...]
Places = Mapping[Path, str]

_BOOLEANS = {"true": True, "false": False}
_AGE = re.compile(r"(\d+)\s*([mhdw])$")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class EstateError(Exception):
    """An estate that cannot be loaded: `where` is `file:line:column` or a path such as `vaults.rsv.items[0]`."""

    def __init__(self, code: str, where: str, what: str, why: str, remedy: str) -> None:
        super().__init__(f"{where}: {code} {what}\n  why: {why}\n  fix: {remedy}")
        self.code, self.where, self.what, self.why, self.remedy = code, where, what, why, remedy


def read_yaml(text: str, name: str) -> tuple[Any, dict[Path, str]]:
    """The document, and where each of its values stands. Scalars follow YAML 1.2: `23:00` and `no` are text.

    Raises:
        EstateError: it is no YAML, or holds a key twice, an anchor or a tag.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        what = str(getattr(error, "problem", None) or "this is not YAML")
        raise EstateError("SBX001", where, what, "the file cannot be read", "mend the YAML at this place") from None
    places: dict[Path, str] = {(): f"{name}:1:1"}
    return (_value(node, (), name, places, set()) if node else {}), places


def _value(node: yaml.Node, path: Path, name: str, places: dict[Path, str], seen: set[int]) -> Any:
    where = f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    places.setdefault(path, where)
    if id(node) in seen:
        raise EstateError("SBX001", where, "an alias", "estates have no anchors and aliases", "write the value again")
    if not isinstance(node, yaml.ScalarNode):
        seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, place), name, places, seen) for place, child in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, child in node.value:
            spot = f"{name}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            word = str(key.value)
            if word in found:
                raise EstateError("SBX001", spot, f"the key {word} twice", "only one could count", "remove one of them")
            places[(*path, word)] = spot
            found[word] = _value(child, (*path, word), name, places, seen)
        return found
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    word = str(node.value)
    if getattr(node, "style", None):
        return word
    if word in ("", "~", "null"):
        return None
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    return int(word) if re.fullmatch(r"[-+]?\d+", word) else word


@dataclass(frozen=True)
class Section:
    """A mapping of the estate, read key by key; a key that is not in `keys` is an error at once."""

    value: Mapping[str, Any]
    keys: Iterable[str]
    path: Path = ()
    places: Places = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = list(self.keys)
        for key in self.value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                self.refuse((key,), f"the key {key} is unknown", "estates are read strictly", hint)

    def where(self, path: Path = ()) -> str:
        full = (*self.path, *path)
        if found := self.places.get(full):
            return found
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in full).lstrip(".") or "estate"

    def refuse(self, path: Path, what: str, why: str, remedy: str) -> NoReturn:
        raise EstateError("SBX002", self.where(path), what, why, remedy)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default the key must be there."""
        value = self.value.get(key, default)
        if not isinstance(value, str) or not value:
            self.refuse((key,) if key in self.value else (), f"{key} must be a text", "it is needed", f"write {key}: …")
        return value

    def choice(self, key: str, choices: Mapping[str, Any], default: Any = None) -> Any:
        """One of some words, without regard to case, as the value it stands for."""
        if self.value.get(key) is None:
            return default
        lowered = {word.lower(): value for word, value in choices.items()}
        word = str(self.value[key]).lower()
        if word not in lowered:
            known = ", ".join(choices)
            self.refuse((key,), f"{key} cannot be {self.value[key]}", f"it is one of {known}", f"write one of {known}")
        return lowered[word]

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            self.refuse((key,), f"{key} must be true or false", "it is a switch", f"write {key}: true")
        return value

    def number(self, key: str, default: int | None) -> int | None:
        value = self.value.get(key, default)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            self.refuse((key,), f"{key} must be a whole number", "it is a count", f"write {key}: 30")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.value.get(key) or {}
        if not isinstance(value, dict):
            self.refuse((key,), f"{key} must be a mapping", "it has names and values", f"write {key}: {{name: value}}")
        return value

    def list(self, key: str) -> list[Any]:
        value = self.value.get(key) or []
        if not isinstance(value, list):
            self.refuse((key,), f"{key} must be a list", "it can have several entries", f"write {key}: [ … ]")
        return value

    def section(self, key: str, keys: Iterable[str]) -> "Section":
        return Section(self.mapping(key), keys, (*self.path, key), self.places)

    def named(self, key: str, keys: Iterable[str]) -> Iterator[tuple[str, "Section"]]:
        """The entries of a mapping from names to mappings; an entry without a value is an empty one."""
        for name, value in self.mapping(key).items():
            if not isinstance(value, dict | None):
                self.refuse((key, name), f"{name} must be a mapping", "it has settings", f"write {name}: {{}}")
            yield name, Section(value or {}, keys, (*self.path, key, name), self.places)

    def entries(self, key: str, keys: Iterable[str]) -> Iterator["Section"]:
        for place, value in enumerate(self.list(key)):
            if not isinstance(value, dict):
                self.refuse((key, place), f"{key} has entries that are mappings", "they have settings", "write - {…}")
            yield Section(value, keys, (*self.path, key, place), self.places)

    def moment(self, key: str, now: datetime) -> datetime | None:
        """A timestamp, or an age before now such as `26h` or `3d`."""
        return self.when(self.value.get(key), now, (key,))

    def when(self, value: Any, now: datetime, path: Path) -> datetime | None:
        if value is None:
            return None
        if match := _AGE.match(str(value)):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        try:
            return parse(str(value))
        except ValueError:
            self.refuse(
                path, f"{value} is no time", "times are ages or timestamps", "write 26h, 3d or 2026-11-20T23:00Z"
            )
