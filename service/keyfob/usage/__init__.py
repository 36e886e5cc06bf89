"""What keys were used for: noted by the gate, added up here, written down by a thread.

record      one request as the gate saw it
recorder    takes records, and is all that others deal with
buffer      what is not yet in the store; bounded
key_use     the use of one key, added up
writing     from the buffer to the store, a portion in a transaction
flusher     the thread, and its patience with the store
retention   forgetting, once an hour
"""

from keyfob.usage.record import UsageRecord
from keyfob.usage.recorder import Recorder

__all__ = ["Recorder", "UsageRecord"]
