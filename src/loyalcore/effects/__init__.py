"""Effects: the words under `then`, and the closed set of changes they may make."""
