"""A reply from what Python made of it. Nothing here is for Python."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.string cimport memset


cdef int fill_reply(LaneReply* reply, object ended) except -1:
    cdef bytes text = ended.text
    cdef bytes details = ended.details
    memset(reply, 0, sizeof(LaneReply))
    reply.grpc_status = ended.code
    reply.text, reply.text_size = PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text)
    reply.details, reply.details_size = <const uint8_t*>PyBytes_AS_STRING(details), PyBytes_GET_SIZE(details)
    return 0
