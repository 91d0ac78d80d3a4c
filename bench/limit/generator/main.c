/* ronda-limit: load on a gRPC, Redis or PostgreSQL server, each answer checked (bench/limit/generator.py drives it).
 *
 * On standard output a line "begin" when the measured window begins and "end" when it ends, so that whoever reads
 * can look at the server's CPU at those moments; then one JSON object. SIGTERM ends the window early, so do --calls. Exit status 2:
 * it could not run, with a sentence on standard error.
 */
#include "load.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define SECOND 1000000000ll

Load load;
static volatile sig_atomic_t told_to_end;

int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

_Noreturn void give_up(const char* format, ...) {
    va_list values;
    va_start(values, format);
    fputs("ronda-limit: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

static void end_early(int signal) { (void)signal; told_to_end = 1; }

static const struct option given[] = {
    {"address", required_argument, NULL, 'a'},    {"path", required_argument, NULL, 'p'},
    {"questions", required_argument, NULL, 'q'},  {"identity", required_argument, NULL, 'i'},
    {"identities", required_argument, NULL, 'n'}, {"ca", required_argument, NULL, 'c'},
    {"server-name", required_argument, NULL, 'h'},{"connections", required_argument, NULL, 'N'},
    {"streams", required_argument, NULL, 'M'},    {"seconds", required_argument, NULL, 's'},
    {"warm-up", required_argument, NULL, 'w'},    {"rate", required_argument, NULL, 'r'},
    {"retries", required_argument, NULL, 't'},    {"seed", required_argument, NULL, 'e'},
    {"protocol", required_argument, NULL, 'P'},   {"digest", no_argument, NULL, 'd'},
    {"calls", required_argument, NULL, 'C'},
    {0},
};

static const Protocol* protocol_named(const char* name) {
    if (!strcmp(name, "grpc")) return &grpc_protocol;
    if (!strcmp(name, "redis")) return &redis_protocol;
    if (!strcmp(name, "postgres")) return &postgres_protocol;
    give_up("a protocol is grpc, redis or postgres");
}

static void read_options(int count, char** words) {
    Options* options = &load.options;
    *options = (Options){.path = "/ronda.v1.CheckService/CheckPerson", .server_name = "localhost", .connections = 1,
                         .streams = 1, .identities = 1, .seconds = 5, .warm_up = 1, .seed = 1, .protocol = &grpc_protocol};
    for (int found; (found = getopt_long(count, words, "", given, NULL)) != -1;) switch (found) {
        case 'a': options->address = optarg; break;
        case 'p': options->path = optarg; break;
        case 'q': options->questions = optarg; break;
        case 'i': options->identity = optarg; break;
        case 'n': options->identities = atoi(optarg); break;
        case 'c': options->ca = optarg; break;
        case 'h': options->server_name = optarg; break;
        case 'N': options->connections = atoi(optarg); break;
        case 'M': options->streams = atoi(optarg); break;
        case 's': options->seconds = atof(optarg); break;
        case 'w': options->warm_up = atof(optarg); break;
        case 'r': options->rate = atof(optarg); break;
        case 't': options->retries = atoi(optarg); break;
        case 'e': options->seed = strtoull(optarg, NULL, 10); break;
        case 'P': options->protocol = protocol_named(optarg); break;
        case 'd': options->digest = true; break;
        case 'C': options->calls = strtoull(optarg, NULL, 10); break;
        default: exit(2);
    }
    if (!options->address || !options->questions) give_up("needs --address and --questions");
    if (options->connections < 1 || options->streams < 1 || options->identities < 1 || options->seconds <= 0)
        give_up("connections, streams, identities and seconds are above 0");
}

static void run_delay(uint64_t* on_cpu, uint64_t* waiting) {    /* ns, of this process's one thread */
    unsigned long long ran = 0, waited = 0;
    FILE* file = fopen("/proc/self/schedstat", "r");
    if (file) {
        if (fscanf(file, "%llu %llu", &ran, &waited) != 2) ran = waited = 0;
        fclose(file);
    }
    *on_cpu = ran;
    *waiting = waited;
}

/* The window ends before its time: by a signal, or after so many calls as were wanted. */
static bool ends_early(void) {
    const Counts* counts = &load.counts;
    return told_to_end || (load.options.calls && counts->calls + counts->failed + counts->wrong >= load.options.calls);
}

static void say(const char* event) { puts(event); fflush(stdout); }

static void connect_due(int64_t now) {
    for (int number = 0; number < load.options.connections; number++)
        if (!load.places[number].connection && load.places[number].connect_at_ns <= now) connection_start(&load.places[number]);
}

/* What epoll may wait: until the next border of the window; open loop: not at all, for a core is ours and calls are due. */
static int patience_ms(int64_t now, int64_t border, bool places_wait) {
    if (load.options.rate > 0) return 0;
    if (places_wait) return 1;
    int64_t left = (border - now) / 1000000;
    return left < 0 ? 0 : left > 100 ? 100 : (int)left + 1;
}

static void turn(int64_t now, int64_t border) {
    struct epoll_event events[64];
    bool places_wait = false;
    connect_due(now);
    for (int number = 0; number < load.options.connections; number++) places_wait |= !load.places[number].connection;
    if (load.options.rate > 0) calls_begin_due();
    connections_flush();
    int count = epoll_wait(load.epoll, events, 64, patience_ms(now, border, places_wait));
    if (count < 0 && errno != EINTR) give_up("epoll: %s", strerror(errno));
    for (int place = 0; place < count; place++) {
        connection_event(events[place].data.ptr, events[place].events);
        if (load.options.rate > 0) { /* what is due leaves before the answers of the next connection are looked at */
            calls_begin_due();
            connections_flush();
        }
    }
    connections_flush();
    connections_bury();
}

static void report(double seconds, uint64_t on_cpu, uint64_t waited) {
    const Counts* counts = &load.counts;
    const Histogram* of = &load.histogram;
    printf("{\"calls\": %llu, \"seconds\": %.6f, \"failed\": %llu, \"wrong\": %llu, \"retried\": %llu, \"refused\": %llu, "
           "\"lost_connections\": %llu, \"goaways\": %llu, \"handshakes\": %llu, \"answer_bytes\": %.1f, ",
           (unsigned long long)counts->calls, seconds, (unsigned long long)counts->failed, (unsigned long long)counts->wrong,
           (unsigned long long)counts->retried, (unsigned long long)counts->refused,
           (unsigned long long)counts->lost_connections, (unsigned long long)counts->goaways,
           (unsigned long long)counts->handshakes, counts->calls ? (double)counts->answer_bytes / (double)counts->calls : 0.0);
    printf("\"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f, \"mean_us\": %.2f, ",
           histogram_us(of, 0.5), histogram_us(of, 0.9), histogram_us(of, 0.99), histogram_us(of, 0.999),
           (double)of->longest / 1000, of->total ? of->sum / (double)of->total / 1000 : 0.0);
    printf("\"generator_cpu_s\": %.6f, \"generator_waited_s\": %.6f, \"by_status\": {", (double)on_cpu / SECOND,
           (double)waited / SECOND);
    const char* comma = "";
    for (int status = 0; status < 20; status++) if (counts->by_status[status]) {
        printf("%s\"%d\": %llu", comma, status, (unsigned long long)counts->by_status[status]);
        comma = ", ";
    }
    printf("}, \"said\": \"");
    for (const char* at = counts->said; *at; at++) putchar(*at == '"' || *at == '\\' || *at < ' ' ? '?' : *at);
    puts("\"}");
}

int main(int count, char** words) {
    uint64_t cpu[2], waited[2];
    read_options(count, words);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, end_early);
    signal(SIGINT, end_early);
    questions_open(&load.questions, load.options.questions);
    secrets_load();
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.random = load.options.seed * 0x9E3779B97F4A7C15ull + 1;
    /* Ids of one run follow each other; two runs never share one. */
    load.next_id = ((uint64_t)time(NULL) & 0xffffff) << 40 | (load.options.seed & 0xff) << 32;
    load.places = calloc((size_t)load.options.connections, sizeof *load.places);
    for (int number = 0; number < load.options.connections; number++) load.places[number].number = number;
    load.begun_ns = now_ns();
    load.due_ns = (double)load.begun_ns;
    load.measured_from_ns = load.begun_ns + (int64_t)(load.options.warm_up * SECOND);
    load.measured_until_ns = load.measured_from_ns + (int64_t)(load.options.seconds * SECOND);
    int64_t now;
    while ((now = now_ns()) < load.measured_from_ns && !told_to_end) turn(now, load.measured_from_ns);
    if (!load.counts.handshakes && load.contexts) give_up("no connection to %s: %s", load.options.address, load.counts.said);
    say("begin");
    run_delay(&cpu[0], &waited[0]);
    load.measured_from_ns = now_ns();
    if (load.options.rate <= 0) load.measured_until_ns = load.measured_from_ns + (int64_t)(load.options.seconds * SECOND);
    while ((now = now_ns()) < load.measured_until_ns && !ends_early()) turn(now, load.measured_until_ns);
    if (ends_early()) load.measured_until_ns = now;
    double seconds = (double)(now_ns() - load.measured_from_ns) / SECOND;
    run_delay(&cpu[1], &waited[1]);
    say("end");
    load.over = true;
    int64_t last = now_ns() + 5 * SECOND;
    while ((now = now_ns()) < last && (calls_open() || (load.options.rate > 0 && load.due_ns < (double)load.measured_until_ns)))
        turn(now, now + SECOND / 100);
    /* What was due and has no answer five seconds after the window: under way, or never begun. */
    uint64_t late = (uint64_t)calls_open();
    if (load.options.rate > 0 && load.due_ns < (double)load.measured_until_ns)
        late += 1 + (uint64_t)(((double)load.measured_until_ns - load.due_ns) / SECOND * load.options.rate);
    load.counts.failed += late;
    load.counts.by_status[FAILED_LATE] += late;
    report(seconds, cpu[1] - cpu[0], waited[1] - waited[0]);
    return 0;
}
