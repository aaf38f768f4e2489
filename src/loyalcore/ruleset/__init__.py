"""Text -> Ruleset: reading YAML with places, and the shape of the language."""
