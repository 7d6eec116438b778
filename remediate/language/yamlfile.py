"""Reads YAML into plain data that remembers where it was written; every mistake is a UserError with a position."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from remediate.errors import UserError
from remediate.language import files as sealed
from remediate.language import quoting
from remediate.language.scalars import VAULT, ScalarError, check_double_quoted, plain_scalar, tagged_scalar
from remediate.language.values import Constant
from remediate.model import Source
from remediate.secrets.names import names_a_secret

if TYPE_CHECKING:
    import yaml

DEPTH_LIMIT = 100
"""Nesting of collections; deeper files are mistakes or attacks."""
SIZE_LIMIT = 1_000_000
"""Values in one file, aliases counted each time they are used."""


class Text(str):
    """A string with the place it was written at."""

    __slots__ = ("source",)
    source: Source

    def __new__(cls, value: str, source: Source | None = None) -> Self:
        text = super().__new__(cls, value)
        text.source = source or Source("<text>")
        return text


class Raw(Text):
    """A string written with ``!unsafe``: never a template."""

    __slots__ = ()


class Map(dict[Any, Any]):
    """A mapping with the places of itself, its keys and its values."""

    __slots__ = ("_places", "plain", "source")
    source: Source
    plain: Constant | None
    """The same without places, once somebody found that nothing in it is a template."""
    _places: dict[Hashable, tuple[Source, Source]]

    def __init__(self, items: Mapping[Any, Any] | None = None, source: Source | None = None) -> None:
        super().__init__(items or {})
        self.source = source or Source("<mapping>")
        self.plain = None
        self._places = dict(items._places) if isinstance(items, Map) else {}

    def put(self, key: Hashable, value: object, key_source: Source, value_source: Source) -> None:
        self[key] = value
        self.plain = None
        self._places[key] = (key_source, value_source)

    def key_source(self, key: Hashable) -> Source:
        return self._places[key][0] if key in self._places else self.source

    def value_source(self, key: Hashable) -> Source:
        return self._places[key][1] if key in self._places else self.source

    def merged(self, over: Mapping[Any, Any]) -> Map:
        """A new Map: this one with ``over`` laid on top, places kept."""
        result = Map(self, self.source)
        for key, value in over.items():
            if isinstance(over, Map):
                result.put(key, value, over.key_source(key), over.value_source(key))
            else:
                result[key] = value
        return result


def lay(sheets: list[Map], over: Mapping[Any, Any]) -> None:
    """``over`` on top of ``sheets``; one more where it says anew what the uppermost says, so that nothing is lost."""
    if not sheets or any(key in sheets[-1] for key in over):
        sheets.append(Map().merged(over))
    elif over:
        sheets[-1] = sheets[-1].merged(over)


class Seq(list[Any]):
    """A list with the places of itself and its items."""

    __slots__ = ("_places", "source")
    source: Source
    _places: list[Source]

    def __init__(self, items: Iterable[Any] = (), source: Source | None = None, places: Iterable[Source] = ()) -> None:
        super().__init__(items)
        self.source = source or Source("<list>")
        self._places = list(places)

    def put(self, value: object, source: Source) -> None:
        self.append(value)
        self._places.append(source)

    def item_source(self, index: int) -> Source:
        return self._places[index] if -len(self._places) <= index < len(self._places) else self.source


def source_of(value: object, default: Source | None = None) -> Source | None:
    """Where ``value`` was written, when it knows; ``default`` otherwise."""
    return value.source if isinstance(value, Map | Seq | Text) else default


def load(path: Path, files: sealed.Files | None = None, what: str = sealed.PLAYBOOK) -> object:
    """The one document of a file: Map, Seq, Text or a plain scalar; None for an empty file.

    Numbers, booleans and null are YAML 1.1's, as in Ansible, with two exceptions that only ever surprise: dates and
    ``12:30`` stay text. Raises UserError for everything wrong with the file, also when it cannot be read.
    """
    reader = files or sealed.Files()
    return reader.once(("yaml", str(path)), lambda: load_text(sealed.text(reader, path, what), str(path)))


def load_text(text: str, file: str) -> object:
    """As ``load``, for text at hand; ``file`` is what positions name."""
    import yaml

    from remediate.language.yamlerrors import explained

    if text.startswith("$ANSIBLE_VAULT"):
        raise UserError("encrypted with vault, which is not supported yet", source=Source(file, 1, 1), hint=VAULT)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(file, iter(yaml.parse(text, Loader=loader))).document()
    except yaml.YAMLError as error:
        raise explained(error, text, file) from None
    except UnicodeEncodeError as error:
        raise UserError(f"character {error.start} is not a Unicode character", source=Source(file)) from None


class _Builder:
    """Turns the events of one YAML stream into values."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self._anchors: dict[str, tuple[object, int] | None] = {}
        self._count = 0
        self._depth = 0
        self._secret = 0
        """How many of the keys around name a secret: numbers are kept as they are written."""

    def document(self) -> object:
        import yaml

        value: object = None
        seen = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    raise UserError(
                        "a second document begins here; one file holds one document",
                        source=self._place(event),
                        hint="remove the '---' or split the file",
                    )
                seen = True
                value = self._value(next(self._events))
        return value

    def _place(self, event: yaml.Event) -> Source:
        mark = event.start_mark
        return Source(self._file, mark.line + 1, mark.column + 1) if mark else Source(self._file)

    def _value(self, event: yaml.Event) -> object:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._count
        self._spend(1, event)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None
        value = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(event)
        if anchor:
            self._anchors[anchor] = (value, self._count - before)
        return value

    def _spend(self, count: int, event: yaml.Event) -> None:
        self._count += count
        if self._count > SIZE_LIMIT:
            raise UserError(
                f"more than {SIZE_LIMIT:,} values, aliases counted",
                source=self._place(event),
                hint="split the file, or repeat less through *aliases",
            )

    def _alias(self, event: yaml.AliasEvent) -> object:
        name = event.anchor or ""
        if name not in self._anchors:
            raise UserError(
                "* refers to an anchor that was not defined above",
                source=self._place(event),
                hint="quote the value if * is meant literally; anchors are written &name, above",
            )
        found = self._anchors[name]
        if found is None:
            raise UserError("* stands inside what it refers to", source=self._place(event))
        value, size = found
        self._spend(size, event)
        return value

    def _collection(self, event: yaml.Event) -> object:
        import yaml

        if self._depth >= DEPTH_LIMIT:
            raise UserError(f"nested more than {DEPTH_LIMIT} deep", source=self._place(event))
        self._check_tag(event)
        self._depth += 1
        try:
            return self._sequence(event) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(event)
        finally:
            self._depth -= 1

    def _check_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            what = f"the tag {quoting.tag(short_tag(tag))}".strip()
            hint = VAULT if tag == "!vault" else "remove it, or quote the value"
            raise UserError(f"{what} is not supported", source=self._place(event), hint=hint)

    def _sequence(self, start: yaml.Event) -> Seq:
        import yaml

        result = Seq(source=self._place(start))
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            result.put(self._value(event), self._place(event))
        return result

    def _mapping(self, start: yaml.Event) -> Map:
        import yaml

        result = Map(source=self._place(start))
        merges: list[tuple[object, Source]] = []
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key_place = self._place(event)
            key = self._key(event)
            value_event = next(self._events)
            secret = isinstance(key, str) and names_a_secret(key)
            self._secret += secret
            if secret and isinstance(value_event, yaml.ScalarEvent) and value_event.anchor and not value_event.value:
                raise UserError(
                    "& begins the name of an anchor, and nothing follows it",
                    source=self._place(value_event),
                    hint="quote the value if & is meant literally",
                )
            value, place = self._value(value_event), self._place(value_event)
            self._secret -= secret
            if key == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                merges.append((value, place))
            elif key in result:
                first = result.key_source(key).line
                raise UserError(
                    f"the key {quoting.named(key, 'here')} is written twice; first in line {first}",
                    source=key_place,
                    hint="keep one of them: the other would be lost silently",
                )
            else:
                result.put(key, value, key_place, place)
        for value, place in merges:
            _merge(result, value, place)
        return result

    def _key(self, event: yaml.Event) -> Hashable:
        import yaml

        if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
            raise UserError(
                "'{{' in an unquoted value begins a mapping, not a template",
                source=self._place(event),
                hint='quote the whole value: "{{ name }}"',
            )
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            raise UserError("a key must be a plain word, not a list or mapping", source=self._place(event))
        key = self._value(event)
        if not isinstance(key, Hashable):
            raise UserError("a key must be a plain word, not a list or mapping", source=self._place(event))
        return key

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        place = self._place(event)
        tag = event.tag
        if tag == "!unsafe":
            return Raw(event.value, place)
        try:
            if event.style == '"':
                check_double_quoted(event.value)
            if tag is not None and tag != "!":
                value = tagged_scalar(event.value, tag)
            else:
                value = plain_scalar(event.value) if event.implicit[0] and tag is None else event.value
        except ScalarError as error:
            raise UserError(str(error), source=place, hint=error.hint) from None
        if self._secret and isinstance(value, int | float) and not isinstance(value, bool):
            value = event.value
        return Text(value, place) if isinstance(value, str) else value


def _merge(into: Map, value: object, place: Source) -> None:
    parts = value if isinstance(value, Seq) else [value]
    for part in parts:
        if not isinstance(part, Map):
            raise UserError("'<<' merges a mapping or a list of mappings", source=place)
        for key in part:
            if key not in into:
                into.put(key, part[key], part.key_source(key), part.value_source(key))


def short_tag(tag: str) -> str:
    """A tag as it is written: ``!!set`` for ``tag:yaml.org,2002:set``."""
    return tag.replace("tag:yaml.org,2002:", "!!")
