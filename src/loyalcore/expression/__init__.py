"""The expression language: what the conditions and formulas of a ruleset are written in.

Text is checked within a scope (`check`), giving a typed tree (`Node`) or all the mistakes
in it; a tree is compiled to a Python function of the facts (`compile_true` and its kin),
and drawn with the value of each part to explain a decision (`draw`)::

    node, mistakes = check("amount >= 100 and channel == 'web'", scope, FLAG)
    fires = compile_true(node)
    fires({"amount": 12_000, "channel": "web"})
"""

from loyalcore.expression.calls import OVER
from loyalcore.expression.check import check
from loyalcore.expression.compile import Facts, compile_false, compile_true, compile_value
from loyalcore.expression.draw import Behind, Derivation, Drawing, draw
from loyalcore.expression.functions import FUNCTIONS
from loyalcore.expression.mistakes import CODES, Mistake
from loyalcore.expression.nodes import (
    And,
    Arithmetic,
    Call,
    Compare,
    If,
    In,
    Literal,
    Lookup,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Over,
    Span,
    names,
    walk,
)
from loyalcore.expression.scope import ANY, Form, Function, Scope, TableType

__all__ = [
    "ANY",
    "CODES",
    "FUNCTIONS",
    "OVER",
    "And",
    "Arithmetic",
    "Behind",
    "Call",
    "Compare",
    "Derivation",
    "Drawing",
    "Facts",
    "Form",
    "Function",
    "If",
    "In",
    "Literal",
    "Lookup",
    "Mistake",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Or",
    "Over",
    "Scope",
    "Span",
    "TableType",
    "check",
    "compile_false",
    "compile_true",
    "compile_value",
    "draw",
    "names",
    "walk",
]
