/* bench.c - what the benches share. */
#include "bench.h"
#include <stdio.h>
#include <string.h>

void bench_machine(char *out, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];

    snprintf(out, size, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(out, size, "%s", colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

uint64_t bench_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void bench_random_batch(float *x, size_t values, uint32_t *labels, size_t samples, size_t classes)
{
    uint64_t state = 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < values + samples; i++) {
        uint64_t drawn = bench_random(&state);

        if (i < values)
            x[i] = (float)(((double)(drawn >> 40) / 16777216.0 - 0.5) * 3.4641016);
        else
            labels[i - values] = (uint32_t)((drawn >> 33) % classes);
    }
}

int bench_ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *figure, size_t n)
{
    qsort(figure, n, sizeof *figure, bench_ascending);
    return n % 2 ? figure[n / 2] : (figure[n / 2 - 1] + figure[n / 2]) / 2;
}
