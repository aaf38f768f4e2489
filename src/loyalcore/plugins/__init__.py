"""From installed packages and single files to what they add to loyalcore.

    entry points, plugin folders -> manager (loading.py) -> words, channels ... (gathering.py)

Each command makes its own manager: there is no global state, and a test registers what
it likes. The order in which plugins load never matters.
"""

from loyalcore.plugins.gathering import (
    REGISTERED,
    Plugin,
    channel_kinds,
    default_vocabulary,
    gathered,
    installed,
    owners,
    vocabulary,
)
from loyalcore.plugins.loading import GROUP, HOOKS, Manager, blamed_on, make_manager

__all__ = [
    "GROUP",
    "HOOKS",
    "REGISTERED",
    "Manager",
    "Plugin",
    "blamed_on",
    "channel_kinds",
    "default_vocabulary",
    "gathered",
    "installed",
    "make_manager",
    "owners",
    "vocabulary",
]
