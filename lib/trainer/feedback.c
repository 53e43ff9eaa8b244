/* trainer/feedback.c - matrices that bring an error from the output straight to a population. */
#include "trainer/feedback.h"
#include "blas/product.h"
#include "core/context.h"
#include "core/size.h"
#include <math.h>
#include <stdio.h>

void snn__feedback_describe(const snn_trainer *tr, const snn_layer *layer, bool side, const snn_layer *readout,
                            bool random, struct snn__memory *m)
{
    const snn_layer *last = snn__network_last(tr->net);

    snprintf(m->name, sizeof m->name, "%s.%s", layer->name, side ? "side_feedback" : "feedback");
    m->layer = layer->index;
    m->side = side;
    m->rows = (uint32_t)snn__shape_length(&last->out);
    m->columns = (uint32_t)snn__shape_length(&layer->out);
    m->bound = random ? 1.0f / sqrtf((float)snn__shape_length(&readout->in)) : 0.0f;
    m->data = NULL;
}

snn_status snn__feedback_plan(struct snn__feedback *f, const snn_trainer *tr, struct snn__arena *arena)
{
    size_t packed = 0, bytes = 0, batch = tr->pass.batch_max, classes = tr->classes;
    struct snn__window errors = snn__window_of_rows(classes, classes);

    for (size_t l = 0; l < tr->pass.n; l++) {
        size_t n = tr->pass.unit[l].value_len;
        struct snn__window neurons = snn__window_of_rows(n, n);

        if (!(tr->pass.unit[l].flags & SNN__LAYER_POPULATION))
            continue;
        packed = snn__max(packed, snn__packed_size(tr->ctx, classes, n));
        bytes = snn__max(bytes, snn__product_scratch(tr->ctx, batch, n, &errors, false));
        bytes = snn__max(bytes, snn__outer_scratch(tr->ctx, batch, classes, &neurons));
    }
    SNN__TRY(snn__arena_keep(arena, &f->packed, packed, sizeof(float)));
    return snn__arena_keep(arena, &f->scratch, bytes, 1);
}

void snn__feedback_turn(const struct snn__feedback *f, const snn_trainer *tr, const struct snn__memory *m, float keep,
                        float share, const float *o, struct snn__signal z)
{
    struct snn__outer p = { .m = tr->pass.batch,
                            .n = m->rows,
                            .d = o,
                            .d_pitch = m->rows,
                            .x = z.data,
                            .window = snn__window_of_rows(m->columns, m->columns),
                            .alpha = share * z.scale,
                            .g = m->data,
                            .g_pitch = m->columns,
                            .accumulate = true };

    snn__copy(tr->ctx, m->data, keep, m->data, (size_t)m->rows * m->columns);
    snn__outer(tr->ctx, &p, f->scratch);
}

void snn__feedback_apply(const struct snn__feedback *f, const snn_trainer *tr, const struct snn__memory *m,
                         struct snn__unit *unit, const float *e)
{
    bool accumulate;
    float *g = snn__unit_error(unit, &accumulate);
    struct snn__product p = { .m = tr->pass.batch,
                              .n = m->columns,
                              .x = e,
                              .window = snn__window_of_rows(m->rows, m->rows),
                              .packed = f->packed,
                              .alpha = 1.0f,
                              .y = g,
                              .y_pitch = m->columns,
                              .accumulate = accumulate };

    snn__pack(tr->ctx, f->packed, m->data, 1, m->rows, m->columns, 0, m->columns, 1);
    snn__product(tr->ctx, &p, f->scratch);
}
