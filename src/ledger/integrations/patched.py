"""Functions of a framework that are stood in for until that is taken back."""

from __future__ import annotations

import functools


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Home: TypeAlias = tuple[Any, str]
    """A module or class, and the name by which it has the function."""
    StandIn: TypeAlias = Callable[..., Any]
    """Called with the function as it was, then with the arguments of the call."""


def patched(pairs: Sequence[tuple[Sequence[Home], StandIn]]) -> Callable[[], None]:
    """Put each stand-in in all homes of its function; return what takes that back.

    Args:
        pairs: (homes of one function, its stand-in).
    """
    undo = [_patch(homes, stand_in) for homes, stand_in in pairs]

    def take_back() -> None:
        for each in undo:
            each()

    return take_back


def _patch(homes: Sequence[Home], stand_in: StandIn) -> Callable[[], None]:
    old = getattr(*homes[0])
    is_on = [True]

    @functools.wraps(old)  # frameworks look at what arguments a function takes
    def new(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # those of any function
        return stand_in(old, *args, **kwargs) if is_on else old(*args, **kwargs)

    ours = [(owner, name) for owner, name in homes if getattr(owner, name, None) is old]
    for owner, name in ours:
        setattr(owner, name, new)

    def take_back() -> None:
        is_on.clear()  # somebody may have kept it, or have wrapped it in turn
        for owner, name in ours:
            if getattr(owner, name, None) is new:
                setattr(owner, name, old)

    return take_back
