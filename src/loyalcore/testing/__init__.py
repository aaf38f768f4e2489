"""What plugins and programmes are tested with: public, and kept as stable as the hooks.

    play(ruleset, events) -> Played      decisions, balances and messages, by the real run
    Recorder, message                    a channel that keeps what it is given, and a message
    ChannelContract, ScoringContract     tests that every channel, or strategy, must pass
    ReadmeContract                       tests of what a channel's README shows of its settings

Nothing here needs pytest but `loyalcore.testing.fixtures`, which a conftest.py names:
`pytest_plugins = ["loyalcore.testing.fixtures"]`. It is no plugin of pytest by itself, so that
tests of others, in the same environment, load nothing of it.
"""

from loyalcore.testing.channels import ChannelContract, Recorder, message
from loyalcore.testing.playing import Played, PlayedDecision, PlayedMessage, PlayedReject, play
from loyalcore.testing.readme import ReadmeContract
from loyalcore.testing.scoring import ScoringContract

__all__ = [
    "ChannelContract",
    "Played",
    "PlayedDecision",
    "PlayedMessage",
    "PlayedReject",
    "ReadmeContract",
    "Recorder",
    "ScoringContract",
    "message",
    "play",
]
