# Finds holders of a rare asked word, for a search with a page that is not full (core/name_index/query.pxd).
#
# The walk of core/name_index/search.pyx looks for evidence. If names share one rare word and nothing else there is
# little or none, and yet nobody on file is likelier: a pet name in no table beside a surname. So the tokens on file
# that the asked words may be are gone through once more, from the one with most evidence on, while all their holders
# together are HOLDERS_MOST at most. Then come the first holders of the next one, if the page is still not full. Holders
# of nothing but a commoner word do not count.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.name_index.query cimport NameQuery

# Adds to query.found, for its last question, persons that share a word and are not among them: the `wanted` with most
# evidence at least, and those with `slack` less. 0 or NAMES_*.
cdef int look_at_holders(NameQuery* query, size_t wanted, int32_t slack) noexcept nogil
