"""PowerShell read with a grammar: no PowerShell can be had from where the tests get their tools.

So what is asserted of the scripts for Windows is what can be read off a syntax tree.
"""

from collections.abc import Iterator
from functools import cache

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.guest.machine import SCRIPTS


def parse(text: bytes) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(text).root_node


@cache
def tree(name: str) -> Node:
    """The syntax tree of a script that ships."""
    return parse((SCRIPTS / name).read_bytes())


def below(node: Node, *types: str) -> Iterator[Node]:
    for child in node.children:
        if child.type in types:
            yield child
        yield from below(child, *types)


def words(node: Node, *types: str) -> list[str]:
    return [(found.text or b"").decode() for found in below(node, *types)]


def function(script: Node, name: str) -> Node:
    return next(node for node in below(script, "function_statement") if words(node, "function_name") == [name])
