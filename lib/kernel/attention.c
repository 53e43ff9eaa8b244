/* kernel/attention.c - attention of one head without a softmax (layer/attention.c). What is zero costs nothing. */
#include "kernel/tables.h"

static void gather(const struct snn__attention *k, const float *left, const float *right, float *a)
{
    k->kernels->fill(a, 0.0f, k->d * k->d);
    for (size_t m = 0; m < k->positions; m++)
        for (size_t i = 0; i < k->d; i++)
            if (left[m * k->channels + i] != 0.0f)
                k->kernels->axpy(a + i * k->d, left[m * k->channels + i], right + m * k->channels, k->d);
}

static void turn(float *a, size_t d)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < i; j++) {
            float kept = a[i * d + j];

            a[i * d + j] = a[j * d + i];
            a[j * d + i] = kept;
        }
}

static void apply(const struct snn__attention *k, const float *a, const float *x, float *y)
{
    for (size_t n = 0; n < k->positions; n++, x += k->channels, y += k->channels) {
        if (!k->accumulate)
            k->kernels->fill(y, 0.0f, k->d);
        for (size_t i = 0; i < k->d; i++)
            if (x[i] != 0.0f)
                k->kernels->axpy(y, k->factor * x[i], a + i * k->d, k->d);
    }
}

void snn__attention(void *arguments, size_t head, size_t worker)
{
    const struct snn__attention *k = arguments;
    size_t at = head / k->heads * k->positions * k->channels + head % k->heads * k->d;
    float *a = k->room + worker * k->d * k->d;

    gather(k, k->left + at, k->right + at, a);
    if (k->turned)
        turn(a, k->d);
    apply(k, a, k->x + at, k->y + at);
}
