"""What a task loops over: ``loop``, and ``with_items``, ``with_list`` and ``with_dict`` put in its terms."""

from __future__ import annotations

from remediate.errors import UserError
from remediate.language import fields, keywords
from remediate.language.template import check, has_template
from remediate.language.tree import LoopControl
from remediate.language.words import kind
from remediate.language.yamlfile import Map, Seq, Text
from remediate.model import Source

_FORMS = ("loop", "with_items", "with_list", "with_dict")
ITEMS = "_with_items"
"""Variable that keeps the list of a ``with_items`` whose entries may turn out to be lists."""


def loop_of(data: Map) -> tuple[object, Map]:
    """The loop of a task as ``loop`` would have it, and variables it needs. (None, empty) without a loop."""
    used = [form for form in _FORMS if form in data]
    if not used:
        return None, Map()
    if len(used) > 1:
        raise UserError(
            f"a task loops once: {used[0]!r} and {used[1]!r} exclude each other", source=data.key_source(used[1])
        )
    form, value, source = used[0], data[used[0]], data.value_source(used[0])
    check(value, source)
    if form == "with_items":
        return _items(value, source)
    if form == "with_dict":
        return _dict(value, source), Map()
    if not isinstance(value, Seq) and not (isinstance(value, str) and has_template(value)):
        hint = 'write a list, or a template that gives one: "{{ name }}"'
        raise UserError(f"{form!r} needs a list, this is {kind(value)}", source=source, hint=hint)
    return value, Map()


def _items(value: object, source: Source) -> tuple[object, Map]:
    """``with_items`` flattens one level, also of what templates give."""
    entries = value if isinstance(value, Seq) else Seq([value], source, [source])
    flat = Seq(source=source)
    for index, entry in enumerate(entries):
        if isinstance(entry, Seq):
            for inner, item in enumerate(entry):
                flat.put(item, entry.item_source(inner))
        else:
            flat.put(entry, entries.item_source(index))
    if not any(isinstance(entry, str) and has_template(entry) for entry in entries):
        return flat, Map()
    kept = Map(source=source)
    kept.put(ITEMS, entries, source, source)
    return Text("{{ " + ITEMS + " | flatten(levels=1) }}", source), kept


def _dict(value: object, source: Source) -> object:
    if isinstance(value, str) and has_template(value):
        inner = value.strip()
        if not (inner.startswith("{{") and inner.endswith("}}")):
            raise UserError("'with_dict' needs a mapping or one {{ template }}", source=source)
        return Text("{{ (" + inner[2:-2].strip("-") + ") | dict2items }}", source)
    if not isinstance(value, Map):
        raise UserError(f"'with_dict' needs a mapping, this is {kind(value)}", source=source)
    result = Seq(source=source)
    for key, item in value.items():
        result.put({"key": key, "value": item}, value.key_source(key))
    return result


def control_of(data: Map) -> LoopControl:
    """``loop_control``, checked."""
    control = fields.mapping(data, "loop_control")
    keywords.check(control, keywords.LOOP_CONTROL)
    for key in ("loop_var", "index_var"):
        if key in control:
            fields.identifier(control[key], control.value_source(key))
    label = control.get("label", "")
    check(label, control.value_source("label"))
    return LoopControl(
        loop_var=fields.text(control, "loop_var") or "item",
        index_var=fields.text(control, "index_var"),
        label=label if isinstance(label, str) else str(label),
    )
