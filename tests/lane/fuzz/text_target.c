/* libFuzzer: the writers of grpc-message and of binary metadata, held to readers of their own; the reader of grpc-timeout.
 * The first two bytes are the room that a writer is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../core/lane/grpc_text.h"

static void must(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static int digit(char text) { return text <= '9' ? text - '0' : text - 'A' + 10; }

static void check_percent(const uint8_t *bytes, size_t size, size_t room) {
    char *out = malloc(room + 1); /* exactly: what is written past it is seen */
    size_t written = percent_encoded(out, room, (const char *)bytes, size), at = 0;
    must(written <= room, "more than fits");
    for (size_t i = 0; i < written; at++) {
        must(at < size && out[i] >= 0x20 && out[i] <= 0x7E, "a character that no header takes");
        if (out[i] != '%') must((uint8_t)out[i++] == bytes[at], "another byte");
        else {
            must(i + 2 < written && digit(out[i + 1]) * 16 + digit(out[i + 2]) == bytes[at], "another byte, encoded");
            i += 3;
        }
    }
    must(room < 3 * size || at == size, "something is left out though there is room");
    free(out);
}

static int six_bits(char text) {
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = memchr(ALPHABET, text, 64);
    must(found != NULL, "not of base64's alphabet");
    return (int)(found - ALPHABET);
}

static void check_base64(const uint8_t *bytes, size_t size, size_t room) {
    char *out = malloc(room + 1);
    size_t written = base64_unpadded(out, room, bytes, size), at = 0;
    must(written == (BASE64_SIZE(size) <= room ? BASE64_SIZE(size) : 0), "base64's size");
    uint32_t bits = 0;
    for (size_t i = 0; i < written; i++) {
        bits = bits << 6 | (uint32_t)six_bits(out[i]);
        int have = (int)((i + 1) * 6 - at * 8);
        if (have < 8) continue;
        must((uint8_t)(bits >> (have - 8)) == bytes[at], "another byte, base64");
        at++;
    }
    must(written == 0 || at == size, "base64 lost bytes");
    free(out);
}

static void check_timeout(const uint8_t *bytes, size_t size) {
    int64_t ns = timeout_ns(bytes, size);
    int digits = size >= 2 && size <= 9;
    for (size_t i = 0; digits && i + 1 < size; i++) digits = bytes[i] >= '0' && bytes[i] <= '9';
    int whole = digits && bytes[size - 1] != 0 && strchr("HMSmun", bytes[size - 1]) != NULL;
    must(whole ? ns >= 0 : ns == -1, "a time-out that is none, or one that is");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t room = (size_t)data[0] << 4 | data[1] >> 4;
    check_percent(data + 2, size - 2, room);
    check_base64(data + 2, size - 2, room);
    check_timeout(data + 2, size - 2);
    return 0;
}
