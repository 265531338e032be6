"""The state of the sandbox: resources as rows, what is still to happen, and the virtual clock, in one SQLite file."""

import json
import math
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.sandbox.times import micros, utc
from reconciler.sandbox.wire import encode

DEFAULT_SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
DEFAULT_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

_NAMES = uuid.UUID("5a4d1b0c-9d0e-5f6b-8c39-3f7b2f6d1e55")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resource (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, collection TEXT NOT NULL, position INTEGER NOT NULL,
  subject TEXT NOT NULL, link TEXT NOT NULL, live INTEGER NOT NULL, body TEXT NOT NULL, meta TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS resource_listing ON resource (collection, position, seq);
CREATE INDEX IF NOT EXISTS resource_subject ON resource (subject) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS resource_link ON resource (link) WHERE link <> '';
CREATE TABLE IF NOT EXISTS pending (seq INTEGER PRIMARY KEY, due INTEGER NOT NULL, effect TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pending_due ON pending (due, seq);
"""
_COLUMNS = "seq, key, collection, position, subject, link, live, body, meta"

Effect = Callable[["World", dict[str, Any]], None]
EFFECTS: dict[str, Effect] = {}


def effect(function: Effect) -> Effect:
    """Registers what can be scheduled to happen later, under the function's name."""
    EFFECTS[function.__name__] = function
    return function


@dataclass(slots=True)
class Row:
    """One stored thing. `key` is the lower-cased id; `body` goes over the wire, `meta` does not.

    `subject` and `link` are keys it can be found by (the VM of an item, the policy it uses); a `live` row's
    answer depends on the time or on other rows, so its body is rendered anew at every read.
    """

    key: str
    collection: str
    body: dict[str, Any]
    meta: dict[str, Any] = field(default_factory=dict)
    subject: str = ""
    link: str = ""
    live: bool = False
    position: int | None = None
    seq: int | None = None

    def columns(self) -> tuple[Any, ...]:
        position = self.position if self.position is not None else 0
        body, meta = encode(self.body), encode(self.meta)
        return (self.key, self.collection, position, self.subject, self.link, int(self.live), body, meta)


def _row(columns: tuple[Any, ...]) -> Row:
    seq, key, collection, position, subject, link, live, body, meta = columns
    return Row(key, collection, json.loads(body), json.loads(meta), subject, link, bool(live), position, seq)


class World:
    """A small Azure: what exists, what is under way, and what time it is there."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._lock = threading.RLock()
        self._depth = 0
        self._number: int | None = None  # of the last id, while a transaction runs
        self.horizon: datetime | None = None  # how far the running advance() goes
        self.failing: dict[str, str] | None = None  # set by a fault: the next operation ends Failed with this error

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        now: datetime | None = None,
        subscription: str = DEFAULT_SUBSCRIPTION,
    ) -> "World":
        """Opens a state file, or a world in memory when `path` is None; a new one has one empty subscription.

        `now` and `subscription` only matter for a new world.
        """
        database = sqlite3.connect(str(path or ":memory:"), isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")  # survives the death of a process, which is all that is asked
        database.execute("PRAGMA busy_timeout=10000")
        database.executescript(_SCHEMA)
        world = cls(database)
        with world.transaction():
            if world.fact("now") is None:
                world.begin(now or DEFAULT_NOW, subscription)
        return world

    def begin(self, now: datetime, subscription: str) -> None:
        """Empties the world and starts it anew at `now` with one subscription."""
        self._db.execute("DELETE FROM resource")
        self._db.execute("DELETE FROM pending")
        self._db.execute("DELETE FROM fact")
        self.set_fact("now", micros(now.astimezone(UTC)))
        self.set_fact("subscription", subscription)
        self.set_fact("number", 0)
        self._number = None
        key = f"/subscriptions/{subscription.lower()}"
        self.put(Row(key, "/subscriptions", {"id": f"/subscriptions/{subscription}", "subscriptionId": subscription}))

    def copy(self) -> "World":
        """The same world once more, in memory: what happens in one of them does not happen in the other."""
        database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        with self._lock:
            self._db.backup(database)
        return World(database)

    def close(self) -> None:
        self._db.close()

    def exclusive(self) -> AbstractContextManager[bool]:
        """Keeps other threads out, for what must see no other request in between."""
        return self._lock

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[None]:
        """All or nothing; nested ones join the outer one."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                self._number = None
            self._depth += 1
            try:
                yield
                if self._depth == 1 and self._number is not None:
                    self.set_fact("number", self._number)
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    # facts: the clock, counters and switches

    def fact(self, name: str) -> Any:
        found = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else None

    def set_fact(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, encode(value)))

    def guid(self) -> str:
        """A new id, the same in every world that has lived through the same requests."""
        with self.transaction():
            self._number = self.issued() + 1
            return guid_of(f"number {self._number}")

    def issued(self) -> int:
        """How many ids have been given out."""
        return int(self.fact("number") if self._number is None else self._number)

    # time

    def now(self) -> datetime:
        with self._lock:
            return utc(self.fact("now"))

    def advance(self, seconds: float) -> None:
        """Moves the clock on and lets everything happen that falls due meanwhile, in order of due time."""
        with self.transaction():
            until = self.fact("now") + max(math.ceil(seconds * 1_000_000), 0)
            self.horizon = utc(until)
            while due := self._db.execute(
                "SELECT seq, due, effect, data FROM pending WHERE due <= ? ORDER BY due, seq LIMIT 1", (until,)
            ).fetchone():
                self._db.execute("DELETE FROM pending WHERE seq = ?", (due[0],))
                self.set_fact("now", max(due[1], self.fact("now")))
                EFFECTS[due[2]](self, json.loads(due[3]))
            self.set_fact("now", until)
            self.horizon = None

    def schedule(self, moment: datetime, what: Effect, data: Mapping[str, Any]) -> None:
        """Lets `what` happen at `moment`, also when the world is closed and opened again in between."""
        row = (micros(moment), what.__name__, encode(data))
        self._db.execute("INSERT INTO pending (due, effect, data) VALUES (?, ?, ?)", row)

    def after(self, seconds: float, what: Effect, data: Mapping[str, Any]) -> None:
        self.schedule(self.now() + timedelta(seconds=seconds), what, data)

    # resources

    def put(self, row: Row) -> Row:
        """Stores a row: over the one of the same key, whose place in lists stays, or at the end of its list."""
        self.put_all([row])
        return row

    def put_all(self, rows: Iterable[Row]) -> None:
        self._db.executemany(
            "INSERT INTO resource (key, collection, position, subject, link, live, body, meta) VALUES (?,?,?,?,?,?,?,?) "
            "ON CONFLICT (key) DO UPDATE SET position = excluded.position, subject = excluded.subject, "
            "link = excluded.link, live = excluded.live, body = excluded.body, meta = excluded.meta",
            (row.columns() for row in rows),
        )

    def get(self, key: str) -> Row | None:
        found = self._db.execute(f"SELECT {_COLUMNS} FROM resource WHERE key = ?", (key.lower(),)).fetchone()
        return _row(found) if found else None

    def has(self, key: str) -> bool:
        return self._db.execute("SELECT 1 FROM resource WHERE key = ?", (key.lower(),)).fetchone() is not None

    def delete(self, key: str) -> None:
        self._db.execute("DELETE FROM resource WHERE key = ?", (key.lower(),))

    def under(self, key: str, wanted: Callable[[str, str], bool] = lambda key, collection: True) -> list[Row]:
        """Everything below a key, in order of creation, as far as `wanted` takes its key and collection."""
        span = (f"{key.lower()}/", f"{key.lower()}0")
        query = f"SELECT {_COLUMNS} FROM resource WHERE key > ? AND key < ? ORDER BY seq"
        return [_row(found) for found in self._db.execute(query, span).fetchall() if wanted(found[1], found[2])]

    def delete_under(self, key: str) -> None:
        self._db.execute("DELETE FROM resource WHERE key > ? AND key < ?", (f"{key.lower()}/", f"{key.lower()}0"))

    def listed(self, collection: str = "", *, subject: str = "", link: str = "", live: bool = False) -> list[Row]:
        """The rows of a collection, of a subject or with a link (at least one is given), in list order."""
        wanted = {"collection": collection.lower(), "subject": subject.lower(), "link": link.lower()}
        asked = {name: value for name, value in wanted.items() if value}
        where = " AND ".join(f"{name} = ?" for name in asked) + (" AND live = 1" if live else "")
        where += (
            " AND subject <> ''" if subject else " AND link <> ''" if link else ""
        )  # what the partial indexes ask for
        query = f"SELECT {_COLUMNS} FROM resource WHERE {where} ORDER BY position, seq"
        return [_row(found) for found in self._db.execute(query, tuple(asked.values())).fetchall()]

    def count(self, *, link: str) -> int:
        found = self._db.execute(
            "SELECT COUNT(*) FROM resource WHERE link = ? AND link <> ''", (link.lower(),)
        ).fetchone()
        return int(found[0])

    def page(
        self, collection: str, after: tuple[int, int], size: int, under: str = ""
    ) -> list[tuple[int, int, bool, str, str]]:
        """The next (position, seq, live, key, body text) of a collection after a place in it."""
        query = (
            "SELECT position, seq, live, key, body FROM resource WHERE collection = ? AND (position, seq) > (?, ?)"
            + (" AND key > ? AND key < ?" if under else "")
            + " ORDER BY position, seq LIMIT ?"
        )
        span = (f"{under.lower()}/", f"{under.lower()}0") if under else ()
        return self._db.execute(query, (collection.lower(), *after, *span, size)).fetchall()


def guid_of(name: str) -> str:
    """The GUID that always belongs to a name."""
    return str(uuid.uuid5(_NAMES, name))
