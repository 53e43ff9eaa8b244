/* What all test suites share. */
#ifndef SNN_TESTS_SUPPORT_H
#define SNN_TESTS_SUPPORT_H

#include <check.h>
#include <snn/snn.h>
#include <stdbool.h>
#include <stddef.h>

/* A call must succeed; shows the message if it does not. */
#define OK(call)                                                                                   \
    do {                                                                                           \
        snn_status rc_ = (call);                                                                   \
        ck_assert_msg(rc_ == SNN_OK, "%s: %s: %s", #call, snn_status_name(rc_), snn_last_error()); \
    } while (0)

/* A call must fail with `code`, and the message must contain `part`. */
#define FAILS(call, code, part)                                                                         \
    do {                                                                                                \
        snn_status rc_ = (call);                                                                        \
        ck_assert_msg(rc_ == (code), "%s gave %s (%s)", #call, snn_status_name(rc_), snn_last_error()); \
        ck_assert_msg(strstr(snn_last_error(), part) != NULL, "%s: message \"%s\" lacks \"%s\"", #call, \
                      snn_last_error(), part);                                                          \
    } while (0)

/* A batch of the host, for the time of a call: x of so many frames, labels or NULL, and n samples. */
#define BATCH_OF(x_, frames_, labels_, n_) \
    (&(const snn_batch){                   \
        .struct_size = sizeof(snn_batch), .samples = n_, .frames = frames_, .x = x_, .labels = labels_ })

/* Runs a suite; the value for main() to return. */
int run_suite(Suite *suite);

/* An allocator that counts and can be told to fail. */
struct counting {
    size_t calls, live, live_bytes; /* allocations made; not yet given back */
    size_t fail_at;                 /* number of the call (from 1) that fails; 0: none */
};
void counting_options(struct counting *c, snn_context_options *options);

/* A context with `threads` threads, a seed and an instruction-set cap. */
snn_context *test_context(uint32_t threads, uint64_t seed, const char *isa);
/* Bytes that a context holds now: for leaks. */
uint64_t test_context_bytes(const snn_context *ctx);

/* What a trainer is and how far it is. */
snn_trainer_info about(const snn_trainer *trainer);

/* How many names of a kind the library lists. */
size_t count_names(snn_name_kind kind);

/* Deterministic pseudo-random numbers in [lo, hi). */
void random_fill(float *out, size_t n, float lo, float hi, unsigned seed);

/* Reads one frame of a sample of a data set with labels. */
snn_status read_labelled(const snn_dataset *dataset, size_t index, size_t frame, float *x, uint32_t *label);

/* Numbers that are neither 0 nor normal. */
size_t count_denormals(const float *x, size_t n);

/* Runs a function with the floating-point settings that the library computes with. */
void as_the_library(void (*fn)(void *arg), void *arg);

/* Path below the directory of the data sets (environment SNN_DATA), or NULL with a message on stderr if it is
 * absent. */
const char *data_path(const char *name);

/* Writes a whole file, returns success. */
bool write_file(const char *path, const void *bytes, size_t size);

/* Products go different ways; a vendor's BLAS has but one. */
#ifdef SNN_ONLY_BLAS
#define HAS_WAYS 0
#else
#define HAS_WAYS 1
#endif

#endif
