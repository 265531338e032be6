"""The base of all models: each knows the YAML it came from, and says at once all that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from reconciler.spec.catalogue import CODES
from reconciler.spec.near import did_you_mean, near, shown
from reconciler.spec.source import Source
from reconciler.spec.text import described
from reconciler.spec.tree import ListNode, MappingNode

_KNOWN_ELSEWHERE = {
    **dict.fromkeys(
        ("endpoint", "endpoints", "authority", "authorityHost", "baseUrl", "cloud"),
        ("E702", "a spec can't say where requests go"),
    ),
    **dict.fromkeys(
        ("script", "scripts", "command", "commands", "runCommand", "preScript", "postScript", "exec"),
        ("E703", "a spec can't hold scripts"),
    ),
    **dict.fromkeys(
        ("user", "username", "password", "credential", "credentials"),
        ("E833", "a spec holds no credentials, also not those of a proxy"),
    ),
    **dict.fromkeys(
        ("priority", "rules", "inbound", "outbound", "direction", "ports"),
        ("E401", "rules are not written: `via` says which ones are made, and each takes a free priority"),
    ),
    "include": ("E401", "a spec does not include other files"),
    "defaults": ("E401", "there are no `defaults`: what is left out is not managed"),
}
_REMEDIES = {"include": "give several files, or their folder, on the command line"}
_WRONG_KIND = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


class Entry(BaseModel):
    """A mapping of the language. `nullable`: keys for which null means something. `tolerant`: does without bad keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)
    nullable: ClassVar[frozenset[str]] = frozenset()
    tolerant: ClassVar[bool] = False
    _node: MappingNode = PrivateAttr()

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: object, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if not isinstance(value, MappingNode):
            return handler(value)
        source: Source = info.context  # type: ignore[assignment]  # the reader always gives one
        usable = _usable(cls, value, source)
        try:
            entry = handler(usable)
        except ValidationError as error:
            if not cls.tolerant:
                raise
            complain_of(source, value, error)
            bad = {detail["loc"][0] for detail in error.errors()}
            if bad & _required(cls):
                raise
            entry = handler({key: inner for key, inner in usable.items() if key not in bad})
        entry._node = value
        return entry

    @property
    def start_at(self) -> int:
        """Where the mapping starts."""
        return self._node.at

    def has(self, key: str) -> bool:
        """Whether the key is written, be its value right or wrong."""
        return key in self._node

    def key_at(self, key: str) -> int:
        return self._node.key_at(key)

    def value_at(self, *keys: str) -> int:
        """The position of the value under a path of keys, as far as they are written."""
        node: object = self._node
        at = self._node.at
        for key in keys:
            if not isinstance(node, MappingNode) or key not in node:
                break
            at, node = node.value_at(key), node[key]
        return at

    def written(self, key: str) -> Any:
        """What the file says under a key, unread."""
        return self._node.get(key)


@cache
def keys_of(entry: type[Entry]) -> frozenset[str]:
    """The keys that a mapping of this kind may have."""
    return frozenset(field.alias or name for name, field in entry.model_fields.items())


@cache
def _required(entry: type[Entry]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in entry.model_fields.items() if field.is_required())


def _usable(entry: type[Entry], node: MappingNode, source: Source) -> Mapping[str, Any]:
    """The mapping without unknown keys and without keys that have no value, after complaining about them."""
    known = keys_of(entry)
    unknown = node.keys() - known
    empty = {key for key, value in node.items() if value is None and key in known} - entry.nullable
    if not unknown and not empty:
        return node
    for key in unknown:
        _complain_of_key(source, key, node.key_at(key), known)
    for key in empty:
        _complain_of_null(source, node.value_at(key))
    return {key: value for key, value in node.items() if key in known and key not in empty}


def _complain_of_key(source: Source, key: str, at: int, known: frozenset[str]) -> None:
    if key in _KNOWN_ELSEWHERE:
        code, what = _KNOWN_ELSEWHERE[key]
        source.complain(code, at, what, _REMEDIES.get(key, ""))
        return
    what, remedy = f"unknown key {shown(key)}", did_you_mean(key, sorted(known))
    strange = re.search(r"[^\x00-\x7f]", key)
    if strange and near(key, known):
        source.complain("E109", at, f"{what} (contains {described(strange[0])})", remedy)
    else:
        source.complain("E401", at, what, remedy)


def _complain_of_null(source: Source, at: int) -> None:
    word = re.match(r"~|null|Null|NULL", source.rest_of_line(at))
    source.complain("E304" if word else "E308", at, "null is written here" if word else "the value is missing")


def keep_good(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Of a list or mapping of entries, drops the bad ones after complaining, so that the good ones are checked further."""
    try:
        return handler(value)
    except ValidationError as error:
        if isinstance(value, MappingNode):
            parts: list[Any] = [{key: inner} for key, inner in value.items()]
        elif isinstance(value, ListNode):
            parts = [[inner] for inner in value]
        else:
            raise
        return _good_parts(parts, value, error, handler, info.context)  # type: ignore[arg-type]


def _good_parts(
    parts: list[Any],
    node: MappingNode | ListNode,
    whole: ValidationError,
    handler: ValidatorFunctionWrapHandler,
    source: Source,
) -> Any:
    good: list[Any] = []
    for index, part in enumerate(parts):
        try:
            good.append(handler(part))
        except ValidationError as error:
            complain_of(source, node, error, index)
    if len(good) == len(parts):  # it is the whole that is wrong
        raise whole
    if isinstance(node, MappingNode):
        return {key: inner for part in good for key, inner in part.items()}
    return [inner for part in good for inner in part]


def complain_of(source: Source, node: MappingNode | ListNode, error: ValidationError, index: int = 0) -> None:
    """Says each error of pydantic in our words, at the place of its value, or of its key when the key is wrong."""
    for detail in error.errors(include_url=False):
        loc = detail["loc"]
        if isinstance(node, ListNode) and loc:
            loc = (index, *loc[1:])
        at = _locate(node, loc)
        if detail["input"] is None:
            _complain_of_null(source, at)
        else:
            source.complain(*_explained(detail, at))


def _locate(node: object, loc: tuple[int | str, ...]) -> int:
    """The position of pydantic's path; steps that are not in the file (branches of a choice, missing keys) are skipped."""
    at = node.at if isinstance(node, MappingNode | ListNode) else 0
    key_at = at
    for step in loc:
        if step == "[key]":
            at = key_at
        elif isinstance(node, MappingNode) and isinstance(step, str) and step in node:
            key_at, at, node = node.key_at(step), node.value_at(step), node[step]
        elif isinstance(node, ListNode) and isinstance(step, int):
            at, node = node.marks[step], node[step]
    return at


def _explained(detail: ErrorDetails, at: int) -> tuple[str, int, str, str]:
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in CODES:
        return kind, at, str(context["what"]), str(context["remedy"])
    if kind == "missing":
        return "E402", at, f"the key '{detail['loc'][-1]}' is missing", ""
    if kind == "literal_error" and isinstance(found, str):
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        return "E310", at, f"{shown(found)} is not one of the words", did_you_mean(found, words)
    if kind in ("too_short", "string_too_short"):
        return "E311", at, "nothing is in here", ""
    if kind in ("too_long", "string_too_long"):
        return "E312", at, f"more than {context['max_length']} are in here", ""
    expected = _WRONG_KIND.get(kind, str(context.get("expected_tags", "another kind of value")))
    expected = expected.replace("', '", " or ").strip("'")
    return "E309", at, f"expected {expected}, found {shown(found)}", ""
