"""Frozen records for data that crosses a room: a dataclass's shape without its start-up cost.

``dataclasses`` imports ``inspect`` and triples the CPU of a bare interpreter, which a commit hook
cannot afford (docs/decisions/0002). Type checkers see a frozen, keyword-only dataclass.
"""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar, dataclass_transform

    T = TypeVar("T")

    @dataclass_transform(frozen_default=True, kw_only_default=True)
    def value(cls: type[T]) -> type[T]:
        """Declare a record type."""
        return cls

else:

    def value(cls):
        """Return ``cls`` as a frozen, slotted, keyword-only record of its annotated fields.

        A class attribute named like a field is its default. Equality, hash and ``repr`` go by the
        fields in the order they are written. Inheritance is not supported.
        """
        fields = tuple(cls.__annotations__)
        defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
        dropped = {*fields, "__dict__", "__weakref__"}
        body = {name: item for name, item in cls.__dict__.items() if name not in dropped}
        # what the class writes itself goes before
        return type(cls.__name__, (), _methods(fields, defaults) | body | {"__slots__": fields})


def as_dict(record: object) -> dict[str, object]:
    """Return the fields of ``record``, a value, by name; nested values stay what they are."""
    return {name: getattr(record, name) for name in type(record).__slots__}  # type: ignore[attr-defined]  # added by value()


def _methods(  # noqa: C901  # eight small functions, none of which branches much
    fields: tuple[str, ...], defaults: dict[str, object]
) -> dict[str, Callable[..., object]]:
    def __init__(self: object, **given: object) -> None:
        for name in fields:
            if name in given:
                object.__setattr__(self, name, given.pop(name))
            elif name in defaults:
                object.__setattr__(self, name, defaults[name])
            else:
                message = f"{type(self).__name__}() needs {name}="
                raise TypeError(message)
        if given:
            message = f"{type(self).__name__}() has no field {', '.join(given)}"
            raise TypeError(message)

    def __setattr__(self: object, name: str, _: object) -> None:
        message = f"{type(self).__name__} is frozen: cannot set {name}"
        raise AttributeError(message)

    def __delattr__(self: object, name: str) -> None:
        message = f"{type(self).__name__} is frozen: cannot delete {name}"
        raise AttributeError(message)

    def _key(self: object) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in fields)

    def __eq__(self: object, other: object) -> bool:
        return _key(self) == _key(other) if type(other) is type(self) else NotImplemented

    def __hash__(self: object) -> int:
        return hash(_key(self))

    def __repr__(self: object) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in fields)
        return f"{type(self).__name__}({shown})"

    def __reduce__(self: object) -> tuple[object, ...]:
        return _rebuild, (type(self), {name: getattr(self, name) for name in fields})

    methods = (__init__, __setattr__, __delattr__, __eq__, __hash__, __repr__, __reduce__)
    return {method.__name__: method for method in methods}


def _rebuild(cls: type, fields: dict[str, object]) -> object:
    return cls(**fields)
