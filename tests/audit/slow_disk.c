/* Stands before libc (LD_PRELOAD): while the file $SLOW_DISK/held is there, what speaks to the disk waits, and leaves a
   file of its name in $SLOW_DISK that says so. The functions with 64 in their names are what large files make of the others. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct statvfs;

static void wait_for_the_disk(const char *name) {
    char held[4096], waits[4096];
    const char *directory = getenv("SLOW_DISK");
    if (directory == NULL) return;
    snprintf(held, sizeof held, "%s/held", directory);
    if (access(held, F_OK) != 0) return;
    snprintf(waits, sizeof waits, "%s/%s", directory, name);
    FILE *told = fopen(waits, "w");
    if (told != NULL) fclose(told);
    while (access(held, F_OK) == 0) usleep(1000);
}

#define HELD(symbol, told, parameters, given)                          \
    int symbol parameters {                                            \
        int (*theirs) parameters = dlsym(RTLD_NEXT, #symbol);          \
        wait_for_the_disk(told);                                       \
        return theirs given;                                           \
    }

HELD(fdatasync, "fdatasync", (int descriptor), (descriptor))
HELD(fstatvfs, "fstatvfs", (int descriptor, struct statvfs *disk), (descriptor, disk))
HELD(fstatvfs64, "fstatvfs", (int descriptor, struct statvfs *disk), (descriptor, disk))
HELD(posix_fallocate, "posix_fallocate", (int descriptor, long offset, long size), (descriptor, offset, size))
HELD(posix_fallocate64, "posix_fallocate", (int descriptor, long offset, long size), (descriptor, offset, size))
