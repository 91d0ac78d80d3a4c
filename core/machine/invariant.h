/* Invariants: what must hold whatever the input is. A broken one is a defect of this program, and an answer that follows
 * it may be wrong: the process ends at once, by name, and the supervisor starts another (server/processes/supervisor.py).
 *
 * Input that is wrong (a request, a file, a frame) is never an invariant: it is refused, or is data loss.
 */
#ifndef RONDA_INVARIANT_H
#define RONDA_INVARIANT_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Written without stdio and without memory, and ended without a system call: the lane's thread is filtered. */
__attribute__((noreturn, cold, unused)) static void invariant_broken(const char *name) {
    static const char before[] = "ronda: invariant broken: ";
    struct iovec parts[3] = {
        {.iov_base = (void *)(uintptr_t)before, .iov_len = sizeof before - 1},
        {.iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name)},
        {.iov_base = (void *)(uintptr_t)"\n", .iov_len = 1},
    };
    ssize_t written = writev(STDERR_FILENO, parts, 3);
    (void)written;
    __builtin_trap();
}

/* Cheap ones, always evaluated. name: a text constant without data of anybody. */
#define INVARIANT(holds, name)                                     \
    do {                                                           \
        if (__builtin_expect(!(holds), 0)) invariant_broken(name); \
    } while (0)

/* Dear ones (a walk over a list), evaluated with RONDA_VERIFY=1 only: in tests, fuzzing and soaks. Read once a file. */
__attribute__((unused)) static int invariant_verifies(void) {
    static int verifies = -1;
    if (verifies < 0) {
        const char *wanted = getenv("RONDA_VERIFY");
        verifies = wanted != NULL && wanted[0] == '1';
    }
    return verifies;
}
#define INVARIANT_VERIFIED(holds, name)                    \
    do {                                                   \
        if (invariant_verifies()) INVARIANT((holds), name); \
    } while (0)

/* The layout of what lies on disk or in shared memory, held while compiling. */
#define LAYOUT(holds) static_assert((holds), "the layout of a struct on disk has changed")
/* The same of a field's place, as Cython writes it: no constant expression, yet compilers leave nothing of one that holds. */
#define LAYOUT_PLACE(holds) INVARIANT((holds), "the layout of a struct on disk has changed")

#endif
