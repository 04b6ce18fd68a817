"""Every candidate's place, for tables."""

from __future__ import annotations

from ledger.review.assess import config_key, own_params
from ledger.review.result import Standing


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.review.assess import Assessed, Group
    from ledger.review.curves import Judged


def standings_of(
    assessed: Sequence[Assessed], groups: Sequence[Group], sign: float
) -> tuple[Standing, ...]:
    """Return the standings: the ranked ones by rank, then the others by name."""
    numbers = {key: at for at, key in enumerate(map(_key, groups), 1)}
    ranked = sorted(
        (each for each in assessed if each.is_ranked),
        key=lambda each: (each.score, each.candidate.name),
    )
    ranks = {each.candidate.name: place for place, each in enumerate(ranked, 1)}
    others = sorted(
        (each for each in assessed if not each.is_ranked), key=lambda each: each.candidate.name
    )
    for each in others:
        numbers.setdefault(config_key(each.candidate), len(numbers) + 1)
    differing = _differing([own_params(each.candidate) for each in assessed])
    return tuple(
        _standing(
            each,
            rank=ranks.get(each.candidate.name),
            group=numbers[config_key(each.candidate)],
            sign=sign,
            differing=differing,
        )
        for each in (*ranked, *others)
    )


def _standing(
    each: Assessed, *, rank: int | None, group: int, sign: float, differing: frozenset[str]
) -> Standing:
    candidate, main = each.candidate, each.main
    return Standing(
        name=candidate.name,
        label=candidate.label,
        run_id=candidate.run_id,
        trial_id=candidate.trial_id,
        status=candidate.status,
        rank=rank,
        group=group,
        best=candidate.best if candidate.best is not None else candidate.stated,
        best_epoch=candidate.best_epoch,
        smoothed=None if each.score is None else sign * each.score,
        smoothed_epoch=None if main is None else main.smoothed_epoch,
        last=candidate.last,
        shape="none" if main is None else main.shape,
        shape_epoch=None if main is None else _shape_epoch(main),
        n_epochs=each.n_epochs,
        n_curves=len(each.curves),
        budget=candidate.budget,
        is_short=each.is_short,
        seconds=candidate.seconds,
        seed=candidate.seed,
        parent=candidate.parent,
        params={name: item for name, item in candidate.params.items() if name in differing},
    )


def _shape_epoch(main: Judged) -> int | None:
    return main.bad_epoch if main.shape == "diverged" else main.smoothed_epoch


def _key(group: Group) -> str:
    return config_key(group.members[0].candidate)


def _differing(all_params: Sequence[Mapping[str, Json]]) -> frozenset[str]:
    names = {name for params in all_params for name in params}
    return frozenset(
        name for name in names if len({repr(params.get(name)) for params in all_params}) > 1
    )
