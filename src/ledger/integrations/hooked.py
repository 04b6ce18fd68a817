"""Objects of a framework that tell what is done with them, and stay what they are for others.

Such an object gets a subclass of its own class, of the same name. Functions that were put on it
instead would go into every pickle, and a search that its user saves, copies or sends to a worker
could not be pickled any more: it holds a run.
"""

from __future__ import annotations

import copyreg
import functools


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Hook: TypeAlias = Callable[..., object]
    """Called with what told it, the method as it was, and the arguments of the call."""

_TELLS = "_ledger_told"
_OF = "_ledger_hooked"
"""The attribute of a class made here that is the class it stands in for."""


def hook(subject: object, told: object, methods: Mapping[str, Hook]) -> None:
    """Let ``methods``, by name, stand in for those of ``subject``; hooked again, the last counts.

    Args:
        subject: an object of a class without slots.
        told: what a hook gets as its first argument; copies of ``subject`` do not have it.
        methods: functions of a module: classes are made once for the same ones.
    """
    release(subject)
    kind: Any = type(subject)
    subject.__class__ = _hooked(kind, tuple(methods.items()))
    vars(subject)[_TELLS] = told


def release(subject: object) -> None:
    """Let ``subject`` be as it was before ``hook``."""
    vars(subject).pop(_TELLS, None)
    # also of a copy that was made by calling its class, which has nobody to tell
    subject.__class__ = vars(type(subject)).get(_OF, type(subject))


def told_by(subject: object) -> Any:  # noqa: ANN401  # whatever was given to `hook`
    """Return what ``subject`` tells of itself, None when it is not hooked."""
    return vars(subject).get(_TELLS)


@functools.cache
def _hooked(kind: Any, methods: tuple[tuple[str, Hook], ...]) -> type:  # noqa: ANN401  # a class
    def reduce(self: object, _: Any) -> object:  # noqa: ANN401  # as Python has it
        state = kind.__getstate__(self)
        if isinstance(state, dict):
            state = {name: item for name, item in state.items() if name != _TELLS}
        # no function of ours: who loads what was saved may not have this package
        return copyreg._reconstructor, (kind, object, None), state  # type: ignore[attr-defined]  # noqa: SLF001  # what pickle itself names

    names: dict[str, object] = {name: _standing_in(kind, name, each) for name, each in methods}
    same = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(kind.__name__, (kind,), {**same, **names, "__reduce_ex__": reduce, _OF: kind})


def _standing_in(kind: type, name: str, told: Hook) -> Hook:
    old = getattr(kind, name)

    @functools.wraps(old)  # frameworks look at what arguments a method takes
    def method(self: object, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401  # as above
        listener, bound = told_by(self), old.__get__(self)
        if listener is None:
            return bound(*args, **kwargs)
        return told(listener, bound, *args, **kwargs)

    return method
