"""One request on its way through the table: its path names, query, body and the row it lies under."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.sandbox.wire import GATEWAY, Refusal, Request, not_found
from reconciler.sandbox.world import Row, World

VAULTS = "Microsoft.RecoveryServices/vaults"
_CLAUSE = re.compile(r"\s*(\w+)\s+eq\s+(?:'([^']*)'|(\S+))\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """A request with what its route's template found in the path (`names`, decoded, as the client spelt them)."""

    world: World
    request: Request
    names: Mapping[str, str]

    @cached_property
    def base(self) -> str:
        """Scheme and host for absolute links: those the client used, or those of its Host header."""
        parts = urlsplit(self.request.url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def path(self) -> str:
        """The decoded path; `/Subscriptions` is answered as `/subscriptions` (storageconfig-put-lrs-2021)."""
        path = unquote(urlsplit(self.request.url).path).rstrip("/")
        return re.sub(r"^/+subscriptions/", "/subscriptions/", path, flags=re.IGNORECASE)

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters by lower-cased name; all three encodings of `$filter` arrive here alike."""
        pairs = parse_qsl(urlsplit(self.request.url).query, keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    @cached_property
    def version(self) -> str:
        return self.query.get("api-version", "")

    @cached_property
    def year(self) -> int:
        return int(self.version[:4])

    @cached_property
    def filter(self) -> dict[str, str]:
        """The clauses of `$filter`, by lower-cased name.

        Raises:
            Refusal: it is not a chain of `name eq 'value'`.
        """
        found = {}
        for clause in re.split(r"\s+and\s+", self.query.get("$filter", ""), flags=re.IGNORECASE):
            if clause.strip():
                match = _CLAUSE.match(clause)
                if match is None:
                    raise Refusal(400, "BMSUserErrorInvalidInput", f"Input provided for the call is invalid: {clause}")
                found[match[1].lower()] = match[2] if match[2] is not None else match[3]
        return found

    def meant_for(self, **clauses: str) -> bool:
        """Whether no clause of `$filter` asks for another value than these, in whatever case."""
        return all(self.filter.get(name.lower(), value).lower() == value.lower() for name, value in clauses.items())

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent, `{}` when nothing was.

        Raises:
            Refusal: the body is no JSON object.
        """
        try:
            value = json.loads(self.request.body or b"{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            text = "The request content was invalid and could not be deserialized: a JSON object is expected."
            raise Refusal(400, "InvalidRequestContent", text)
        return value

    def location(self, old: str = "") -> str:
        """The region as the body writes it; that of an `old` resource may be left out.

        Raises:
            Refusal: 400, there is none.
        """
        written = self.body.get("location") or old
        if not isinstance(written, str) or not written:
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.", GATEWAY)
        return written

    @cached_property
    def properties(self) -> dict[str, Any]:
        properties = self.body.get("properties")
        return properties if isinstance(properties, dict) else {}

    @property
    def client_request_id(self) -> str:
        return self._header("x-ms-client-request-id")

    @property
    def if_match(self) -> str:
        return self._header("if-match")

    def _header(self, wanted: str) -> str:
        return next((value for name, value in self.request.headers.items() if name.lower() == wanted), "")

    def now(self) -> datetime:
        return self.world.now()

    @cached_property
    def subscription_key(self) -> str:
        return f"/subscriptions/{self.names['subscription'].lower()}"

    @cached_property
    def group_key(self) -> str:
        return f"{self.subscription_key}/resourcegroups/{self.names['group'].lower()}"

    @cached_property
    def vault_key(self) -> str:
        return f"{self.group_key}/providers/microsoft.recoveryservices/vaults/{self.names['vault'].lower()}"

    @cached_property
    def vault(self) -> Row:
        """The vault that the path names.

        Raises:
            Refusal: the gateway's 404.
        """
        row = self.world.get(self.vault_key)
        if row is None:
            raise not_found(VAULTS, self.names["vault"], self.names["group"])
        return row

    @cached_property
    def vault_id(self) -> str:
        """The vault's id in the casing of its first writer."""
        return str(self.vault.body["id"])
