/* Whether a field's value has no byte that HTTP forbids. Long ones come again and again from the table of the peer's header
 * compression, as the same buffer: what was found sound is kept, and not looked at twice. */
#include "session.h"

enum { SHORT_VALUE = 24, LONGEST_KEPT = 4096 }; /* what is longer than the table is in no table */

int value_is_sound(Session *session, nghttp2_rcbuf *buffer) {
    nghttp2_vec value = nghttp2_rcbuf_get_buf(buffer);
    if (value.len > SHORT_VALUE)
        for (int i = 0; i < SOUND_VALUES; i++)
            if (session->sound_values[i] == buffer) return 1;
    if (!nghttp2_check_header_value_rfc9113(value.base, value.len)) return 0;
    if (value.len <= SHORT_VALUE || value.len > LONGEST_KEPT) return 1;
    nghttp2_rcbuf **kept = &session->sound_values[session->sound_next];
    session->sound_next = (session->sound_next + 1) % SOUND_VALUES;
    if (*kept != NULL) nghttp2_rcbuf_decref(*kept);
    nghttp2_rcbuf_incref(buffer); /* held: no other text can come to its address */
    *kept = buffer;
    return 1;
}

void sound_values_end(Session *session) {
    for (int i = 0; i < SOUND_VALUES; i++) {
        if (session->sound_values[i] != NULL) nghttp2_rcbuf_decref(session->sound_values[i]);
        session->sound_values[i] = NULL;
    }
}
