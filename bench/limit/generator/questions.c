/* What is asked. The file, little-endian:
 *
 *   header    "RONDAQ1\0" | u32 count | u32 size of the context | u32 where its hole is | u32 0
 *   context   field 1 of each request, with a hole of ID_DIGITS characters for the request id; padded to 8 bytes
 *   table     count x (u64 offset of the field | u32 its size | u32 size of the answer | u64 XXH3-64 of the answer, 0 = any)
 *   fields    field 2 of each request: tag, length, text; an answer must contain the text
 */
#include "load.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { HEADER = 24, ROW = 24 };

static uint32_t word(const uint8_t* at) { uint32_t value; memcpy(&value, at, 4); return value; }
static uint64_t long_word(const uint8_t* at) { uint64_t value; memcpy(&value, at, 8); return value; }

void questions_open(Questions* questions, const char* path) {
    struct stat found;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &found) || found.st_size < HEADER) give_up("no questions in %s", path);
    const uint8_t* bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED || memcmp(bytes, "RONDAQ1", 8)) give_up("%s holds no questions", path);
    *questions = (Questions){bytes, word(bytes + 8), word(bytes + 12), word(bytes + 16), bytes + HEADER};
    if (!questions->count || questions->hole + ID_DIGITS > questions->context_size) give_up("%s is broken", path);
}

Question question_at(const Questions* questions, uint32_t place) {
    const uint8_t* row = questions->context + ((questions->context_size + 7) & ~7u) + (size_t)place * ROW;
    return (Question){questions->bytes + long_word(row), word(row + 8), word(row + 12), long_word(row + 16)};
}

size_t question_request(const Questions* questions, uint32_t place, uint64_t id, uint8_t* to) {
    static const char digits[] = "0123456789abcdef";
    Question question = question_at(questions, place);
    if (questions->context_size + question.size > REQUEST_ROOM) give_up("a request of over %d bytes", REQUEST_ROOM);
    memcpy(to, questions->context, questions->context_size);
    for (int digit = 0; digit < ID_DIGITS; digit++) to[questions->hole + digit] = digits[id >> (60 - 4 * digit) & 15];
    memcpy(to + questions->context_size, question.field, question.size);
    return questions->context_size + question.size;
}
