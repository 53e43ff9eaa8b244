/* context.c - the context of a target, whose memory is counted. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

static struct {
    size_t held, most, before;
    bool refuse;
} memory;

static void *take(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (size > memory.most - (memory.held < memory.most ? memory.held : memory.most)) {
        if (memory.refuse)
            return NULL;
        fuzz_finding("%zu bytes on top of %zu: out of proportion, at most %zu", size, memory.held, memory.most);
    }
    memory.held += size;
    return aligned_alloc(alignment, size);
}

static void give(void *user, void *pointer, size_t size)
{
    (void)user;
    memory.held -= size;
    free(pointer);
}

static snn_context *make_context(void)
{
    snn_context_options options;
    snn_context *context = NULL;

    memory.most = SIZE_MAX;
    FUZZ_HOLDS(snn_context_options_init(&options, sizeof options) == SNN_OK);
    options.threads = 1;
    options.seed = 1;
    options.isa = "ref"; /* the table that sanitizers see into */
    options.allocate = take;
    options.release = give;
    FUZZ_HOLDS(snn_context_create(&context, &options) == SNN_OK);
    return context;
}

snn_context *fuzz_context(size_t most, bool refuse)
{
    static snn_context *context;

    if (context == NULL)
        context = make_context();
    memory.before = memory.held;
    memory.most = memory.held + most;
    memory.refuse = refuse;
    return context;
}

void fuzz_refuse(size_t most)
{
    memory.most = memory.held + most;
    memory.refuse = true;
}

void fuzz_done(void)
{
    FUZZ_HOLDS(memory.held == memory.before);
}

bool fuzz_is_answer(snn_status status)
{
    if (status == SNN_OK)
        return true;
    return status != SNN_ERR_INTERNAL && strcmp(snn_status_name(status), "SNN_ERR_?") != 0 &&
           snn_last_error()[0] != '\0';
}
