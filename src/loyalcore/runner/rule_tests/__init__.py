"""Rule tests: what an author says should happen, held against what does.

    NAME.test.yaml -> Suite -> Result of each case -> coverage, JUnit

They run in memory through the very step that decides everything else, and need no store.
"""

from loyalcore.runner.rule_tests.coverage import Coverage, Gap
from loyalcore.runner.rule_tests.junit import junit
from loyalcore.runner.rule_tests.loading import Suite, find, load_suite
from loyalcore.runner.rule_tests.verdict import Failure, Mismatch, Result, run_case
from loyalcore.runner.rule_tests.why import Reason

__all__ = [
    "Coverage",
    "Failure",
    "Gap",
    "Mismatch",
    "Reason",
    "Result",
    "Suite",
    "find",
    "junit",
    "load_suite",
    "run_case",
]
