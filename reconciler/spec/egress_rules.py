"""What holds for ways out without live data: which keys go together, and that names and groups are used once."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.core import desired
from reconciler.core.errors import Place
from reconciler.spec import resolve
from reconciler.spec.egress_model import ALLOWED, NEEDED, Egress
from reconciler.spec.models import Document, Protection
from reconciler.spec.near import did_you_mean, listed, shown
from reconciler.spec.source import Source


@dataclass(frozen=True, slots=True)
class _Use:
    """Where an entry names an egress."""

    source: Source
    at: int
    name: str


@dataclass
class Egresses:
    """The ways out of all files. Add every file before asking: a VM may name what another file describes."""

    found: dict[str, desired.Egress] = field(default_factory=dict)
    _defined: dict[str, tuple[str, Place]] = field(default_factory=dict)  # broken ones and `via: none` too
    _places: dict[str, tuple[Source, int]] = field(default_factory=dict)
    _used: dict[str, _Use] = field(default_factory=dict)
    _unread: bool = False

    def add(self, source: Source | None, document: Document | None) -> None:
        """The egresses of one file; with None it could not be read, so that names may be missing."""
        written = document.written("egress") if document else None
        if source is None or document is None or not isinstance(written, dict | None):
            self._unread = True
            return
        for name in written or ():
            at = document.written("egress").key_at(name)
            place = source.place(at)
            first = self._defined.setdefault(name.lower(), (name, place))[1]
            if first is not place:
                source.complain("E505", at, f"the egress '{name}' is described at {first} already")
                continue
            egress = (document.egress or {}).get(name)
            if egress is not None and _keys_fit(source, egress):
                self._resolve(source, document, name, egress)

    def _resolve(self, source: Source, document: Document, name: str, egress: Egress) -> None:
        at = document.written("egress").key_at(name)
        wanted = resolve.egress_of(name, egress, document.subscription, source.place(at))
        if isinstance(wanted, str):
            if not document.has("subscription"):
                what = f"the key 'subscription' is missing for the egress '{name}'"
                source.complain("E402", at, what, f"write it at the top of the file: {wanted} lies in it")
            return
        if wanted is None:
            return
        for other in self.found.values():
            if wanted.present and other.present and _same_rules(wanted, other):
                what = f"the egress '{other.name}' at {other.place} makes the same rules already"
                source.complain("E505", at, what, f"use '{other.name}' for these VMs too")
        if isinstance(wanted, desired.ProxyEgress) and not (wanted.nsg or wanted.vm or wanted.configure_guests):
            what = "no `nsg`, no `proxy.vm` and no `configureGuests`: there is nothing to do for this proxy"
            source.complain("I610", at, what)
        self.found[name.lower()] = wanted
        self._places[name.lower()] = (source, at)

    def used_by(self, source: Source, entry: Protection) -> str:
        """The name, as it is defined, of the egress that an entry names; "" for none. Complains of an unknown one."""
        if entry.egress is None or entry.state != "protected":
            return ""
        key, at = entry.egress.lower(), entry.value_at("egress")
        if key not in self._defined:
            if not self._unread:
                names = [name for name, _ in self._defined.values()]
                defined = f"defined are: {listed(names)}" if names else "the spec defines none"
                remedy = did_you_mean(entry.egress, names)
                what = f"egress {shown(entry.egress)} is not defined; {defined}"
                source.complain("E603", at, what, remedy if remedy.startswith("did") else "")
            return ""
        self._used.setdefault(key, _Use(source, at, entry.egress))
        return self.found[key].name if key in self.found else ""

    def finish(self) -> None:
        """Hints about egresses that no VM uses, and about those that go although VMs use them."""
        for key, wanted in self.found.items():
            use, (source, at) = self._used.get(key), self._places[key]
            if use is None and wanted.present:
                source.complain("I610", at, f"no VM uses the egress '{wanted.name}'")
            elif use is not None and not wanted.present:
                use.source.complain("I611", use.at, f"the egress {shown(use.name)} is to be removed ({wanted.place})")


def _keys_fit(source: Source, egress: Egress) -> bool:
    via = egress.via
    written = [key for key in ("nsg", "proxy", "configureGuests", "firewall", "sources", "state") if egress.has(key)]
    wrong = [key for key in written if key not in ALLOWED[via]]
    missing = [key for key in NEEDED[via] if not egress.has(key)]
    for key in wrong:
        source.complain("E403", egress.key_at(key), f"'{key}' does not go with `via: {via}`", "delete it")
    for key in missing:
        source.complain("E402", egress.start_at, f"the key '{key}' is missing for `via: {via}`")
    return not wrong and not missing


def _same_rules(left: desired.Egress, right: desired.Egress) -> bool:
    """Each would take the rules of the other for somebody else's that allow the traffic already."""
    if isinstance(left, desired.NsgEgress) and isinstance(right, desired.NsgEgress):
        return left.nsg == right.nsg
    if isinstance(left, desired.ProxyEgress) and isinstance(right, desired.ProxyEgress):
        return left.address == right.address and left.nsg is not None and left.nsg == right.nsg
    return False
