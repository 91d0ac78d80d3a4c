/* Latencies as HdrHistogram counts them: 128 buckets for each doubling. */
#include "load.h"

static unsigned bucket(uint64_t value) {
    if (value < 128) return (unsigned)value;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    return (exponent - 6) * 128 + ((value >> (exponent - 7)) & 127);
}

static double middle(unsigned place) {
    if (place < 128) return place;
    double width = (double)(1ull << (place / 128 - 1));
    return (128 + place % 128 + 0.5) * width;
}

void histogram_add(Histogram* histogram, uint64_t nanoseconds) {
    histogram->counts[bucket(nanoseconds)]++;
    histogram->total++;
    histogram->sum += (double)nanoseconds;
    if (nanoseconds > histogram->longest) histogram->longest = nanoseconds;
}

double histogram_us(const Histogram* histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total), seen = 0;
    for (unsigned place = 0; place < sizeof histogram->counts / sizeof *histogram->counts; place++) {
        seen += histogram->counts[place];
        if (seen > wanted && middle(place) < (double)histogram->longest) return middle(place) / 1000;
    }
    return (double)histogram->longest / 1000;       /* the middle of its bucket may lie above it */
}
