/* What the HTTP/2 library calls, and its own bounds. */
#ifndef RONDA_LANE_FRAMES_H
#define RONDA_LANE_FRAMES_H

#include <nghttp2/nghttp2.h>

nghttp2_session_callbacks *frame_callbacks(void); /* NULL = no memory */
nghttp2_option *frame_options(void);

#endif
