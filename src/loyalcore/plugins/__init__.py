"""From installed packages and single files to what they add to loyalcore.

    entry points, plugin folders -> manager (loading.py) -> words, channels ... (gathering.py)

Each command makes its own manager: there is no global state, and a test registers what
it likes. The order in which plugins load never matters.
"""
