"""From installed packages and single files to what they add to loyalcore.

    entry points, plugin folders -> manager (loading.py) -> words, channels ... (gathering.py)

Each command makes its own manager: there is no global state, and a test registers what
it likes. The order in which plugins load never matters.
"""

from loyalcore.plugins.gathering import (
    Plugin,
    channel_kinds,
    default_observers,
    default_vocabulary,
    gathered,
    installed,
    observers,
    owners,
    vocabulary,
)
from loyalcore.plugins.loading import HOOKS, Manager, make_manager

__all__ = [
    "HOOKS",
    "Manager",
    "Plugin",
    "channel_kinds",
    "default_observers",
    "default_vocabulary",
    "gathered",
    "installed",
    "make_manager",
    "observers",
    "owners",
    "vocabulary",
]
