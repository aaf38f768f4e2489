"""The store: Outcome -> one SQLite transaction, and everything read back from it.

`Store.open` opens the file; `Store.writing` gives the one `Writer`; reading is by the
functions of the module that is named for what is read, each given `store.connection`.
"""

from loyalcore.store.customers import State
from loyalcore.store.file import Store
from loyalcore.store.writer import Writer

__all__ = ["State", "Store", "Writer"]
