"""Lists: pages of 200 with an absolute nextLink, read as stored text so that long ones stay cheap."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from reconciler.sandbox.call import Call
from reconciler.sandbox.wire import Refusal, Response, encode

PAGE = 200
_START = (-(2**63), 0)

Render = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""From a key and its stored body to the entry of the list, or None to leave it out."""


def page(
    call: Call,
    collection: str,
    render: Render,
    *,
    always: bool = False,
    under: str = "",
    token_name: str = "%24skipToken",
) -> Response:
    """One page of a collection.

    Only live rows go through `render` unless `always` is set; the rest is joined as it is stored.
    """
    after = _place(call.query.get("$skiptoken", ""))
    texts: list[str] = []
    more = False
    for position, seq, text in _entries(call, collection, after, under, render, always):
        if len(texts) == PAGE:
            more = True
            break
        texts.append(text)
        after = (position, seq)
    link = f',"nextLink":{encode(_link(call, after, token_name))}' if more else ""
    return Response(200, {}, f'{{"value":[{",".join(texts)}]{link}}}'.encode())


def _entries(
    call: Call, collection: str, after: tuple[int, int], under: str, render: Render, always: bool
) -> Iterator[tuple[int, int, str]]:
    while rows := call.world.page(collection, after, PAGE + 1, under):
        for position, seq, live, key, text in rows:
            after = (position, seq)
            if live or always:
                entry = render(key, json.loads(text))
                if entry is None:
                    continue
                text = encode(entry)
            yield position, seq, text


def _place(token: str) -> tuple[int, int]:
    if not token:
        return _START
    try:
        position, seq = base64.b64decode(token, validate=True).decode().split(":")
        return int(position), int(seq)
    except ValueError:
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: $skipToken") from None


def _link(call: Call, after: tuple[int, int], token_name: str) -> str:
    parts = urlsplit(call.request.url)
    kept = [pair for pair in parts.query.split("&") if unquote(pair.split("=")[0]).lower() != "$skiptoken"]
    token = quote(base64.b64encode(f"{after[0]}:{after[1]}".encode()).decode(), safe="")
    return f"{call.base}{parts.path}?{'&'.join([*kept, f'{token_name}={token}'])}"
