/* A seccomp filter of the loop's thread: it parses what strangers send, and opens, starts and connects nothing. What the
 * list lacks fails with EPERM (an open of a file, say) and kills nobody; what could only be an attack ends the process. */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ON(call, what) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), RETURN(what)
#define ALLOW(call) ON(call, SECCOMP_RET_ALLOW)
/* If its second argument is this one (its lower half: the system takes no more of it). */
#define ALLOW_ONLY(call, second) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[1]), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (second), 0, 1), RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_ERRNO | EPERM)
#define KILL(call) ON(call, SECCOMP_RET_KILL_PROCESS)

#ifdef ARCHITECTURE
static struct sock_filter PROGRAM[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
#ifdef __x86_64__
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), /* x32 */
    RETURN(SECCOMP_RET_KILL_PROCESS),
    ALLOW(__NR_epoll_wait),
#endif
    /* sockets and the loop */
    ALLOW(__NR_recvfrom), ALLOW(__NR_sendto), ALLOW(__NR_epoll_pwait), ALLOW(__NR_epoll_ctl), ALLOW(__NR_accept4),
    ALLOW_ONLY(__NR_ioctl, TIOCOUTQ), ALLOW(__NR_close), ALLOW(__NR_shutdown), ALLOW(__NR_read), ALLOW(__NR_write), ALLOW(__NR_setsockopt),
    /* the audit log's append, in a segment that stands open */
    ALLOW(__NR_pwrite64), ALLOW(__NR_writev), ALLOW(__NR_pwritev), ALLOW(__NR_fdatasync), ALLOW(__NR_fsync),
    ALLOW(__NR_fallocate), ALLOW(__NR_fstat), ALLOW(__NR_newfstatat), ALLOW(__NR_fstatfs), ALLOW(__NR_lseek),
    ALLOW(__NR_ftruncate), ALLOW(__NR_flock), ALLOW(__NR_fcntl), ALLOW(__NR_msync),
    /* memory, threads' own, time, chance */
    ALLOW(__NR_mmap), ALLOW(__NR_munmap), ALLOW(__NR_mremap), ALLOW(__NR_mprotect), ALLOW(__NR_madvise), ALLOW(__NR_brk),
    ALLOW(__NR_futex), ALLOW(__NR_sched_yield), ALLOW(__NR_rt_sigprocmask), ALLOW(__NR_rt_sigreturn), ALLOW(__NR_gettid),
    ALLOW(__NR_getpid), ALLOW(__NR_getrandom), ALLOW(__NR_clock_gettime), ALLOW(__NR_clock_nanosleep),
    ALLOW(__NR_gettimeofday), ALLOW(__NR_nanosleep), ALLOW(__NR_membarrier), ALLOW(__NR_set_robust_list),
    ALLOW(__NR_exit), ALLOW(__NR_exit_group), ALLOW(__NR_tgkill), ALLOW(__NR_restart_syscall), ALLOW(__NR_getcpu),
    ALLOW(__NR_sched_getaffinity), ALLOW(__NR_prctl),
#ifdef __NR_rseq
    ALLOW(__NR_rseq),
#endif
#ifdef __NR_epoll_pwait2
    ALLOW(__NR_epoll_pwait2),
#endif
    KILL(__NR_execve), KILL(__NR_execveat), KILL(__NR_ptrace), KILL(__NR_process_vm_readv), KILL(__NR_process_vm_writev),
    KILL(__NR_bpf), KILL(__NR_kexec_load), KILL(__NR_init_module), KILL(__NR_finit_module), KILL(__NR_mount),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
};
#endif

int filter_this_thread(void) {
#ifdef ARCHITECTURE
    struct sock_fprog program = {sizeof PROGRAM / sizeof PROGRAM[0], PROGRAM};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -1;
#else
    errno = ENOSYS;
    return -1;
#endif
}

static void *try_it(void *unused) {
    (void)unused;
    return (void *)(intptr_t)(filter_this_thread() == 0 ? 0 : errno);
}

int filter_refused(void) {
    pthread_t thread;
    void *number = NULL;
    int failed = pthread_create(&thread, NULL, try_it, NULL);
    if (failed == 0) failed = pthread_join(thread, &number);
    return failed != 0 ? failed : (int)(intptr_t)number;
}
