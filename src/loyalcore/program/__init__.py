"""Ruleset -> Program: names resolved, types checked, conditions and formulas compiled."""
