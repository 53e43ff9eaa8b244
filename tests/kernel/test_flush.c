/* Plain C as it is built for machines that cannot take denormal numbers for zero, against plain C on this machine,
 * which does where it can: what decays in silence ends in the same zeros, step by step. */
#define SNN__FLUSHES_ITSELF
#define snn__kernels_ref flushing
#include "kernel/ref.c"
#undef snn__kernels_ref
#include "naive.h"
#include "support.h"

enum { NEURONS = 70, LONG = 1500 };

/* One kernel, again and again on arrays of which some decay. */
struct run {
    const struct snn__kernels *k;
    int kind;
    bool first;
    float x[6][NEURONS];
};

static const float silence[NEURONS];

static void population_once(struct run *r)
{
    const struct snn__population p = { .n = NEURONS,
                                       .decay = 0.93f,
                                       .threshold = 100,
                                       .fire_at = 1,
                                       .current_decay = 0.91f,
                                       .adapt_decay = 0.95f,
                                       .adapt_strength = 0.1f,
                                       .alpha = 1,
                                       .reset = (enum snn__reset)(r->kind % 4),
                                       .scaled = r->kind / 4 % 2,
                                       .current = r->kind / 8 == 1,
                                       .adapt = r->kind / 8 == 2 };
    const struct snn__population_step a = { .p = &p,
                                            .first = false,
                                            .current = silence,
                                            .current_scale = 1,
                                            .u_prev = r->x[0],
                                            .u = r->x[0],
                                            .b_prev = r->x[1],
                                            .b = r->x[1],
                                            .i = r->x[2],
                                            .out = r->x[3],
                                            .trace = r->x[4] };

    r->k->population_step(&a, 0, NEURONS);
}

static void back_once(struct run *r)
{
    static float u[NEURONS];
    const struct snn__population p = { .n = NEURONS,
                                       .decay = 0.93f,
                                       .threshold = 100,
                                       .fire_at = 1,
                                       .current_decay = 0.91f,
                                       .adapt_decay = 0.95f,
                                       .adapt_strength = 0,
                                       .alpha = 1,
                                       .current = r->kind,
                                       .adapt = r->kind };
    const struct snn__population_back a = { .p = &p,
                                            .scale = 1,
                                            .u = u,
                                            .b = silence,
                                            .u_prev = u,
                                            .b_prev = silence,
                                            .du = r->x[0],
                                            .db = r->x[1],
                                            .di = r->x[2],
                                            .d = r->x[3],
                                            .detach = true };

    r->k->population_back(&a, 0, NEURONS);
}

static void rate_once(struct run *r)
{
    r->k->rate_step(&(struct snn__rate_step){ .current = silence,
                                              .u_prev = r->x[0],
                                              .u = r->x[0],
                                              .out = r->x[1],
                                              .decay = 0.93f,
                                              .gain = 1,
                                              .fire = 100,
                                              .drop = 100 },
                    0, NEURONS);
}

static void couple_once(struct run *r)
{
    r->k->couple_step(&(struct snn__couple_step){ .e = silence,
                                                  .gate = silence,
                                                  .u = r->x[0],
                                                  .sum = r->x[1],
                                                  .d = r->x[2],
                                                  .decay = 0.93f,
                                                  .scale = 1,
                                                  .threshold = 100,
                                                  .gap = 100,
                                                  .size = 1 },
                      0, NEURONS);
}

static void sgd_once(struct run *r)
{
    r->k->sgd(
        &(struct snn__sgd){ .w = r->x[0], .v = r->x[1], .g = silence, .lr = 0.1f, .momentum = 0.9f, .scale = 1 }, 0,
        NEURONS);
}

static void adam_once(struct run *r)
{
    r->k->adam(&(struct snn__adam){ .w = r->x[0],
                                    .m = r->x[1],
                                    .v = r->x[2],
                                    .g = silence,
                                    .lr = 0.1f,
                                    .beta1 = 0.9f,
                                    .beta2 = 0.9f,
                                    .eps = 1e-8f,
                                    .scale = 1,
                                    .correct1 = 1,
                                    .correct2 = 1 },
               0, NEURONS);
}

static void scale_once(struct run *r)
{
    r->k->scale(r->x[0], 0.9f, r->x[0], NEURONS);
}

static const struct {
    const char *name;
    void (*once)(struct run *r);
    int kinds;
    int sums; /* from this kind on what decays is the sum of two that do: one may lie below where the sum does not */
} cases[] = {
    { "population", population_once, 24, 8 },
    { "back", back_once, 2, 1 },
    { "rate", rate_once, 1, 1 },
    { "couple", couple_once, 1, 1 },
    { "sgd", sgd_once, 1, 1 },
    { "adam", adam_once, 1, 1 },
    { "scale", scale_once, 1, 1 },
};

struct job {
    void (*once)(struct run *r);
    struct run *r;
};

static void do_once(void *arg)
{
    const struct job *job = arg;

    job->once(job->r);
}

START_TEST(silence_ends_in_zeros)
{
    static struct run here, there;

    for (int kind = 0; kind < cases[_i].kinds; kind++) {
        here.kind = there.kind = kind;
        here.k = snn__kernels_at(0);
        there.k = flushing;
        for (size_t f = 0; f < 6; f++)
            random_fill(here.x[f], NEURONS, f < 2 ? 0.5f : 0.0f, 2, (unsigned)f + 1);
        memcpy(there.x, here.x, sizeof here.x);
        for (int step = 0; step < LONG; step++) {
            as_the_library(do_once, &(struct job){ cases[_i].once, &here });
            cases[_i].once(&there);
            HOLDS(count_denormals(there.x[0], 6 * NEURONS) == 0, "%s, kind %d, step %d: a denormal number",
                  cases[_i].name, kind, step);
            for (size_t f = 0; f < 6; f++)
                for (size_t e = 0; e < NEURONS; e++)
                    HOLDS(fabsf(here.x[f][e] - there.x[f][e]) <= (kind < cases[_i].sums ? 0 : 1e-36f),
                          "%s, kind %d, step %d: [%zu][%zu] is %g here, %g there", cases[_i].name, kind, step, f, e,
                          here.x[f][e], there.x[f][e]);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel: flushing");
    TCase *all = tcase_create("silence");

    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, silence_ends_in_zeros, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
