/* A lane whose answers need no engine: for load by h2load, for sanitizers, for clients that misbehave.
 *
 * Arguments are name=value: port, bytes (of an answer), spin_us (what the engine would take), certificate, key, roots
 * (files: TLS), any (1 = every address of the machine), secret (of the tickets, any text), and the numbers of LaneSettings by name. It prints its port, serves until SIGTERM (drained with patience_ms),
 * then prints its counters as JSON. SIGUSR1 turns health over; SIGUSR2 prints the counters; SIGHUP reads the three files
 * again.
 *
 * What a request begins with says what happens: "park" (another thread ends it at once), "retry" (asked again), "lost"
 * (parked for ever), "fail" (NOT_FOUND with text, details and a trailer), "size<n>;" (an answer of n bytes); else `bytes` bytes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../core/lane/lane.h"

enum { TASKS = 4096, PEM = 1 << 16 };

static struct {
    Lane *lane;
    LaneSettings settings;
    long port, any, bytes, spin_us, patience_ms;
    const char *certificate, *key, *roots;
    uint8_t secret[LANE_TICKET_SECRET];
    int serving, done;
    uint64_t cancelled, gone, reloads;
    pthread_mutex_t mutex;
    pthread_cond_t some;
    struct {
        uint64_t ticket;
        int retry;
    } tasks[TASKS];
    size_t first, count;
} stub = {.bytes = 1800, .patience_ms = 2000, .serving = 1, .mutex = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER};

static void spin(long us) {
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000 + (now.tv_nsec - begun.tv_nsec) / 1000 < us);
}

static int hand_over(uint64_t ticket, int retry) {
    pthread_mutex_lock(&stub.mutex);
    int full = stub.count == TASKS;
    if (!full) {
        size_t at = (stub.first + stub.count++) % TASKS;
        stub.tasks[at].ticket = ticket;
        stub.tasks[at].retry = retry;
    }
    pthread_cond_signal(&stub.some);
    pthread_mutex_unlock(&stub.mutex);
    return full ? LANE_REPLIED : LANE_PARKED;
}

static void *end_parked(void *unused) {
    (void)unused;
    static uint8_t message[] = "parked";
    LaneReply reply = {.message = message, .message_size = sizeof message - 1};
    for (;;) {
        pthread_mutex_lock(&stub.mutex);
        while (stub.count == 0) pthread_cond_wait(&stub.some, &stub.mutex);
        uint64_t ticket = stub.tasks[stub.first].ticket;
        int retry = stub.tasks[stub.first].retry;
        stub.first = (stub.first + 1) % TASKS;
        stub.count--;
        if (retry) lane_retry(stub.lane, ticket);
        else lane_finish(stub.lane, ticket, &reply);
        pthread_mutex_unlock(&stub.mutex);
    }
    return NULL;
}

static int fail(LaneReply *reply, int status, const char *text) {
    reply->grpc_status = status;
    reply->text = text;
    reply->text_size = strlen(text);
    return LANE_REPLIED;
}

static int begins(const LaneCall *call, const char *word) {
    return call->request_size >= strlen(word) && memcmp(call->request, word, strlen(word)) == 0;
}

static int give(LaneReply *reply, size_t size) {
    if (lane_reply_room(reply, size) != 0) return fail(reply, 8, "no memory");
    memset(reply->message, 'x', size);
    reply->message_size = size;
    return LANE_REPLIED;
}

static int refused(const LaneCall *call, LaneReply *reply) {
    static const int STATUS[] = {0, 12, 8, 8, 4, 8, 4};
    static const char *const TEXT[] = {"", "no such method", "message too large", "metadata too large", "deadline", "memory", "late"};
    return fail(reply, STATUS[call->refusal], TEXT[call->refusal]);
}

static int answer(void *context, const LaneCall *call, LaneReply *reply) {
    (void)context;
    static const uint8_t DETAILS[] = {8, 5, 18, 4, 't', 'e', 'x', 't'};
    if (call->refusal != LANE_ASKED) return refused(call, reply);
    if (call->method == LANE_HEALTH_CHECK || call->method == LANE_HEALTH_WATCH) {
        if (lane_reply_room(reply, 2) != 0) return fail(reply, 8, "no memory");
        memcpy(reply->message, (uint8_t[]){8, (uint8_t)(__atomic_load_n(&stub.serving, __ATOMIC_RELAXED) ? 1 : 2)}, 2);
        reply->message_size = 2;
        return LANE_REPLIED;
    }
    if (begins(call, "park")) return hand_over(call->ticket, 0);
    if (begins(call, "retry") && call->attempt == 0) return hand_over(call->ticket, 1);
    if (begins(call, "lost")) return LANE_PARKED;
    if (begins(call, "fail")) {
        reply->details = DETAILS;
        reply->details_size = sizeof DETAILS;
        reply->trailers[0] = (LaneTrailer){"ronda-reason", 12, "TEST", 4};
        reply->trailer_count = 1;
        return fail(reply, 5, "no está, 100 %");
    }
    if (begins(call, "size")) {
        size_t size = 0;
        for (size_t at = 4; at < call->request_size && call->request[at] >= '0' && call->request[at] <= '9' && size < 1 << 24; at++)
            size = size * 10 + (size_t)(call->request[at] - '0');
        return give(reply, size);
    }
    if (stub.spin_us > 0) spin(stub.spin_us);
    return give(reply, (size_t)stub.bytes);
}

static void cancelled(void *context, uint64_t ticket, int why) {
    (void)context, (void)ticket, (void)why;
    stub.cancelled++;
}

static void gone(void *context, LanePeer *peer, int why) {
    (void)context, (void)peer, (void)why;
    stub.gone++;
}

static char *text_of(const char *path) {
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (file == NULL) return NULL;
    char *text = calloc(1, PEM);
    if (text != NULL) text[fread(text, 1, PEM - 1, file)] = 0;
    fclose(file);
    return text;
}

static int listen_on(long port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(stub.any ? INADDR_ANY : INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    stub.port = ntohs(address.sin_port);
    return fd;
}

static int take_argument(const char *argument) {
    const char *value = strchr(argument, '=');
    if (value == NULL) return -1;
    size_t size = (size_t)(value++ - argument);
    long number = strtol(value, NULL, 10);
    LaneSettings *s = &stub.settings;
#define IS(name) (size == sizeof(name) - 1 && memcmp(argument, name, size) == 0)
#define NUMBER(field) else if (IS(#field)) s->field = (__typeof__(s->field))number
    if (IS("port")) stub.port = number;
    else if (IS("any")) stub.any = number;
    else if (IS("bytes")) stub.bytes = number;
    else if (IS("spin_us")) stub.spin_us = number;
    else if (IS("patience_ms")) stub.patience_ms = number;
    else if (IS("certificate")) stub.certificate = value;
    else if (IS("key")) stub.key = value;
    else if (IS("roots")) stub.roots = value;
    else if (IS("secret")) s->ticket_secret = memcpy(stub.secret, value, strnlen(value, sizeof stub.secret));
    NUMBER(max_connections);
    NUMBER(max_connections_per_device);
    NUMBER(max_streams);
    NUMBER(max_handshakes);
    NUMBER(max_handshakes_per_address);
    NUMBER(connection_budget);
    NUMBER(total_budget);
    NUMBER(max_request);
    NUMBER(max_metadata);
    NUMBER(idle_ms);
    NUMBER(handshake_ms);
    NUMBER(stall_ms);
    NUMBER(default_deadline_ms);
    NUMBER(age_ms);
    NUMBER(poll_us);
    NUMBER(filter);
    else return -1;
    return 0;
}

static void reload(void) {
    char why[256], *certificate = text_of(stub.certificate), *key = text_of(stub.key), *roots = text_of(stub.roots);
    if (lane_reload(stub.lane, certificate, key, roots, why, sizeof why) != 0) fprintf(stderr, "reload: %s\n", why);
    stub.reloads++;
    free(certificate);
    free(key);
    free(roots);
}

static void print_counters(void) {
    printf("{\"cancelled\": %llu, \"gone\": %llu, \"reloads\": %llu", (unsigned long long)stub.cancelled,
           (unsigned long long)stub.gone, (unsigned long long)stub.reloads);
    for (int i = 0; i < LANE_COUNTER_COUNT; i++)
        printf(", \"%s\": %llu", lane_counter_name(i), (unsigned long long)lane_count(lane_counters(stub.lane), (LaneCounter)i));
    printf("}\n");
    fflush(stdout);
}

static void *await_signals(void *set) {
    for (int number; sigwait(set, &number) == 0;) {
        if (__atomic_load_n(&stub.done, __ATOMIC_ACQUIRE)) break;
        if (number == SIGUSR1) {
            __atomic_store_n(&stub.serving, !stub.serving, __ATOMIC_RELAXED);
            lane_health_changed(stub.lane);
        } else if (number == SIGUSR2) print_counters();
        else if (number == SIGHUP) reload();
        else lane_drain(stub.lane, (int)stub.patience_ms);
    }
    return NULL;
}

int main(int count, char **arguments) {
    static sigset_t signals;
    LaneCallbacks callbacks = {.answer = answer, .gone = gone, .cancelled = cancelled};
    char why[256];
    for (int i = 1; i < count; i++)
        if (take_argument(arguments[i]) != 0) return fprintf(stderr, "stub: %s?\n", arguments[i]), 2;
    stub.settings.certificate_pem = text_of(stub.certificate);
    stub.settings.key_pem = text_of(stub.key);
    stub.settings.roots_pem = text_of(stub.roots);
    stub.settings.tls = stub.certificate != NULL;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGUSR2);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    stub.settings.listener = listen_on(stub.port);
    if (stub.settings.listener < 0) return perror("stub: listen"), 1;
    stub.lane = lane_new(&stub.settings, &callbacks, why, sizeof why);
    if (stub.lane == NULL) return fprintf(stderr, "stub: %s\n", why), 1;
    printf("%ld\n", stub.port);
    fflush(stdout);
    pthread_t finisher, signal_thread;
    pthread_create(&finisher, NULL, end_parked, NULL);
    pthread_create(&signal_thread, NULL, await_signals, &signals);
    int failed = lane_run(stub.lane);
    print_counters();
    __atomic_store_n(&stub.done, 1, __ATOMIC_RELEASE);
    pthread_kill(signal_thread, SIGTERM);
    pthread_join(signal_thread, NULL);
    pthread_mutex_lock(&stub.mutex); /* the other thread touches no lane any more */
    lane_free(stub.lane);
    return failed ? 1 : 0;
}
