"""How the leader's curve behaved, and how those of the others did: three of the six questions."""

from __future__ import annotations

from statistics import median

from ledger.review.curves import (
    MAX_NOISE,
    MIN_AFTER,
    MIN_EPOCHS,
    MIN_LOSS,
    MIN_SLOPE,
    MOST_POINTS,
)
from ledger.review.finding import INSUFFICIENT, NOTE, OK, WARN, Finding
from ledger.review.robust import width


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Assessed
    from ledger.review.curves import Judged

_TOO_FEW = f"{MIN_EPOCHS} epochs"


def behaviour_findings(leader: Assessed | None, assessed: Sequence[Assessed]) -> list[Finding]:
    """Return what the curves say: of the leader's first, then of all."""
    findings: list[Finding] = []
    main = None if leader is None else leader.main
    if leader is None or main is None:
        findings += [_none(question, rule, assessed) for question, rule in _RULES]
    else:
        label = leader.candidate.label
        overfit = _overfit(main, label, _patience(leader))
        findings += [_behaved(main, label), _stable(main, label), overfit]
        if main.oscillates:
            findings.append(_oscillates(main, label))
    return [*findings, *_of_all(assessed)]


_RULES = (("behaved", "curve.shape"), ("stable", "curve.noise"), ("overfit", "curve.overfit"))


def _none(question: str, rule: str, assessed: Sequence[Assessed]) -> Finding:
    if any(each.main is not None for each in assessed):
        sentence, missing = "none that has a curve leads", "a candidate that finished"
    else:
        sentence, missing = "no curve was recorded", "rows by epoch"
    return _curve(question, rule, INSUFFICIENT, sentence, missing=missing)


def _behaved(main: Judged, label: str) -> Finding:
    if main.shape == "diverged":
        where = "" if main.bad_epoch is None else f" at epoch {main.bad_epoch}"
        return _curve("behaved", "curve.shape", WARN, f"diverged{where}", main, label)
    if main.shape == "short":
        told = "1 epoch is" if main.n == 1 else f"{main.n} epochs are"
        sentence = f"{told} too few to judge a curve ({MIN_EPOCHS} at least)"
        return _curve(
            "behaved", "curve.shape", INSUFFICIENT, sentence, main, label, missing=_TOO_FEW
        )
    change = f"{100 * (main.slope_share or 0):+.1f} % of the gain over the last third"
    numbers = {"value": main.slope_share, "threshold": -MIN_SLOPE}
    if main.shape == "improving":
        sentence = f"still improving ({change}): longer training might change the ranking"
        return _curve("behaved", "curve.shape", WARN, sentence, main, label, **numbers)
    if main.shape == "flat":
        sentence = "never better than its first epochs by more than noise"
        return _curve("behaved", "curve.shape", NOTE, sentence, main, label, **numbers)
    sentence = f"best at epoch {main.smoothed_epoch}, then {main.n_after} more epochs ({change})"
    if main.shape == "plateau":
        sentence = f"plateau, best at epoch {main.smoothed_epoch} ({change})"
    return _curve("behaved", "curve.shape", OK, sentence, main, label, **numbers)


def _stable(main: Judged, label: str) -> Finding:
    share = main.noise_share
    if main.n < MIN_EPOCHS:
        sentence = f"{main.n} epochs are too few to tell noise ({MIN_EPOCHS} at least)"
        return _curve(
            "stable", "curve.noise", INSUFFICIENT, sentence, main, label, missing=_TOO_FEW
        )
    if share is None or main.shape in {"flat", "diverged"}:
        sentence = f"noise is {main.noise:.2g}; there is no gain to measure it against"
        return _curve("stable", "curve.noise", NOTE, sentence, main, label, value=main.noise)
    told = f"noise is {100 * share:.1f} % of the gain (limit {100 * MAX_NOISE:.0f} %)"
    near = f"{main.n_near} epochs within it of the best"
    verdict = WARN if share > MAX_NOISE else OK
    numbers = {"value": share, "threshold": MAX_NOISE}
    return _curve("stable", "curve.noise", verdict, f"{told}; {near}", main, label, **numbers)


def _oscillates(main: Judged, label: str) -> Finding:
    sentence = "jumps to and fro from epoch to epoch: the learning rate may be too high"
    return _curve(
        "stable", "curve.oscillation", WARN, sentence, main, label, value=main.turns_z, threshold=2
    )


def _patience(leader: Assessed) -> int | None:
    """Return the patience of early stopping where it may have ended the run: before its budget."""
    allowed = leader.candidate.budget
    return leader.candidate.patience if allowed and leader.n_epochs < allowed else None


def _overfit(main: Judged, label: str, patience: int | None) -> Finding:
    if main.n < MIN_EPOCHS:
        sentence = f"{main.n} epochs are too few to see overfitting ({MIN_EPOCHS} at least)"
        return _overfit_of(INSUFFICIENT, sentence, main, label, missing=_TOO_FEW)
    if main.loss is None:
        sentence = f"{_ended(main, patience)}: overfitting not observable"
        need = max(MIN_AFTER, MIN_AFTER * main.n // MOST_POINTS)
        return _overfit_of(NOTE, sentence, main, label, missing=f"{need} epochs after it")
    if not main.has_train:
        sentence = "no training curve: cannot distinguish overfitting from drift"
        return _overfit_of(INSUFFICIENT, sentence, main, label, missing="the training curve")
    return _degraded(main, label, patience)


def _degraded(main: Judged, label: str, patience: int | None) -> Finding:
    """Return what the end of a curve says, where there is enough of it."""
    loss, limit = main.loss or 0.0, main.loss_limit or 0.0
    numbers = {"value": main.loss, "threshold": main.loss_limit}
    worse = f"the end is {loss:.3g} worse than the best, noise allows {limit:.3g}{_measures(main)}"
    if main.shape == "overfit":
        sentence = f"overfits after epoch {main.smoothed_epoch}: {worse}"
        return _overfit_of(WARN, sentence, main, label, **numbers)
    if loss > max(limit, MIN_LOSS * main.gain):
        sentence = f"no, but it drifts: {worse}; training did not improve either"
        return _overfit_of(NOTE, sentence, main, label, **numbers)
    if _is_cut(main, patience):
        sentence = f"not until {_ended(main, patience)}; more is not observable: {worse}"
        return _overfit_of(NOTE, sentence, main, label, **numbers)
    return _overfit_of(OK, f"no: {worse}", main, label, **numbers)


def _measures(main: Judged) -> str:
    """Return Prechelt's loss and the gap to training, where they are known."""
    prechelt, gap = main.generalisation_loss, main.gap
    told = [f"generalisation loss {prechelt:.1f} %"] if prechelt is not None else []
    told += [f"gap to training {gap:.3g}"] if gap is not None else []
    return f" ({', '.join(told)})" if told else ""


def _is_cut(main: Judged, patience: int | None) -> bool:
    """Whether early stopping may have ended the curve: no more epochs than ``patience`` follow.

    The smoothed best is up to half a window away from the one that stopping counts from.
    """
    return patience is not None and main.n_after <= patience + width(main.n) // 2


def _ended(main: Judged, patience: int | None) -> str:
    n = main.n_after
    where = "at its best" if n == 0 else f"{n} epoch{'s' if n > 1 else ''} after its best"
    if not _is_cut(main, patience):
        return f"the run ended {where}"
    return f"the run ended {where}, within the patience of early stopping ({patience})"


def _of_all(assessed: Sequence[Assessed]) -> list[Finding]:
    """Return how many of all candidates diverged, are unstable, or overfit."""
    mains = [each.main for each in assessed if each.main is not None and not each.is_promoted]
    n = len(mains)
    if n < 2:  # noqa: PLR2004  # the leader has been spoken of
        return []
    findings = []
    for question, rule, shape, said in _COUNTED:
        of = [each for each in mains if each.shape == shape]
        if not of:
            continue
        epochs = [epoch for each in of if (epoch := _epoch_of(each)) is not None]
        middle = "median " if len(epochs) > 1 else ""
        where = f", {middle}at epoch {median(epochs):.0f}" if epochs else ""
        sentence = f"{len(of)} of {n} {said}{where}"
        findings.append(
            Finding(
                question=question,  # type: ignore[arg-type]  # one of the six
                rule=rule,
                verdict=NOTE,
                sentence=sentence,
                value=len(of) / n,
                n=n,
            )
        )
    return findings


_COUNTED = (
    ("behaved", "curves.diverged", "diverged", "diverged"),
    ("behaved", "curves.improving", "improving", "were still improving at their end"),
    ("stable", "curves.unstable", "unstable", "are unstable"),
    ("overfit", "curves.overfit", "overfit", "overfit"),
)


def _epoch_of(main: Judged) -> int | None:
    return main.bad_epoch if main.shape == "diverged" else main.smoothed_epoch


def _overfit_of(verdict: str, sentence: str, main: Judged, label: str, **more: object) -> Finding:
    return _curve("overfit", "curve.overfit", verdict, sentence, main, label, **more)


def _curve(  # noqa: PLR0913, PLR0917  # a finding is this much
    question: str,
    rule: str,
    verdict: str,
    sentence: str,
    main: Judged | None = None,
    label: str | None = None,
    **more: object,
) -> Finding:
    epoch = None if main is None else _epoch_of(main)
    n = 0 if main is None else main.n
    return Finding(
        question=question,  # type: ignore[arg-type]  # one of the six
        rule=rule,
        verdict=verdict,  # type: ignore[arg-type]  # one of the four
        sentence=sentence,
        n=n,
        about=label,
        epoch=epoch,
        **more,  # type: ignore[arg-type]  # its own fields
    )
