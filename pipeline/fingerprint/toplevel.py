"""What each top-level statement of a module binds or changes, read off its syntax tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from .firstparty import is_first_party
from .syntax import READS, Function, Module, Target, Use, base, dotted, imports_of

_BUILTINS = frozenset(dir(builtins))
_INERT = (ast.Pass, ast.Assert, ast.Raise)
# Called or subscripted, these give a thing that nobody fills: types, patterns, and what is frozen.
_FIXED = frozenset(
    (name,)
    for name in (
        "TypeVar", "ParamSpec", "NewType", "Annotated", "Literal", "Callable", "Union", "Optional", "compile", "getLogger",
        "frozenset", "namedtuple", "Path", "ndarray", "str", "int", "float", "bool", "bytes", "tuple", "len", "sum", "min", "max",
    )
)  # fmt: skip


def collect(body: list[ast.stmt], found: Module) -> None:
    """Fill a module's definitions, imports and runs."""
    collecting = _Collecting(found)
    collecting.block(body, ())
    for name, callee, node in collecting.maybe:
        if _is_table(found, name) and (not callee or _is_ours(found, callee)):
            found.definitions[name].append(node)
            found.definitions[name].sort(key=lambda statement: (statement.lineno, statement.col_offset))


class _Collecting:
    """maybe: (name, callee, statement) of calls that may change what the name holds, if it is a table."""

    def __init__(self, found: Module) -> None:
        self.found = found
        self.maybe: list[tuple[str, str, ast.stmt]] = []

    def block(self, body: list[ast.stmt], guards: tuple[ast.stmt, ...]) -> None:
        """guards: the conditions that the statements stand under; they count with every name that is bound there."""
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imported(node, guards)
            elif isinstance(node, Function | ast.ClassDef):
                self.define(node.name, node, guards)
                _decorated(node, self.found)
            elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                self.assigned(node, guards)
            elif isinstance(node, ast.If):
                self.conditional(node, guards)
            elif not isinstance(node, _INERT) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                self.run(node, guards)

    def define(self, name: str, node: ast.stmt, guards: tuple[ast.stmt, ...]) -> None:
        self.found.definitions.setdefault(name, []).extend((*guards, node))

    def imported(self, node: ast.Import | ast.ImportFrom, guards: tuple[ast.stmt, ...]) -> None:
        for name, target in imports_of(node, self.found.package).items():
            if guards or name in self.found.definitions or name in self.found.imports:
                self.define(name, node, guards)
            _import(self.found, name, target)

    def assigned(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, guards: tuple[ast.stmt, ...]) -> None:
        """An assignment counts with what it binds, and with what it sets an item or an attribute of."""
        bound: dict[str, None] = {}
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            bound.update(dict.fromkeys([target.id] if isinstance(target, ast.Name) else _stored(target)))
        calls = []
        if not isinstance(node.value, ast.Constant | None):
            for inner in ast.walk(node.value):
                if isinstance(inner, ast.Call):
                    calls.append(inner)
                elif isinstance(inner, ast.NamedExpr):
                    bound[inner.target.id] = None
        for name in bound:
            self.define(name, node, guards)
        for call in calls if bound else ():
            self.called(call, next(iter(bound)), node)

    def called(self, call: ast.Call, bound: str, node: ast.stmt) -> None:
        """Note what the value of an assignment calls, and the tables that the call may change."""
        chain = dotted(call.func)
        if chain:
            self.found.runs.setdefault(chain[0], []).append(Use(chain, bound))
        if len(chain) > 1 and chain[-1] not in READS:
            self.maybe.append((chain[0], "", node))
        if len(chain) == 1 and chain[0] not in _BUILTINS:
            given = (*call.args, *(word.value for word in call.keywords))
            self.maybe.extend((argument.id, chain[0], node) for argument in given if isinstance(argument, ast.Name))

    def conditional(self, node: ast.If, guards: tuple[ast.stmt, ...]) -> None:
        test = ast.copy_location(ast.Expr(node.test), node.test)
        for name in _walrus(node.test):
            self.define(name, test, guards)
        if _is_type_checking(node) or (_is_main(node) and self.found.name != "__main__"):
            self.block(node.orelse, guards)
        else:
            self.block(node.body, (*guards, test))
            self.block(node.orelse, (*guards, test))

    def run(self, node: ast.stmt, guards: tuple[ast.stmt, ...]) -> None:
        """A statement run for what it does counts with every name in it, since it may change any of them."""
        for inner in _import_time(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                for name, target in imports_of(inner, self.found.package).items():
                    _import(self.found, name, target)
        for name in dict.fromkeys(_mentioned(node, self.found)):
            self.define(name, node, guards)


def _import(found: Module, name: str, target: Target) -> None:
    if target[1] == "*":
        found.stars.append(target[0])
    else:
        found.imports.setdefault(name, []).append(target)


def _stored(target: ast.expr) -> Iterator[str]:
    """Names that a target of an assignment binds or changes; `(x := y)` in it too."""
    for inner in ast.walk(target):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.Subscript | ast.Attribute) and isinstance(inner.ctx, ast.Store):
            yield from base(inner)


def _walrus(node: ast.AST) -> Iterator[str]:
    return (inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, found: Module) -> None:
    for decorator in node.decorator_list:
        chain = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if chain:
            found.runs.setdefault(chain[0], []).append(Use(chain, node.name))
    for parent in node.bases if isinstance(node, ast.ClassDef) else ():
        chain = dotted(parent.value if isinstance(parent, ast.Subscript) else parent)
        if chain:
            found.runs.setdefault(chain[0], []).append(Use(chain, node.name, derives=True))


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
