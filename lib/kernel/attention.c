/* kernel/attention.c - attention of one head without a softmax (layer/attention.c): two products of matrices that lie
 * among the channels of other heads. */
#include "kernel/tables.h"

/* a = sum_m left_m right_m^T */
static void gather(const struct snn__attention *k, const float *left, const float *right, float *a)
{
    snn__strips(k->kernels, k->d, k->d,
                (struct snn__strip){ .runs = 1,
                                     .length = k->positions,
                                     .a = left,
                                     .a_row = 1,
                                     .a_step = k->channels,
                                     .b = right,
                                     .b_step = k->channels,
                                     .alpha = 1,
                                     .c = a,
                                     .c_pitch = k->d });
}

/* y_n (+)= factor a^T x_n */
static void apply(const struct snn__attention *k, const float *a, const float *x, float *y)
{
    snn__strips(k->kernels, k->positions, k->d,
                (struct snn__strip){ .runs = 1,
                                     .length = k->d,
                                     .a = x,
                                     .a_row = k->channels,
                                     .a_step = 1,
                                     .b = a,
                                     .b_step = k->d,
                                     .alpha = k->factor,
                                     .c = y,
                                     .c_pitch = k->channels,
                                     .accumulate = k->accumulate });
}

void snn__attention(void *arguments, size_t head, size_t worker)
{
    const struct snn__attention *k = arguments;
    const size_t at = head / k->heads * k->positions * k->channels + head % k->heads * k->d;
    const float *left = k->left + at, *right = k->right + at;
    float *a = k->room + worker * k->d * k->d;

    gather(k, k->turned ? right : left, k->turned ? left : right, a);
    apply(k, a, k->x + at, k->y + at);
}
