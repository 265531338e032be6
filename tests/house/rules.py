"""The rules of the house for one Python file: what ruff, mypy and import-linter cannot see."""

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
PURE_ROOMS = frozenset({"core", "kinds", "plan", "preflight", "report"})
TIMELESS_ROOMS = PURE_ROOMS | {"apply", "sandbox", "spec"}  # their clock and their ids are handed to them

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A Python file: `path` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree: the rules ask for them again and again."""
        return list(ast.walk(self.tree))

    @property
    def room(self) -> str:
        """`plan` for reconciler/plan/diff.py, the empty text for tests."""
        parts = self.path.removesuffix(".py").split("/")
        return parts[1] if parts[0] == "reconciler" else ""

    def functions(self) -> Iterator[Function]:
        return (node for node in self.nodes if isinstance(node, Function))

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with the dotted name of what is called, as it is written: `datetime.now`, `open`, `.read_text`."""
        return ((node, dotted(node.func)) for node in self.nodes if isinstance(node, ast.Call))

    def imports(self) -> Iterator[tuple[ast.stmt, str]]:
        """Every module that is imported; `from a import b` gives `a` and `a.b`, since `b` may be a module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node, node.module
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


Findings = Iterator[tuple[int, str]]  # line, what is wrong
Check = Callable[[Source], Findings]


def dotted(node: ast.AST) -> str:
    """The name a call or decorator is written with; what is not a name in front of an attribute becomes nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def file_length(source: Source) -> Findings:
    lines = source.text.count("\n")
    if lines >= MAX_FILE_LINES:
        yield 1, f"{lines} lines: a file stays under {MAX_FILE_LINES}, give the second idea its own file"


def function_length(source: Source) -> Findings:
    for node in source.functions():
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines >= MAX_FUNCTION_LINES:
            yield node.lineno, f"{node.name} has {lines} lines: a function stays under {MAX_FUNCTION_LINES}"


def module_docstring(source: Source) -> Findings:
    if source.room and not ast.get_docstring(source.tree):
        yield 1, "no docstring: say in a sentence what this module is for"


def vague_name(source: Source) -> Findings:
    vague = r"(utils?|helpers?|managers?|misc)"
    if re.search(rf"(^|[/_]){vague}(?=[/_.])", source.path):
        yield 1, "the path names no idea: call the module for what it holds"
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and re.search(rf"{vague}$", node.name, re.IGNORECASE):
            yield node.lineno, f"{node.name} names no idea: call the class for what it is"


def postponed_work(source: Source) -> Findings:
    # The words that the rule looks for, not work that is left.
    postponed = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|no cover")
    tokens = tokenize.generate_tokens(StringIO(source.text).readline) if postponed.search(source.text) else ()
    for token in tokens:
        if token.type == tokenize.COMMENT and postponed.search(token.string):
            yield token.start[0], f"postponed: {token.string}"
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield node.lineno, "NotImplementedError: build it, or leave it out"
        if isinstance(node, ast.Attribute) and re.fullmatch(
            r"(pytest\.|mark\.|unittest\.).*(skip|skipif|skipIf|skipUnless|xfail|importorskip|expectedFailure)",
            ".".join(dotted(node).split(".")[-2:]),
        ):
            yield node.lineno, f"{dotted(node)}: a test runs and passes, or it is not there"


def stub(source: Source) -> Findings:
    """A body of `...` or `pass` alone is a promise; only a Protocol and an overload are made of those."""
    protocols = {
        id(child)
        for node in source.nodes
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        for child in node.body
    }
    for node in source.functions():
        body = node.body[1:] if ast.get_docstring(node) else node.body
        empty = len(body) == 1 and ast.unparse(body[0]) in ("...", "pass")
        overloaded = any(dotted(decorator).endswith("overload") for decorator in node.decorator_list)
        if empty and not overloaded and id(node) not in protocols:
            yield node.lineno, f"{node.name} does nothing: build it, or leave it out"


def unsafe_call(source: Source) -> Findings:
    for node, name in source.calls():
        if name in {"eval", "exec", "compile", "__import__", "os.system", "yaml.unsafe_load", "yaml.full_load"}:
            yield node.lineno, f"{name}() runs or builds what a file says"
        elif name in {"yaml.load", "yaml.load_all"}:
            loaders = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "Loader")]
            if not loaders or re.search(r"\.(C?Loader|\w*(Full|Unsafe)Loader)$", dotted(loaders[0])):
                yield node.lineno, f"{name}() with a loader that builds objects: derive one from SafeLoader"
        elif any(keyword.arg == "shell" and ast.unparse(keyword.value) == "True" for keyword in node.keywords):
            yield node.lineno, f"{name}() through a shell"


def unsafe_import(source: Source) -> Findings:
    for node, module in source.imports():
        if source.room and module.split(".")[0] in {"pickle", "marshal", "shelve", "dill"}:
            yield node.lineno, f"{module}: state is JSON or SQLite, which run nothing when they are read"


def second_road_to_azure(source: Source) -> Findings:
    """Azure is reached through the SDK clients in cloud; import-linter sees `azure`, not which part of it."""
    for node, module in source.imports():
        clients = ("aiohttp", "http.client", "httpx", "requests", "urllib.request", "urllib3")
        if source.room and module.startswith(clients):
            yield node.lineno, f"{module}: Azure is reached through the SDK clients alone"
        if source.room == "sandbox" and re.match(r"azure\.(?!core\b)", module):
            yield node.lineno, f"{module}: the sandbox's transport knows azure.core and nothing else of the SDK"


def impure_call(source: Source) -> Findings:
    if source.room not in PURE_ROOMS:
        return
    for node, name in source.calls():
        if name in {"open", "input"} or re.search(r"\.(open|(read|write)_(text|bytes)|getenv)$", name):
            yield node.lineno, f"{name}() in a pure room: the caller hands the content in, or takes it out"


def real_clock_or_chance(source: Source) -> Findings:
    if source.room not in TIMELESS_ROOMS:
        return
    for node, name in source.calls():
        if re.search(r"(^|\.)((datetime\.(now|utcnow))|today|time\.(time|monotonic|sleep)|uuid1|uuid4|urandom)$", name):
            yield node.lineno, f"{name}(): time and ids are handed in, so that the same inputs give the same bytes"


def printing(source: Source) -> Findings:
    for node, name in source.calls():
        if name == "print" and source.room not in {"", "cli"}:
            yield node.lineno, "print(): only cli writes to the terminal"


def idle_test(source: Source) -> Findings:
    """An assertion is `assert`, `pytest.raises` or a call of a function called assert_something."""
    for node in source.functions():
        if source.room or not node.name.startswith("test_"):
            continue
        inside = list(ast.walk(node))
        asserts = any(isinstance(child, ast.Assert) for child in inside)
        calls = [dotted(child.func) for child in inside if isinstance(child, ast.Call)]
        if not asserts and not any(re.search(r"(^|\.)(raises|assert_\w+)$", name) for name in calls):
            yield node.lineno, f"{node.name} can only fail by accident: assert something"


RULES: tuple[Check, ...] = (
    file_length,
    function_length,
    module_docstring,
    vague_name,
    postponed_work,
    stub,
    unsafe_call,
    unsafe_import,
    second_road_to_azure,
    impure_call,
    real_clock_or_chance,
    printing,
    idle_test,
)
