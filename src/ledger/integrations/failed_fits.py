"""What scikit-learn warns of when a fit or a score fails, and the search goes on without it."""

from __future__ import annotations

import contextlib
import warnings


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_CATEGORY = "FitFailedWarning"
_SCORING = "Scoring failed"


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """Give a list that gets the texts of such warnings, which are shown as ever.

    A warning that the program's filters keep quiet is not in it.
    """
    texts: list[str] = []
    show = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # of `showwarning`
        text = str(message).strip()
        if category.__name__ == _CATEGORY or text.startswith(_SCORING):
            texts.append(text)
        show(message, category, *args, **kwargs)

    warnings.showwarning = tell
    try:
        yield texts
    finally:
        if warnings.showwarning is tell:
            warnings.showwarning = show
