"""What a rank that is not recorded may say without an end of its training."""

from __future__ import annotations

from ledger.integrations.unrecorded import Unrecorded


def test_a_rank_that_is_not_recorded_takes_what_a_loop_says() -> None:
    with Unrecorded() as run:
        run.set_goals({"valid-profit": "max"})
        run.log({"acc": 0.5}, step=0, loss=0.5)
        run.final(acc=0.9)
        run.artifact("model", "model.pt")
        run.before_seal(lambda: run.finish("failed"))
        run.sweep.describe(tuner="Random")
        trial = run.sweep.begin("00", {"lr": 0.1})
        trial.log({"loss": 0.5}, epoch=0)
        trial.end(score=0.5)
        run.finish()
    assert (None, None, False) == (run.id, run.dir, run.is_open)
