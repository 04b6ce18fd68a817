"""The candidates of one ``fit`` of a search of scikit-learn, as trials of a sweep."""

from __future__ import annotations

import math
import re

from ledger.integrations.estimator_text import cell_of, space_of
from ledger.integrations.failed_fits import listening
from ledger.integrations.recording import named
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from ledger.writer.run import Run
    from ledger.writer.sweep import Attempt

_ROUND, _RESOURCES = "iter", "n_resources"
"""What the results of a halving search have besides scores."""


class _Candidate:
    """A candidate that is still in the search."""

    def __init__(self, attempt: Attempt, params: Mapping[str, Any]) -> None:
        self.attempt = attempt
        self.params = params
        self.shown = {name: cell_of(item) for name, item in params.items()}
        self.step: int | None = None
        self.means: dict[str, float] = {}
        self.failed_splits: list[int] = []
        self.texts: list[str] = []


class Candidates:
    """Records what ``evaluate_candidates`` finds; a promoted candidate goes on as the same trial.

    Args:
        run: an open run.
        search: whose ``fit`` begins.
    """

    def __init__(self, run: Run, search: Any) -> None:  # noqa: ANN401  # any search
        self._run = run
        self._search = search
        self._first = run.sweep.n_trials
        self._resource = getattr(search, "resource", None)
        self._open: list[_Candidate] = []
        self._n = 0
        self._metric = ""
        self._blank: dict[str, None] = {}
        self._is_lost = False
        try:
            self._describe()
        except Exception as error:  # noqa: BLE001  # recorded in the run; its trials are, too
            run.sweep.lose("what is searched", error)

    def watch(self, evaluate: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``evaluate``, a search's ``evaluate_candidates``, so that it is recorded."""

        def watched(
            candidate_params: Iterable[Mapping[str, Any]],
            cv: Any = None,  # noqa: ANN401  # as the search has it
            more_results: Mapping[str, Any] | None = None,
            **others: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            params = list(candidate_params)
            is_round = _ROUND in (more_results or {})
            self._safely("the begin of trials", lambda: self._begin(params, is_round=is_round))
            with listening() as texts:
                results = evaluate(params, cv, more_results, **others)
            self._safely("the scores of trials", lambda: self._see(results, texts))
            return results

        return watched

    def end(self) -> None:
        """See the search end: who is in the last round has a score."""
        self._safely("the end of trials", lambda: self._end_all(self._open, is_out=False))

    def stop(self, error: BaseException) -> None:
        """See the search end by ``error``: what runs ends with it."""
        status, _ = outcome(error)
        for each in self._open:
            each.attempt.end(
                "interrupted" if status == "finished" else status,
                message=named(error),
            )

    def _safely(self, what: str, step: Callable[[], None]) -> None:
        """Call ``step``; what goes wrong is said in the record, and never ends the search."""
        if self._is_lost:
            return
        try:
            step()
        except Exception as error:  # noqa: BLE001  # recorded in the run
            self._is_lost = True
            self._run.sweep.lose(what, error)

    def _describe(self) -> None:
        sweep = self._run.sweep
        sweep.describe(tuner=type(self._search).__name__, space=space_of(self._search))
        self._aim(_expected(self._search))

    def _begin(self, params: list[Mapping[str, Any]], *, is_round: bool) -> None:
        before: dict[tuple[object, ...], list[_Candidate]] = {}
        for each in self._open:
            before.setdefault(_key(each.params, self._resource), []).append(each)
        kept = [self._promoted(each, before) if is_round else None for each in params]
        self._end_all([out for left in before.values() for out in left], is_out=True)
        self._open = [old or self._new(each) for old, each in zip(kept, params, strict=True)]
        self._run.sweep.describe(max_trials=self._n)

    def _promoted(
        self, params: Mapping[str, Any], before: dict[tuple[object, ...], list[_Candidate]]
    ) -> _Candidate | None:
        same = before.get(_key(params, self._resource))
        if not same:
            return None
        candidate = same.pop(0)
        candidate.params = params
        candidate.shown = {name: cell_of(item) for name, item in params.items()}
        return candidate

    def _new(self, params: Mapping[str, Any]) -> _Candidate:
        shown = {name: cell_of(item) for name, item in params.items()}
        attempt = self._run.sweep.begin(str(self._first + self._n), shown)
        self._n += 1
        return _Candidate(attempt, params)

    def _see(self, results: Mapping[str, Any], texts: list[str]) -> None:
        self._aim([name for name in results if name.startswith("mean_test_")])
        # all columns at once: a table is not widened twice within seconds
        self._blank = dict.fromkeys(_of_fold(name) for name in results if _is_metric(name))
        self._run.set_goals(dict.fromkeys(filter(_is_score, self._blank), "max"))
        first = len(results["params"]) - len(self._open)
        for place, each in enumerate(self._open, first):
            found = {name: float(item[place]) for name, item in results.items() if _is_metric(name)}
            each.step = int(results[_ROUND][place]) if _ROUND in results else None
            if _RESOURCES in results:
                each.shown[_RESOURCES] = int(results[_RESOURCES][place])
            self._log(each, found)
            each.texts = texts if each.failed_splits else []
        if _ROUND not in results:
            self._end_all(self._open, is_out=False)

    def _log(self, each: _Candidate, found: Mapping[str, float]) -> None:
        """Write the scores of each fold; their means when the trial has ended."""
        each.failed_splits = []
        for split in range(self._search.n_splits_):
            lead = f"split{split}_"
            of_fold = [name for name in found if name.startswith(lead)]
            if any(math.isnan(found[name]) for name in of_fold):
                each.failed_splits.append(split)
            scores = {_of_fold(name): found[name] for name in of_fold}
            self._write(each, scores, execution=split)
        each.means = {name: item for name, item in found.items() if name == _of_fold(name)}
        if each.step is not None:
            times = {name: item for name, item in each.means.items() if name.endswith("_time")}
            self._write(each, times, execution=None)

    def _write(
        self, each: _Candidate, metrics: Mapping[str, float], *, execution: int | None
    ) -> None:
        row = {**self._blank, **metrics}
        each.attempt.log(row, params=each.shown, step=each.step, execution=execution)

    def _end_all(self, candidates: list[_Candidate], *, is_out: bool) -> None:
        for each in list(candidates):
            self._end(each, is_out=is_out)
        if candidates is self._open:
            self._open = []

    def _end(self, each: _Candidate, *, is_out: bool) -> None:
        """End a trial.

        Args:
            each: a candidate.
            is_out: whether others go on without it; its means are of fewer samples than theirs.
        """
        score, message = each.means.get(self._metric, math.nan), None
        status = "failed" if each.failed_splits else "pruned" if is_out else "finished"
        if status == "failed":
            splits = ", ".join(map(str, each.failed_splits))
            message = "\n".join([f"the score of split {splits} is nan", *each.texts])
        elif status == "pruned":
            at = f"{each.shown.get(_RESOURCES)} {self._resource}"
            message = f"out after round {each.step}: {self._metric} {score:.6g} with {at}"
        if not is_out:
            self._write(each, each.means, execution=None)
        each.attempt.end(
            status,
            score=None if is_out or not self._metric else score,
            execution=self._search.n_splits_ - 1,
            message=message,
            params=each.shown,
        )

    def _aim(self, means: Sequence[str]) -> None:
        """Know the objective by the names of mean scores: a greater one is always better."""
        refit = f"mean_test_{self._search.refit}"
        self._metric = means[0] if len(means) == 1 else refit if refit in means else self._metric
        if self._metric:
            self._run.sweep.describe(objective=(self._metric, "max"))


def log_folds(run: Run, attempt: Attempt, found: Mapping[str, Any], texts: list[str]) -> None:
    """Write what ``cross_validate`` has found, a row for each fold and one of means, and the end.

    Args:
        run: an open run.
        attempt: at the trial that the cross validation is.
        found: what it returned: by name, (n_splits,).
        texts: what was warned of.
    """
    import numpy as np

    told = {name: item for name, item in found.items() if _is_score(name) or name.endswith("_time")}
    scores = {name: np.asarray(item, dtype=float) for name, item in told.items() if _is_score(name)}
    tests = [f"mean_{name}" for name in scores if name.startswith("test_")]
    run.set_goals(dict.fromkeys([*scores, *(f"mean_{name}" for name in scores)], "max"))
    if len(tests) == 1:
        run.sweep.describe(objective=(tests[0], "max"))
    n_splits = len(found["fit_time"])
    means = {f"mean_{name}": float(item.mean()) for name, item in scores.items()}
    stds = {f"std_{name}": float(item.std()) for name, item in scores.items()}
    blank = dict.fromkeys([*told, *means, *stds])
    for split in range(n_splits):
        attempt.log(blank | {name: item[split] for name, item in told.items()}, execution=split)
    attempt.log(blank | means | stds, execution=None)
    failed = [n for n in range(n_splits) if any(np.isnan(item[n]) for item in scores.values())]
    message = f"the score of split {', '.join(map(str, failed))} is nan" if failed else ""
    attempt.end(
        "failed" if failed else "finished",
        score=means[tests[0]] if len(tests) == 1 else None,
        execution=n_splits - 1,
        message="\n".join([message, *texts]) if failed else None,
    )


def _expected(search: Any) -> list[str]:  # noqa: ANN401  # any search
    """Return the means that ``search`` will be judged by, as far as that is known before."""
    if search.scoring is None or isinstance(search.scoring, str):
        return ["mean_test_score"]
    is_named = isinstance(search.refit, str) and not callable(search.scoring)
    return [f"mean_test_{search.refit}"] if is_named else []


def _key(params: Mapping[str, Any], resource: str | None) -> tuple[object, ...]:
    # the values themselves go from round to round, and not all of them can be compared
    return tuple(sorted((name, id(item)) for name, item in params.items() if name != resource))


def _of_fold(name: str) -> str:
    """Return ``test_score`` for ``split0_test_score``; another name is itself."""
    return re.sub(r"^split\d+_", "", name)


def _is_score(name: str) -> bool:
    return name.removeprefix("mean_").startswith(("test_", "train_"))


def _is_metric(name: str) -> bool:
    is_other = name in {_ROUND, _RESOURCES, "params"}
    return not is_other and not name.startswith(("param_", "rank_"))
