"""One call that searches hyperparameters: the search is a configuration, its outcome a value.

Neither KerasTuner nor Keras is imported before a search begins.
"""

from __future__ import annotations

from ledger.integrations.tuning.config import TunerConfig
from ledger.integrations.tuning.result import TrialOutcome, TuningResult
from ledger.integrations.tuning.search import optimize
from ledger.integrations.tuning.strategies import STRATEGIES


__all__ = ["STRATEGIES", "TrialOutcome", "TunerConfig", "TuningResult", "optimize"]
