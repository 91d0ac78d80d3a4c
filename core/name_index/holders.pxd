# Who holds a rare word of those asked, of a search whose page is not full (core/name_index/query.pxd).
#
# The walk of core/name_index/search.pyx looks for evidence; where names share one rare word and nothing else there is little or none,
# and yet nobody on file is likelier: a pet name that no table has beside a surname. So the tokens on file that the asked words may be
# are gone through once more, from the one that tells most on, while all their holders together are HOLDERS_MOST at most; then the first
# holders of the next one, where the page is still not full. Those who hold nothing but a commoner word are nobody.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t

from core.name_index.query cimport NameQuery

# Adds to query.found, of the question that it was asked last, those who share a word and are not among them: the `wanted` with most
# evidence at least, and whoever has `slack` less. 0 or NAMES_*.
cdef int look_at_holders(NameQuery* query, size_t wanted, int32_t slack) noexcept nogil
