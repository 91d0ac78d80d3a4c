/* Memory on a session's account: the library's own allocations are counted by what the allocator really gave. */
#ifndef RONDA_LANE_MEMORY_H
#define RONDA_LANE_MEMORY_H

#include <nghttp2/nghttp2.h>

#include "session.h"

nghttp2_mem counted_memory(Session *); /* for nghttp2_session_server_new3 */

#endif
