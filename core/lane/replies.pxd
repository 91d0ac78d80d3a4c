# A reply from what Python made of it.

from core.lane.transport cimport LaneReply

cdef int fill_reply(LaneReply* reply, object ended) except -1   # Ended of express.pyx, borrowed; no message
