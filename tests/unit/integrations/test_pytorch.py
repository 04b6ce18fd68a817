"""What a rank that is not recorded may say without an end of its training; torch is not needed."""

from __future__ import annotations

from ledger.integrations.pytorch import Unrecorded


def test_a_rank_that_is_not_recorded_takes_what_a_loop_says() -> None:
    with Unrecorded() as run:
        run.set_goals({"valid-profit": "max"})
        run.log(step=0, loss=0.5)
        run.final(acc=0.9)
        run.artifact("model", "model.pt")
        run.finish()
    assert not run.is_open
