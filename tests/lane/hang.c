/* Preloaded into a server, it lets one thread of one process stop for good: the express lane's, in its epoll_wait.
 *
 * HANG names a file of eight bytes: while they hold a worker's process id, that worker's lane waits and does not return.
 */
#define _GNU_SOURCE /* RTLD_NEXT, dladdr */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *hangs;
static int (*waits)(int, struct epoll_event *, int, int);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("HANG");
    int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = file >= 0 ? mmap(NULL, sizeof *hangs, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    if (file >= 0) close(file);
    hangs = at != MAP_FAILED ? at : NULL;
    waits = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
}

static int is_the_lane(const void *caller) {
    Dl_info from;
    return dladdr(caller, &from) != 0 && from.dli_fname != NULL && strstr(from.dli_fname, "/lane/express.") != NULL;
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int wait_ms) {
    if (hangs != NULL && is_the_lane(__builtin_return_address(0)))
        while (*hangs == getpid()) nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return waits(epoll, events, most, wait_ms);
}
