"""The names that a module's text gives to the module, found without running it."""

import ast
import warnings
from collections.abc import Iterator

# A module that has one of these may give itself any name; so may one that calls `setattr` and `vars` on another object
# than `self`.
_DYNAMIC = frozenset({"__dict__", "exec", "globals", "locals"})
_OF_OBJECTS = frozenset({"setattr", "vars"})
_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (*_OWN, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def names_of(source: bytes) -> frozenset[str] | None:
    """Return the names of a module; None if only running it tells. Raise SyntaxError and ValueError as `ast.parse`."""
    with warnings.catch_warnings(action="ignore"):
        tree = ast.parse(source)
    found: set[str] = set()
    for node in ast.walk(tree):
        if _is_dynamic(node):
            return None
        if isinstance(node, ast.Global):  # a function of the module gives the name
            found.update(node.names)
    for node in _in_scope(tree):
        found.update(_bound(node))
    return None if "__getattr__" in found else frozenset(found)


def _is_dynamic(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return True
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _OF_OBJECTS:
            return not (arguments and isinstance(arguments[0], ast.Name) and arguments[0].id == "self")
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _DYNAMIC
    return False


def _in_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run in the module's own scope, without those that only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, _OWN):
            for decorator in child.decorator_list:
                yield from _in_scope(ast.Expr(decorator))
        elif isinstance(child, _COMPREHENSIONS):
            yield from (each for each in ast.walk(child) if isinstance(each, ast.NamedExpr))
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            yield from _in_scope(ast.Module(child.orelse, []))
        elif not isinstance(child, _SCOPES):
            yield from _in_scope(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node gives."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.NamedExpr(target=ast.Name(id=name)):
            yield name
        case ast.Import(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name for alias in aliases)
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
