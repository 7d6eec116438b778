"""Turns the text of a template into something that can be rendered, refusing what cannot be bounded."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import meta, nodes, pass_context
from jinja2.environment import Template
from jinja2.exceptions import TemplateAssertionError, TemplateSyntaxError
from jinja2.exceptions import TemplateError as TemplateError  # for who renders: one import less, at every template
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from remediate.language import filters, jinjatests, sandbox, veil
from remediate.language.words import suggestion
from remediate.model import Secret
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import veiled

_PREFIXES = ("ansible.builtin.", "ansible.windows.", "community.windows.", "ansible.utils.", "community.general.")


@functools.cache
def environment() -> sandbox.Sandbox:
    """The one environment; it is never changed once built."""
    env = sandbox.Sandbox()
    own = filters.filters()
    env.filters.update(own)
    for name, function in list(env.filters.items()):
        env.filters[name] = veil.guarded(name, function, tests=False)
    env.filters["default"] = env.filters["d"] = filters.default
    env.filters["_counted"] = pass_context(sandbox.counted)
    env.filters["_joined"] = sandbox.joined
    env.filters["_comparable"] = veil.comparable
    env.filters["_cut"] = veil.cut
    env.filters["_veiled"] = veiled
    env.tests.update(jinjatests.tests())
    for name, function in list(env.tests.items()):
        if name not in {"defined", "undefined"}:
            env.tests[name] = veil.guarded(name, function, tests=True)
    return env


@functools.lru_cache(maxsize=8192)
def template(text: str) -> Template:
    """A text with ``{{ }}`` or ``{% %}`` in it, ready to render. Raises jinja2.TemplateSyntaxError."""
    with _lone_backslashes():
        return _build(environment().parse(_literal_backslashes(text)))


@functools.lru_cache(maxsize=8192)
def expression(text: str) -> Template:
    """A bare expression, as ``when`` has it, ready to render."""
    with _lone_backslashes():
        parser = Parser(environment(), text, state="variable")
        body = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
    return _build(nodes.Template([nodes.Output([body], lineno=1)], lineno=1))


def names_in(text: str) -> set[str]:
    """The variables a template uses; none for one that is not well formed."""
    try:
        with _lone_backslashes():
            return set(meta.find_undeclared_variables(environment().parse(text)))
    except TemplateError:
        return set()


class Rendered(NamedTuple):
    """What a template gave, every Secret in it, and the parts it was put together from."""

    value: object
    secrets: list[Secret]
    parts: list[object]


def render(compiled: Template, scope: Mapping[str, Any]) -> Rendered:
    """What ``compiled`` gives with the names of ``scope``."""
    context = compiled.new_context(vars=scope, shared=True)  # type: ignore[arg-type]
    secrets: list[Secret] = []
    parts: list[object] = []
    return Rendered(sandbox.concat(compiled.root_render_func(context), secrets, parts), secrets, parts)


def _literal_backslashes(text: str) -> str:
    """The text with every backslash in a quoted string between ``{{ }}`` doubled, so that it stands for itself.

    As in Ansible: a path, or a group of a regular expression, is written as it is. Not so in ``{% %}`` and conditions.
    """
    if "\\" not in text or "{{" not in text:
        return text
    parts: list[str] = []
    inside = False
    for _, kind, value in environment().lex(text):
        inside = kind == "variable_begin" or (inside and kind != "variable_end")
        parts.append(value.replace("\\", "\\\\") if inside and kind == "string" else value)
    return "".join(parts)


@contextlib.contextmanager
def _lone_backslashes() -> Iterator[None]:
    """No warning for ``'\\d'`` in a template: a lone backslash is meant as it stands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _build(tree: nodes.Template) -> Template:
    env = environment()
    bounded: nodes.Template = _Bounder().visit(tree)
    bounded.set_environment(env)
    return Template.from_code(env, env.compile(bounded), {}, None)


class _Bounder(NodeTransformer):
    """Lets loops and ``~`` be counted, shortens full names, and refuses what reaches beyond the one text.

    Comparisons look behind secrets, and what is written under a secret name (``{'password': x}``) becomes one.
    """

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the name jinja2 looks for
        if node.recursive:
            raise TemplateSyntaxError("recursive loops are not supported", node.lineno)
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        items = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(items, "_joined", [], [], None, None, lineno=node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _filtered(node.expr, "_comparable")
        for operand in node.ops:
            operand.expr = _filtered(operand.expr, "_comparable")
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        ends = [part or nodes.Const(None) for part in (node.arg.start, node.arg.stop, node.arg.step)]
        return nodes.Filter(node.node, "_cut", ends, [], None, None, lineno=node.lineno)

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.key, nodes.Const) and names_a_secret(str(node.key.value)):
            node.value = _filtered(node.value, "_veiled")
        return node

    def visit_Keyword(self, node: nodes.Keyword) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if names_a_secret(node.key):
            node.value = _filtered(node.value, "_veiled")
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if _names_a_secret(node.target):
            node.node = _filtered(node.node, "_veiled")
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if _names_a_secret(node.target):
            node.filter = nodes.Filter(node.filter, "_veiled", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        node.name = _known(node.name, "filter", environment().filters, node.lineno)
        return self.generic_visit(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        node.name = _known(node.name, "test", environment().tests, node.lineno)
        return self.generic_visit(node)

    def _refuse(self, node: nodes.Node) -> nodes.Node:
        word = type(node).__name__.lower()
        raise TemplateSyntaxError(f"{{% {word} %}} is not supported in a playbook", node.lineno)

    visit_Extends = visit_Include = visit_Import = visit_FromImport = visit_Block = _refuse  # noqa: N815


def _filtered(node: nodes.Expr | nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _names_a_secret(target: nodes.Node) -> bool:
    """Of ``{% set password = ... %}`` and ``{% set ns.password = ... %}``."""
    name = target.attr if isinstance(target, nodes.NSRef) else getattr(target, "name", "")
    return names_a_secret(str(name))


def _known(name: str, what: str, names: Mapping[str, Any], line: int) -> str:
    short = name
    for prefix in _PREFIXES:
        short = short.removeprefix(prefix)
    if short in names and not short.startswith("_"):
        return short
    public = [known for known in names if not known.startswith("_")]
    raise TemplateAssertionError(f"there is no {what} {name!r}; {suggestion(short, public)}", line)
