"""Looking after a customer: journeys, answers that are promised, people's work, contact."""
