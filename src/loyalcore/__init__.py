"""loyalcore: a rules engine for loyalty and customer-relationship programmes.

The flow, and the folders in its order::

    text -> Ruleset -> Program                                   ruleset/ expression/ program/
    (Program, CustomerState, Event) -> (CustomerState, Outcome)  engine/ matching/ effects/
    Outcome -> one SQLite transaction -> outbox -> channels      store/ runner/ delivery/
"""

__version__ = "0.1.0"
