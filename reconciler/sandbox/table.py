"""The table of routes: one row for each method and path template, with where its behaviour is known from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from reconciler.sandbox.call import Call
from reconciler.sandbox.wire import Response

Handler = Callable[[Call], Response]

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/{{vault}}"
LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/{{location}}"
CONTAINER = f"{VAULT}/backupFabrics/{{fabric}}/protectionContainers/{{container}}"
ITEM = f"{CONTAINER}/protectedItems/{{item}}"


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `source` says where the behaviour is known from, `differs` what it deliberately does not do."""

    method: str
    path: str
    handler: Handler
    source: str
    differs: str = ""
    counter: str = "backup"  # whose rate-limit counters the answer shows: backup, job, vault, compute or arm
    outlives: bool = False  # answers also when its vault has gone


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    name: str = ""
    child: "_Node | None" = None
    routes: dict[str, Route] = field(default_factory=dict)


def as_markdown(routes: Iterable[Route]) -> str:
    """The rows as a Markdown table, for docs/sandbox.md."""
    lines = ["| Request | Known from | Differs from Azure |", "|---|---|---|"]
    for route in routes:
        path = route.path.replace(ITEM, "ITEM").replace(CONTAINER, "CONTAINER").replace(VAULT, "VAULT")
        path = path.replace(LOCATION, "LOCATION").replace(GROUP, "GROUP").replace(SUBSCRIPTION, "SUBSCRIPTION")
        lines.append(f"| `{route.method} {path}` | {route.source} | {route.differs} |")
    return "\n".join(lines)


class Table:
    """Finds the route of a request; literals match without regard to case, and win over names."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            node = self._root
            for segment in route.path.strip("/").split("/"):
                node = self._step(node, segment)
            if route.method in node.routes:
                raise ValueError(f"two rows for {route.method} {route.path}")
            node.routes[route.method] = route

    @staticmethod
    def _step(node: _Node, segment: str) -> _Node:
        if not segment.startswith("{"):
            return node.literal.setdefault(segment.lower(), _Node())
        if node.child is None:
            node.child, node.name = _Node(), segment[1:-1]
        if node.name != segment[1:-1]:
            raise ValueError(f"two names for one place: {node.name} and {segment}")
        return node.child

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for an encoded path, and what the names in its template stand for (decoded).

        Decoded before it is split: some clients send a whole scope as one segment, its slashes as %2F.
        """
        segments = [segment for segment in unquote(path).split("/") if segment]
        found = self._walk(self._root, segments, method.upper())
        return (found[0], dict(found[1])) if found else None

    def _walk(self, node: _Node, segments: list[str], method: str) -> tuple[Route, list[tuple[str, str]]] | None:
        if not segments:
            route = node.routes.get(method)
            return (route, []) if route else None
        head, rest = segments[0], segments[1:]
        literal = node.literal.get(head.lower())
        if literal and (found := self._walk(literal, rest, method)):
            return found
        if node.child and (found := self._walk(node.child, rest, method)):
            return found[0], [(node.name, head), *found[1]]
        return None
