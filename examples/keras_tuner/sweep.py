"""The same search as a configuration: python sweep.py [STRATEGY TRIALS EPOCHS]."""

import sys

from circles import build, half_circles

from ledger.integrations.tuning import TunerConfig, optimize

strategy, trials, epochs = sys.argv[1:] or ("hyperband", "12", "6")
config = TunerConfig(
    project_name=f"circles-{strategy}",
    output_dir="tuning",
    strategy=strategy,
    max_trials=int(trials),
    search_epochs=int(epochs),
    objective_metric="val_accuracy",
    objective_direction="max",
    early_stop_patience=3,
    seed=1,
)
train, val = half_circles(400, seed=1), half_circles(100, seed=2)
why = "a wide network wins, whatever the strategy"
result = optimize(build, train, val, config, search_kwargs={"verbose": 0}, hypothesis=why)
if result.best_hps:  # in a worker the result is that of no trial
    print(result.summary())
