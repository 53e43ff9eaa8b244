/* bench_tune.c - snn bench kernels --tune: a product table (docs/context.md) of what is fastest here, as a context
 * that measures would fill it in. */
#include "bench.h"
#include "outputs.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

struct tuning {
    const struct bench_kernels *b;
    FILE *out;
};

/* A class that has a row keeps it. */
static int tune(struct tuning *t, const char *kind, const snn_product_shape *s, const char *text)
{
    char row[SNN_PRODUCT_ROW];
    const snn_status rc = snn_product_tune(t->b->context, kind, s, row, sizeof row);

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (row[0] == '\0')
        return DONE;
    fprintf(t->out, "# %s %s\n%s", text, kind, row);
    printf("%-24s %s", text, strchr(row, '\n') + 1);
    fflush(stdout);
    return DONE;
}

/* Forward, adjoint and gradient of one layer. The adjoint of a linear layer is the product of the layer turned. */
static int tune_layer(struct tuning *t, const snn_product_shape *s, const char *text)
{
    const bool linear = s->side == 1 && s->kernel == 1;
    snn_product_shape back = *s;
    int status = tune(t, "spikes", s, text);

    if (linear) {
        back.channels = s->outputs;
        back.outputs = s->channels;
    }
    if (status == DONE)
        status = tune(t, "reals", s, text);
    if (status == DONE)
        status = tune(t, linear ? "reals" : "adjoints", &back, text);
    return status == DONE ? tune(t, "gradients", s, text) : status;
}

static int tune_all(struct tuning *t)
{
    static char head[SNN_PRODUCT_TABLE];
    const snn_status rc = snn_product_table(t->b->context, head, sizeof head);
    const char *text;
    snn_product_shape shape;
    int status = rc == SNN_OK ? DONE : fail_call(rc, NULL);

    if (status != DONE)
        return status;
    fprintf(t->out, "%s# %s; KIND KERNEL STRIDE ROWS OUTPUTS CHANNELS WAY EVENTS\n", head, t->b->machine);
    printf("machine  %s\n\n%-24s kind, kernel, stride, rows, outputs, channels, fastest, events below\n",
           t->b->machine, "product");
    for (size_t i = 0; status == DONE && (text = bench_product(t->b, i)) != NULL; i++) {
        status = bench_read_product(text, &shape);
        if (status == DONE)
            status = tune_layer(t, &shape, text);
    }
    return status;
}

int bench_tune(const struct bench_kernels *b, const char *path)
{
    struct tuning t = { b, NULL };
    char *text = NULL;
    size_t length = 0;
    int status;

    t.out = open_memstream(&text, &length);
    status = t.out ? tune_all(&t) : fail(FAILED, "out of memory");
    if (t.out && fclose(t.out) != 0)
        status = fail(FAILED, "out of memory");
    if (status == DONE)
        status = output_replace(path, text, length);
    free(text);
    return status;
}
