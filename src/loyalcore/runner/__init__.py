"""Events to steps to store: the run, and everything else that folds events."""
