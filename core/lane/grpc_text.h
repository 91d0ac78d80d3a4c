/* What gRPC writes into HTTP/2 headers: percent-encoded messages, base64 of binary metadata, time-outs. No memory is
 * taken; whoever calls gives a buffer and its size, and nothing is ever written past it. */
#ifndef RONDA_LANE_GRPC_TEXT_H
#define RONDA_LANE_GRPC_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* grpc-message: bytes outside of 0x20..0x7E and "%" become %XX. Written bytes; what does not fit `capacity` is left out,
 * never in the middle of a character of UTF-8. */
size_t percent_encoded(char *out, size_t capacity, const char *text, size_t size);

/* Bytes of base64 without padding. */
#define BASE64_SIZE(size) ((size) / 3 * 4 + ((size) % 3 ? (size) % 3 + 1 : 0))

/* RFC 4648 base64 without padding, as gRPC sends binary metadata. Written bytes; 0 where they would not fit. */
size_t base64_unpadded(char *out, size_t capacity, const uint8_t *bytes, size_t size);

/* grpc-timeout (one to eight digits and H, M, S, m, u or n) in nanoseconds; -1 where it is none. */
int64_t timeout_ns(const uint8_t *text, size_t size);

#endif
