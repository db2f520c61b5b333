"""What each top-level statement of a module binds or changes, read off its syntax tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from .firstparty import is_first_party

Target = tuple[str, str]  # (module, name in it, or "" for the module itself)
Imports = dict[str, list[Target]]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BUILTINS = frozenset(dir(builtins))
_INERT = (ast.Pass, ast.Assert, ast.Raise)
# Methods that leave their object as it is; any other, called while a module is imported, may change it.
READS = frozenset(
    {
        "get", "items", "keys", "values", "copy", "index", "count", "split", "rsplit", "join", "format", "lower", "upper",
        "strip", "lstrip", "rstrip", "replace", "startswith", "endswith", "encode", "decode", "match", "search", "fullmatch",
        "findall", "finditer", "sub", "union", "intersection", "difference", "issubset", "issuperset",
    }
)  # fmt: skip
# Called or subscripted, these give a thing that nobody fills: types, patterns, and what is frozen.
_FIXED = frozenset(
    (name,)
    for name in (
        "TypeVar", "ParamSpec", "NewType", "Annotated", "Literal", "Callable", "Union", "Optional", "compile", "getLogger",
        "frozenset", "namedtuple", "Path", "ndarray", "str", "int", "float", "bool", "bytes", "tuple", "len", "sum", "min", "max",
    )
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Module:
    """One parsed file. `label` is how messages call it: its path from the folder that holds its package.

    definitions: top-level name -> the statements that bind it or change what it holds, in order.
    imports: name -> all that it may be imported from.  stars: modules imported with a star.  runs: name -> what importing the
    module calls on it or derives from it.
    """

    name: str
    label: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: Imports = field(default_factory=dict)
    runs: dict[str, list[Use]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    @property
    def package(self) -> str:
        """Where its relative imports start."""
        return self.name if self.label.endswith("__init__.py") else self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Use:
    """What importing a module does with a name: it calls `chain` or derives a class from it, in the definition of `bound`."""

    chain: tuple[str, ...]
    bound: str
    derives: bool = False


def imports_of(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, Target]:
    """What one import statement binds; `package` is where a relative import starts."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (alias.name if alias.asname else alias.name.partition(".")[0], "")
            for alias in node.names
        }
    base = node.module or ""
    if node.level:
        base = absolute(base, node.level, package)
    return {alias.asname or (f"{base}.*" if alias.name == "*" else alias.name): (base, alias.name) for alias in node.names}


def absolute(name: str, level: int, package: str) -> str:
    """The module that `level` dots and a name stand for in a package."""
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], name]).strip(".")


def collect(body: list[ast.stmt], found: Module) -> None:
    """Fill a module's definitions, imports and runs."""
    maybe: list[tuple[str, str, ast.stmt]] = []
    _collect(body, found, (), maybe)
    for name, callee, node in maybe:
        if _is_table(found, name) and (not callee or _is_ours(found, callee)):
            found.definitions[name].append(node)
            found.definitions[name].sort(key=lambda statement: (statement.lineno, statement.col_offset))


def _collect(body: list[ast.stmt], found: Module, guards: tuple[ast.stmt, ...], maybe: list[tuple[str, str, ast.stmt]]) -> None:
    """guards: the conditions that the statements stand under; they count with every name that is bound there."""

    def define(name: str, node: ast.stmt) -> None:
        found.definitions.setdefault(name, []).extend((*guards, node))

    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name, target in imports_of(node, found.package).items():
                if guards or name in found.definitions or name in found.imports:
                    define(name, node)
                _import(found, name, target)
        elif isinstance(node, Function | ast.ClassDef):
            define(node.name, node)
            _decorated(node, found)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            bound = list(dict.fromkeys(_assigned(node)))
            for name in bound:
                define(name, node)
            for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
                _called(call, bound[0], node, found, maybe)
        elif isinstance(node, ast.If):
            test = ast.copy_location(ast.Expr(node.test), node.test)
            for name in _walrus(node.test):
                define(name, test)
            if _is_type_checking(node) or (_is_main(node) and found.name != "__main__"):
                _collect(node.orelse, found, guards, maybe)
            else:
                _collect(node.body, found, (*guards, test), maybe)
                _collect(node.orelse, found, (*guards, test), maybe)
        elif not isinstance(node, _INERT) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            # Run for what it does: it counts with every name in it, since it may change any of them.
            for inner in _import_time(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    for name, target in imports_of(inner, found.package).items():
                        _import(found, name, target)
            for name in dict.fromkeys(_mentioned(node, found)):
                define(name, node)


def _import(found: Module, name: str, target: Target) -> None:
    if target[1] == "*":
        found.stars.append(target[0])
    else:
        found.imports.setdefault(name, []).append(target)


def _assigned(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Iterator[str]:
    """Names that an assignment binds, and those whose item or attribute it sets."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for inner in ast.walk(target):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id
            elif isinstance(inner, ast.Subscript | ast.Attribute) and isinstance(inner.ctx, ast.Store):
                yield from base(inner)
    yield from _walrus(node)


def _walrus(node: ast.AST) -> Iterator[str]:
    return (inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))


def base(node: ast.expr) -> tuple[str, ...]:
    """The name at the start of `a.b[c].d()`, if there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return (node.id,) if isinstance(node, ast.Name) else ()


def _called(call: ast.Call, bound: str, node: ast.stmt, found: Module, maybe: list[tuple[str, str, ast.stmt]]) -> None:
    """Note what the value of an assignment calls, and the tables that the call may change."""
    chain = dotted(call.func)
    if chain:
        found.runs.setdefault(chain[0], []).append(Use(chain, bound))
    if len(chain) > 1 and chain[-1] not in READS:
        maybe.append((chain[0], "", node))
    if len(chain) == 1 and chain[0] not in _BUILTINS:
        given = (*call.args, *(word.value for word in call.keywords))
        maybe.extend((argument.id, chain[0], node) for argument in given if isinstance(argument, ast.Name))


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, found: Module) -> None:
    for decorator in node.decorator_list:
        chain = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if chain:
            found.runs.setdefault(chain[0], []).append(Use(chain, node.name))
    for parent in node.bases if isinstance(node, ast.ClassDef) else ():
        chain = dotted(parent.value if isinstance(parent, ast.Subscript) else parent)
        if chain:
            found.runs.setdefault(chain[0], []).append(Use(chain, node.name, derives=True))


def dotted(node: ast.expr | None) -> tuple[str, ...]:
    """The names of `a.b.c`, or nothing for an attribute of anything but a name."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def _import_time(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement that run when the module is imported: all but the bodies of functions."""
    yield node
    inside = (*node.decorator_list, node.args) if isinstance(node, Function) else ast.iter_child_nodes(node)
    for inner in inside:
        yield from _import_time(inner)


def _mentioned(node: ast.stmt, found: Module) -> Iterator[str]:
    for inner in _import_time(node):
        if isinstance(inner, ast.Name):
            if inner.id not in _BUILTINS or isinstance(inner.ctx, ast.Store):
                yield inner.id
        elif isinstance(inner, Function | ast.ClassDef | ast.MatchAs | ast.MatchStar) and inner.name:
            yield inner.name
        elif isinstance(inner, ast.MatchMapping) and inner.rest:
            yield inner.rest
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            yield from imports_of(inner, found.package)


def _is_type_checking(node: ast.If) -> bool:
    """Whether a statement is `if TYPE_CHECKING:`, whose body never runs."""
    return "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", ""))


def _is_main(node: ast.If) -> bool:
    return ast.unparse(node.test) in ("__name__ == '__main__'", "'__main__' == __name__")


def _is_table(found: Module, name: str) -> bool:
    return any(is_table(node) for node in found.definitions.get(name, ()))


def is_table(node: ast.stmt) -> bool:
    """Whether a statement binds an object that others may fill: no function, no class, and no number, text or tuple of them."""
    return isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and not _is_fixed(node.value)


def _is_fixed(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(map(_is_fixed, value.elts))
    if isinstance(value, ast.BinOp):
        return _is_fixed(value.left) and _is_fixed(value.right)
    if isinstance(value, ast.UnaryOp):
        return _is_fixed(value.operand)
    head = value.func if isinstance(value, ast.Call) else value.value if isinstance(value, ast.Subscript) else None
    return isinstance(value, ast.Constant | ast.JoinedStr | ast.Lambda) or dotted(head)[-1:] in _FIXED


def _is_ours(found: Module, name: str) -> bool:
    return name in found.definitions or any(is_first_party(target) for target, _ in found.imports.get(name, ()))
