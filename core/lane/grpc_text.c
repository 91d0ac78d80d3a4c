/* The writers and the one reader of gRPC's own header values; see the gRPC over HTTP/2 specification. */
#include "grpc_text.h"

static const char HEX[] = "0123456789ABCDEF";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bytes of the character of UTF-8 that begins here; 1 for what is none. */
static size_t character_size(const uint8_t *text, size_t left) {
    size_t size = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : text[0] >= 0xC0 ? 2 : 1;
    if (size > left) return 1;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xC0) != 0x80) return 1;
    return size;
}

size_t percent_encoded(char *out, size_t capacity, const char *text, size_t size) {
    const uint8_t *bytes = (const uint8_t *)text;
    size_t written = 0;
    for (size_t at = 0; at < size;) {
        uint8_t byte = bytes[at];
        if (byte >= 0x20 && byte <= 0x7E && byte != '%') {
            if (written == capacity) break;
            out[written++] = (char)byte;
            at++;
            continue;
        }
        size_t character = character_size(bytes + at, size - at);
        if (3 * character > capacity - written) break;
        for (size_t end = at + character; at < end; at++) {
            out[written++] = '%';
            out[written++] = HEX[bytes[at] >> 4];
            out[written++] = HEX[bytes[at] & 15];
        }
    }
    return written;
}

size_t base64_unpadded(char *out, size_t capacity, const uint8_t *bytes, size_t size) {
    if (size > SIZE_MAX / 2 || BASE64_SIZE(size) > capacity) return 0;
    size_t written = 0, at = 0;
    for (; size - at >= 3; at += 3) {
        uint32_t three = (uint32_t)bytes[at] << 16 | (uint32_t)bytes[at + 1] << 8 | bytes[at + 2];
        out[written++] = BASE64[three >> 18];
        out[written++] = BASE64[three >> 12 & 63];
        out[written++] = BASE64[three >> 6 & 63];
        out[written++] = BASE64[three & 63];
    }
    if (at == size) return written;
    uint32_t rest = (uint32_t)bytes[at] << 16 | (size - at == 2 ? (uint32_t)bytes[at + 1] << 8 : 0);
    out[written++] = BASE64[rest >> 18];
    out[written++] = BASE64[rest >> 12 & 63];
    if (size - at == 2) out[written++] = BASE64[rest >> 6 & 63];
    return written;
}

int64_t timeout_ns(const uint8_t *text, size_t size) {
    if (size < 2 || size > 9) return -1;
    int64_t number = 0;
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        number = number * 10 + (text[i] - '0');
    }
    int64_t unit;
    switch (text[size - 1]) {
    case 'H': unit = 3600000000000; break;
    case 'M': unit = 60000000000; break;
    case 'S': unit = 1000000000; break;
    case 'm': unit = 1000000; break;
    case 'u': unit = 1000; break;
    case 'n': unit = 1; break;
    default: return -1;
    }
    return number > INT64_MAX / unit ? INT64_MAX : number * unit;
}
