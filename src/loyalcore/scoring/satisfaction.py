"""Satisfaction, from what customers answer: against what they expected, as CSAT, and as NPS.

- Satisfaction is experience minus expectation: below, met or above (R. L. Oliver, "A Cognitive
  Model of the Antecedents and Consequences of Satisfaction Decisions", Journal of Marketing
  Research 17(4), 1980).
- CSAT asks how satisfied they were; the two best of five answers are satisfied ("top two box").
- NPS asks how likely they are to recommend, from 0 to 10: 9 and 10 are promoters, 7 and 8
  passive, up to 6 detractors (F. F. Reichheld, "The One Number You Need to Grow", Harvard
  Business Review 81(12), 2003). The figure of a business is the share of promoters less that of
  detractors: `loyalcore insights` has both.

Each question counts by its latest answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from loyalcore.ruleset.words import DurationText, Formula
from loyalcore.scoring.purchases import EventsSettings, asked, window
from loyalcore.scoring.strategy import Asked, Occurrence, Strategy, StrategyKind, Summary
from loyalcore.values import INTEGER, NUMBER, Locale, Type, Value

EXPERIENCE, EXPECTED, RECOMMENDS = range(3)


class SatisfactionSettings(EventsSettings):
    """What customers answered last: against expectation, satisfied or not, and whether they
    would recommend."""

    over: DurationText | None = Field(
        None, description="how far back: 24 months; without it, all that there is"
    )
    experience: Formula | None = Field(
        None, description="how satisfied they were: a number, the greater the better"
    )
    expected: Formula | None = Field(
        None, description="what they had expected, on the same scale as experience"
    )
    satisfied_from: int = Field(4, strict=True, description="the experience that is satisfied")
    recommends: Formula | None = Field(
        None, description="how likely they are to recommend, from 0 to 10"
    )


class Satisfaction(Strategy[None]):
    """A summary has the latest answer to each question, and the expectation that was given with
    the latest experience."""

    def __init__(self, settings: SatisfactionSettings, locale: Locale) -> None:
        if settings.experience is None and settings.recommends is None:
            raise ValueError("say what customers answer: experience, recommends, or both")
        if settings.expected is not None and settings.experience is None:
            raise ValueError("expected is held against experience, which is missing")
        self._from = settings.satisfied_from
        self.outputs = {}
        questions: dict[int, Asked] = {}
        if settings.experience is not None:
            questions[EXPERIENCE] = asked("experience", settings.experience, NUMBER, INTEGER)
            self.outputs["csat"] = Type("text", ("satisfied", "dissatisfied"))
        if settings.expected is not None:
            questions[EXPECTED] = asked("expected", settings.expected, NUMBER, INTEGER)
            self.outputs["against_expectation"] = Type("text", ("below", "met", "above"))
        if settings.recommends is not None:
            questions[RECOMMENDS] = asked("recommends", settings.recommends, NUMBER, INTEGER)
            self.outputs["nps"] = Type("text", ("promoter", "passive", "detractor"))
        self._places = {question: place for place, question in enumerate(questions)}
        self.inputs = (settings.input(*questions.values(), over=window(settings.over)),)

    def observe(self, history: Sequence[Occurrence], at: int) -> Summary | None:
        experience = expected = recommends = None
        for one in reversed(history):
            if experience is None:
                experience = self._answer(one, EXPERIENCE)
                expected = self._answer(one, EXPECTED)
            if recommends is None:
                recommends = self._answer(one, RECOMMENDS)
        answers = (experience, expected, recommends)
        return answers if experience is not None or recommends is not None else None

    def _answer(self, one: Occurrence, question: int) -> float | None:
        place = self._places.get(question)
        value = None if place is None else one.values[place]
        return None if value is None else float(value)  # type: ignore[arg-type]  # a number

    def fit(self, summaries: Iterable[Summary], at: int) -> None:
        """Nobody else matters."""

    def score(self, summary: Summary, model: None) -> Mapping[str, Value | None]:
        experience, expected, recommends = summary
        said: dict[str, Value | None] = {}
        if isinstance(experience, float):
            said["csat"] = "satisfied" if experience >= self._from else "dissatisfied"
            if isinstance(expected, float):
                met = "met" if experience == expected else ""
                said["against_expectation"] = met or ("above" if experience > expected else "below")
        if isinstance(recommends, float):
            passive = "passive" if recommends >= 7 else "detractor"
            said["nps"] = "promoter" if recommends >= 9 else passive
        return said


SATISFACTION = StrategyKind("satisfaction", "1", SatisfactionSettings, Satisfaction)
