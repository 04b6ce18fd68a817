"""Facts about now: code, environment, seeds, data, this process; none may ever fail a training."""
