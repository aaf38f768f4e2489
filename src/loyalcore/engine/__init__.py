"""The pure step: (Program, CustomerState, Event) -> (CustomerState, Outcome)."""
