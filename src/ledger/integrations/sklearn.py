"""scikit-learn: a search, or a cross validation, is one run; its candidates are trials.

``attach`` makes a search record itself, ``cross_validate`` is scikit-learn's own with a run as its
first argument. scikit-learn is imported only where it is asked for.
"""

from __future__ import annotations

import functools

from ledger.errors import LedgerError
from ledger.integrations.candidates import Candidates, log_folds
from ledger.integrations.estimator_text import cell_of, params_of, settings_of
from ledger.integrations.failed_fits import listening
from ledger.integrations.framework import expect, needs
from ledger.integrations.hooked import hook, release, told_by
from ledger.integrations.patched import patched
from ledger.integrations.recording import named, outermost, recording
from ledger.writer.current import start
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ledger.writer.run import Run


def attach(
    search: Any,  # noqa: ANN401  # any class that has a search's methods
    name: str | None = None,
    *,
    run: Run | None = None,
    **start_options: Any,  # noqa: ANN401  # those of `ledger.start`
) -> Run:
    """Record the ``fit`` of ``search`` as one run, from now on; return the run.

    It works on ``GridSearchCV``, ``RandomizedSearchCV``, the halving searches and every other
    ``BaseSearchCV``. A candidate is a trial; each fold's scores are a row, with ``execution`` the
    number of the fold, and their mean is another. The run stays open after ``fit``, for what you
    state of it, until it is finished or the process ends.

    Args:
        search: whose ``fit`` has not begun. Copies of it, and what is saved of it, record nothing.
        name: what the run is about; the name of the search's class where it is None.
        run: a run that is open already, instead of a new one.
        start_options: as for ``ledger.start``: config (without one: all params of the search),
            data, seed, objective, tags, hypothesis, parent.

    Raises:
        LedgerError: the search is attached to an open run already, or as for ``ledger.start``.
    """
    expect(search, "a search of scikit-learn", "fit", "_run_search")
    before = told_by(search)
    if isinstance(before, _Search) and before.run.is_open:
        message = f"the search is attached to {before.run.id}"
        raise LedgerError(message, hint="finish that run first")
    if run is not None and (name is not None or start_options):
        given = ", ".join([*(["name"] if name is not None else []), *start_options])
        message = f"{run.id} is open already: {given} would not be recorded"
        raise LedgerError(message, hint="give these to ledger.start")
    if run is None:
        options = {"config": settings_of(search), **start_options}
        run = start(name or type(search).__name__, **options)
    hook(search, _Search(run), _HOOKS)
    return run


def cross_validate(
    run: Run,
    estimator: Any,  # noqa: ANN401  # any estimator
    X: Any,  # noqa: ANN401, N803  # scikit-learn's name for it
    y: Any = None,  # noqa: ANN401
    **options: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Cross-validate as scikit-learn does and record it as a trial of ``run``.

    Args:
        run: an open run.
        estimator: what is fitted.
        X: the data, (n_samples, n_features).
        y: the target, (n_samples,) or (n_samples, n_outputs).
        options: those of ``sklearn.model_selection.cross_validate``: cv, scoring, n_jobs, …

    Returns:
        what that function returns.
    """
    with needs("sklearn"):
        import sklearn.model_selection

    validate = functools.partial(sklearn.model_selection.cross_validate, estimator, X, y, **options)
    with outermost() as is_outermost:
        return _record(run, estimator, validate) if is_outermost else validate()


def autolog(**options: Any) -> Callable[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record every search and every ``cross_validate`` from now on; return what takes it back.

    Args:
        options: of the runs, as for ``ledger.start``.
    """
    with needs("sklearn"):
        from sklearn import model_selection
        from sklearn.model_selection import _search, _search_successive_halving, _validation

    def fit(old: Callable[..., Any], search: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if told_by(search) is not None:
            return old(search, *args, **kwargs)
        with recording(type(search).__name__, **{"config": settings_of(search), **options}) as run:
            if run is None:
                return old(search, *args, **kwargs)
            told = _Search(run)
            hook(search, told, _HOOKS)
            try:
                return told.fit(search, functools.partial(old, search, *args, **kwargs))
            finally:
                release(search)

    def validate(old: Callable[..., Any], estimator: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        config = {"estimator": type(estimator).__name__, **params_of(estimator)}
        with recording("cross_validate", **{"config": config, **options}) as run:
            plain = functools.partial(old, estimator, *args, **kwargs)
            return plain() if run is None else _record(run, estimator, plain)

    halving = _search_successive_halving.BaseSuccessiveHalving
    searches = [([(kind, "fit")], fit) for kind in (_search.BaseSearchCV, halving)]
    homes = [(each, "cross_validate") for each in (model_selection, _validation)]
    return patched([*searches, (homes, validate)])


class _Search:
    """Records each ``fit`` of a search into ``run``."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.candidates: Candidates | None = None

    def fit(self, search: Any, fit: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Let ``search`` fit itself by ``fit``; return what that returns."""
        self.candidates = Candidates(self.run, search)
        try:
            answer = fit()
        except BaseException as error:
            self.candidates.stop(error)
            raise
        else:
            self.candidates.end()
        finally:
            self.candidates = None
        self.run.final(_found(search))
        return answer


def _fit(told: _Search, old: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    with outermost() as is_outermost:
        if not is_outermost or not told.run.is_open:
            return old(*args, **kwargs)
        return told.fit(old.__self__, functools.partial(old, *args, **kwargs))  # type: ignore[attr-defined]  # a method


def _run_search(
    told: _Search,
    old: Callable[..., Any],
    evaluate_candidates: Callable[..., Any],
    **others: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    if told.candidates is not None:
        evaluate_candidates = told.candidates.watch(evaluate_candidates)
    return old(evaluate_candidates, **others)


_HOOKS = {"fit": _fit, "_run_search": _run_search}


def _found(search: Any) -> dict[str, object]:  # noqa: ANN401
    """Return what ``search`` has found, by scikit-learn's own names."""
    names = ("best_score_", "refit_time_", "n_iterations_")
    return {name: getattr(search, name) for name in names if hasattr(search, name)}


def _record(run: Run, estimator: Any, validate: Callable[[], Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return what ``validate``, a cross validation of ``estimator``, does; record it as a trial."""
    sweep = run.sweep
    sweep.describe(tuner="cross_validate")
    attempt = sweep.begin(str(sweep.n_trials), {"estimator": cell_of(estimator)})
    with listening() as texts:
        try:
            found: dict[str, Any] = validate()
        except BaseException as error:
            status, _ = outcome(error)
            attempt.end(status, message=named(error))
            raise
    try:
        log_folds(run, attempt, found, texts)
    except Exception as error:  # noqa: BLE001  # recorded; what was computed is not lost for it
        sweep.lose("a cross validation", error)
    return found
