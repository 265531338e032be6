"""The part of the Kusto query language that clients send to Resource Graph; anything else is refused, not guessed."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Entry = dict[str, Any]
Expression = Callable[[Mapping[str, Any]], Any]
Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+)|(?P<name>in~|[A-Za-z_]\w*)|(?P<sign>==|=~|!=|!~|[=.,()\[\]|]))"""
)
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "==": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: value.lower() == wanted.lower(),
    "!~": lambda value, wanted: value.lower() != wanted.lower(),
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "startswith": lambda value, wanted: value.lower().startswith(wanted.lower()),
    "endswith": lambda value, wanted: value.lower().endswith(wanted.lower()),
    "has": lambda value, wanted: wanted.lower() in re.split(r"\W+", value.lower()),
}


class UnknownQuery(ValueError):
    """The query has a part that is not known here; the text names it."""


def run(query: str, tables: Callable[[str], Iterable[Entry]]) -> list[Entry]:
    """The entries that a query gives; `tables` gives those of a table by its lower-cased name.

    Raises:
        UnknownQuery: a part of the query, or its table, is not known.
    """
    table, *stages = _split(_tokens(query))
    if len(table) != 1:
        raise UnknownQuery(" ".join(table))
    entries = list(tables(table[0].lower()))
    for stage in stages:
        entries = _stage(_Reader(stage), entries)
    return entries


def _tokens(query: str) -> list[str]:
    tokens, place = [], 0
    query = query.rstrip().rstrip(";")
    while place < len(query):
        match = _TOKEN.match(query, place)
        if match is None:
            raise UnknownQuery(query[place : place + 40].strip())
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


def _split(tokens: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == "|":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


class _Reader:
    """The tokens of one stage, read from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._place = tokens, 0

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._place += 1
        return token

    def took(self, word: str) -> bool:
        found = self.peek().lower() == word
        self._place += found
        return found

    def need(self, word: str) -> None:
        if not self.took(word):
            raise UnknownQuery(f"{self.peek() or 'the end'} where {word} is expected")

    def end(self) -> None:
        if self.peek():
            raise UnknownQuery(self.peek())


def _stage(reader: _Reader, entries: list[Entry]) -> list[Entry]:
    verb = reader.next().lower()
    if verb == "where":
        test = _tests(reader)
        found = [entry for entry in entries if test(entry)]
    elif verb in ("project", "extend"):
        columns = _columns(reader)
        base: Callable[[Entry], Entry] = dict if verb == "extend" else lambda entry: {}
        found = [base(entry) | {name: value(entry) for name, value in columns} for entry in entries]
    elif verb in ("take", "limit"):
        found = entries[: _whole(reader.next())]
    elif verb in ("order", "sort"):
        reader.need("by")
        key = _expression(reader)
        descending = not reader.took("asc")
        reader.took("desc")
        found = sorted(entries, key=lambda entry: _text(key(entry)), reverse=descending)
    elif verb == "count":
        found = [{"Count": len(entries)}]
    else:
        raise UnknownQuery(verb)
    reader.end()
    return found


def _whole(token: str) -> int:
    if not token.isdecimal():
        raise UnknownQuery(token or "the end")
    return int(token)


def _columns(reader: _Reader) -> list[tuple[str, Expression]]:
    columns = []
    while True:
        name = reader.next()
        if reader.took("="):
            columns.append((name, _expression(reader)))
        else:
            columns.append((name, _path([name])))
        if not reader.took(","):
            return columns


def _tests(reader: _Reader) -> Test:
    tests = [_test(reader)]
    while reader.took("and"):
        tests.append(_test(reader))
    return lambda entry: all(test(entry) for test in tests)


def _test(reader: _Reader) -> Test:
    value = _expression(reader)
    operator = reader.next().lower()
    if operator in ("in", "in~"):
        wanted = [_text(each({})) for each in _arguments(reader)]
        same = _OPERATORS["==" if operator == "in" else "=~"]
        return lambda entry: any(same(_text(value(entry)), each) for each in wanted)
    compare = _OPERATORS.get(operator)
    if compare is None:
        raise UnknownQuery(operator or "the end")
    other = _expression(reader)
    return lambda entry: compare(_text(value(entry)), _text(other(entry)))


def _arguments(reader: _Reader) -> list[Expression]:
    reader.need("(")
    found = [_expression(reader)]
    while reader.took(","):
        found.append(_expression(reader))
    reader.need(")")
    return found


def _expression(reader: _Reader) -> Expression:
    token = reader.next()
    if token[:1] in ("'", '"'):
        return lambda entry: token[1:-1]
    if token.isdecimal():
        return lambda entry: int(token)
    if not re.fullmatch(r"[A-Za-z_]\w*", token):
        raise UnknownQuery(token or "the end")
    if reader.peek() == "(":
        return _function(token.lower(), _arguments(reader))
    steps = [token]
    while reader.peek() in (".", "["):
        if reader.took("."):
            steps.append(reader.next())
        else:
            reader.need("[")
            steps.append(reader.next()[1:-1])
            reader.need("]")
    return _path(steps)


def _function(name: str, values: list[Expression]) -> Expression:
    if name == "strcat":
        return lambda entry: "".join(_text(value(entry)) for value in values)
    if name == "tostring" and len(values) == 1:
        return lambda entry: _text(values[0](entry))
    if name == "tolower" and len(values) == 1:
        return lambda entry: _text(values[0](entry)).lower()
    raise UnknownQuery(name)


def _path(steps: list[str]) -> Expression:
    def value(entry: Mapping[str, Any]) -> Any:
        found: Any = entry
        for step in steps:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)
