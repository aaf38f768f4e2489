"""The command line, for operators and ruleset authors. One module per command.

Exit status: 0 fine; 1 the answer is no, or input was rejected; 2 wrong usage.
"""

from loyalcore.cli.main import main

__all__ = ["main"]
