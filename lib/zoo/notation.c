/* Networks in one line: "784-800-10", "ws:32C3-AP2-64C3-BN-GAP-FC". network.h describes the notation. */
#include "network/network.h"
#include "zoo/build.h"
#include <stdio.h>
#include <string.h>

#define TOKENS "a number (linear layer), 64C3 or 64C3s2 (convolution), AP2, MP2, GAP, BN, LN or FC"

enum kind { NUMBER, CONV, AVG_POOL, MAX_POOL, GLOBAL_POOL, NORM, LAYER_NORM, READOUT };

struct token {
    enum kind kind;
    const char *text; /* in the notation, for messages */
    int length;
    unsigned number;             /* from 1 */
    size_t size, kernel, stride; /* outputs or channels; window */
    bool last;
};

struct notation {
    struct snn__build *b;
    const char *rest; /* after the last token read; NULL past the last token */
    unsigned tokens, weights, pools;
    bool is_map;          /* the present output is [C,H,W] or [C,L] */
    bool neuron_pending;  /* the last weight layer waits for BN or its neuron */
    size_t rows, columns; /* of the map; of a sequence both are its length */
    bool sides;           /* every population gets a side readout */
    size_t resumes;       /* source of the next layer after a side readout; 0: the layer before it */
    const char *from;     /* its source */
};

/* ---- tokens */

/* A whole number from 1 to 999,999,999 at *text, which moves past it. */
static bool read_number(const char **text, const char *end, size_t *out)
{
    const char *p = *text;
    size_t value = 0;

    while (p < end && *p >= '0' && *p <= '9' && p - *text < 9)
        value = 10 * value + (size_t)(*p++ - '0');
    if (value == 0 || (p < end && *p >= '0' && *p <= '9'))
        return false;
    *text = p;
    *out = value;
    return true;
}

static bool read_letter(const char **text, const char *end, char letter)
{
    if (*text == end || **text != letter)
        return false;
    ++*text;
    return true;
}

static bool is_word(const struct token *t, const char *word)
{
    return (size_t)t->length == strlen(word) && memcmp(t->text, word, strlen(word)) == 0;
}

static bool read_pool(struct token *t, enum kind kind)
{
    const char *p = t->text + 2, *end = t->text + t->length;

    t->kind = kind;
    return read_number(&p, end, &t->kernel) && p == end;
}

static bool read_weights(struct token *t)
{
    const char *p = t->text, *end = t->text + t->length;

    if (!read_number(&p, end, &t->size))
        return false;
    t->kind = NUMBER;
    if (p == end)
        return true;
    t->kind = CONV;
    t->stride = 1;
    if (!read_letter(&p, end, 'C') || !read_number(&p, end, &t->kernel))
        return false;
    return p == end || (read_letter(&p, end, 's') && read_number(&p, end, &t->stride) && p == end);
}

static bool read_kind(struct token *t)
{
    if (is_word(t, "BN"))
        t->kind = NORM;
    else if (is_word(t, "LN"))
        t->kind = LAYER_NORM;
    else if (is_word(t, "FC"))
        t->kind = READOUT;
    else if (is_word(t, "GAP"))
        t->kind = GLOBAL_POOL;
    else if (t->length > 2 && memcmp(t->text, "AP", 2) == 0)
        return read_pool(t, AVG_POOL);
    else if (t->length > 2 && memcmp(t->text, "MP", 2) == 0)
        return read_pool(t, MAX_POOL);
    else
        return read_weights(t);
    return true;
}

static int shown(const struct token *t)
{
    return t->length < 40 ? t->length : 40;
}

/* Fails for the reason `why`. */
static snn_status wrong(const struct notation *n, const struct token *t, snn_status code, const char *why)
{
    return snn__fail(code, "network \"%.80s\", token %u \"%.*s\": %s", n->b->name, t->number, shown(t), t->text, why);
}

static snn_status unknown(const struct notation *n, const struct token *t)
{
    if (t->number > 1)
        return wrong(n, t, SNN_ERR_ARGUMENT, "expected " TOKENS);
    return snn__fail(SNN_ERR_ARGUMENT,
                     "network \"%.80s\", token 1 \"%.*s\": expected " TOKENS ", or the name of a "
                     "network: %s",
                     n->b->name, shown(t), t->text, snn__names_text(snn__builder_names).text);
}

static snn_status next_token(struct notation *n, struct token *t)
{
    const char *dash = strchr(n->rest, '-');
    size_t length = dash != NULL ? (size_t)(dash - n->rest) : strlen(n->rest);

    *t = (struct token){ .text = n->rest, .length = length < 4096 ? (int)length : 4096, .number = ++n->tokens };
    t->last = dash == NULL;
    n->rest = dash != NULL ? dash + 1 : NULL;
    return read_kind(t) ? SNN_OK : unknown(n, t);
}

/* ---- layers */

static snn_status add_side(struct notation *n, const char *name)
{
    snn_network *net = n->b->net;
    size_t first = net->n_layers;

    if (n->b->classes == 0 || snn__build_rates(n->b))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "network \"%.80s\": side readouts need a number of classes, and neurons other than dsr_if "
                         "and dsr_lif",
                         n->b->name);
    n->from = net->layer[first - 1]->name;
    SNN__TRY(snn__build_side(n->b, n->weights, name, n->is_map ? n->rows : 0, n->is_map ? n->columns : 0));
    n->resumes = net->n_layers;
    return SNN_OK;
}

/* The layer after a side readout does not read it. */
static snn_status resume(struct notation *n)
{
    size_t at = n->resumes;

    if (at == 0 || at == n->b->net->n_layers)
        return SNN_OK;
    n->resumes = 0;
    return snn_layer_connect(n->b->net->layer[at], n->from, 0);
}

static snn_status flush_neuron(struct notation *n)
{
    struct snn__label name = snn__label("sn%u", n->weights);

    if (!n->neuron_pending)
        return SNN_OK;
    n->neuron_pending = false;
    SNN__TRY(snn__build_neuron(n->b, name.text));
    if (n->b->standardise)
        SNN__TRY(snn__build_scale(n->b, snn__label("scale%u", n->weights).text, SNN__WS_SCALE));
    return n->sides ? add_side(n, name.text) : SNN_OK;
}

static snn_status add_linear(struct notation *n, size_t out, bool readout)
{
    bool small = readout && n->b->standardise; /* as in the paper's VGG (WS) */

    if (n->is_map)
        SNN__TRY(snn__build_plain(n->b, "flatten", "flatten"));
    n->is_map = false;
    n->neuron_pending = !readout || snn__build_rates(n->b);
    return snn__build_linear(n->b, snn__label("fc%u", ++n->weights).text, out, small ? "normal" : "default",
                             small ? 0.01 : 0.0);
}

static snn_status add_readout(struct notation *n, const struct token *t)
{
    size_t classes = n->b->classes;

    if (!t->last && !snn__build_rates(n->b))
        return wrong(n, t, SNN_ERR_ARGUMENT, "the readout must be the last token");
    if (t->kind == READOUT && classes == 0)
        return wrong(n, t, SNN_ERR_ARGUMENT, "the number of classes is 0; write a number instead of FC");
    if (t->kind == NUMBER && classes != 0 && t->size != classes)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "network \"%.80s\", token %u \"%.*s\": expected FC or %zu, the number of "
                         "classes",
                         n->b->name, t->number, shown(t), t->text, classes);
    return add_linear(n, t->kind == NUMBER ? t->size : classes, true);
}

static snn_status add_number(struct notation *n, const struct token *t)
{
    size_t input = n->b->shape[0];

    for (size_t i = 1; i < n->b->rank; i++)
        input *= n->b->shape[i];
    if (t->last)
        return add_readout(n, t);
    if (t->number == 1 && t->size == input)
        return SNN_OK;
    return add_linear(n, t->size, false);
}

static snn_status add_conv(struct notation *n, const struct token *t)
{
    if (t->kernel % 2 == 0)
        return wrong(n, t, SNN_ERR_ARGUMENT, "expected an odd kernel, so that padding can keep the size");
    n->neuron_pending = true;
    n->rows = (n->rows + t->stride - 1) / t->stride;
    n->columns = (n->columns + t->stride - 1) / t->stride;
    return snn__build_conv(n->b, snn__label("conv%u", ++n->weights).text, t->size, (int64_t)t->kernel,
                           (int64_t)t->stride, (int64_t)(t->kernel / 2), NULL);
}

static snn_status add_pool(struct notation *n, const struct token *t)
{
    const char *type = t->kind == MAX_POOL ? "maxpool" : "avgpool";
    bool all = t->kind == GLOBAL_POOL;

    n->rows = all ? 1 : n->rows / t->kernel;
    n->columns = all ? 1 : n->columns / t->kernel;
    if (all)
        return snn__build_pool(n->b, type, snn__label("global_pool%u", ++n->pools).text, 0, 0, 0);
    return snn__build_pool(n->b, type, snn__label("pool%u", ++n->pools).text, (int64_t)t->kernel, (int64_t)t->kernel,
                           0);
}

static snn_status add_norm(struct notation *n, const struct token *t)
{
    if (!n->neuron_pending)
        return wrong(n, t, SNN_ERR_ARGUMENT, "a norm has to follow a number or a convolution");
    if (t->kind == LAYER_NORM)
        SNN__TRY(snn__build_plain(n->b, "layer_norm", snn__label("ln%u", n->weights).text));
    else
        SNN__TRY(snn__build_norm(n->b, snn__label("bn%u", n->weights).text));
    return flush_neuron(n);
}

static snn_status add_token(struct notation *n, const struct token *t)
{
    bool needs_map = t->kind == CONV || t->kind == AVG_POOL || t->kind == MAX_POOL || t->kind == GLOBAL_POOL;

    if (t->kind == NORM || t->kind == LAYER_NORM)
        return add_norm(n, t);
    SNN__TRY(flush_neuron(n));
    if (needs_map && !n->is_map)
        return wrong(
            n, t, SNN_ERR_SHAPE,
            "needs a map [channels,rows,columns] or a sequence [channels,length], but a vector arrives here");
    if (t->kind == NUMBER)
        return add_number(n, t);
    if (t->kind == READOUT)
        return add_readout(n, t);
    return t->kind == CONV ? add_conv(n, t) : add_pool(n, t);
}

static bool take_prefix(struct notation *n, const char *prefix)
{
    size_t length = strlen(prefix);
    bool there = strncmp(n->rest, prefix, length) == 0;

    n->rest += there ? length : 0;
    return there;
}

snn_status snn__build_notation(struct snn__build *b)
{
    struct notation n = { .b = b,
                          .rest = b->name,
                          .is_map = b->rank > 1,
                          .rows = b->shape[b->rank == 3 ? 1 : b->rank - 1],
                          .columns = b->shape[b->rank - 1] };
    struct token t;

    b->standardise = take_prefix(&n, "ws:");
    n.sides = take_prefix(&n, "side:");
    b->standardise |= take_prefix(&n, "ws:");
    do {
        SNN__TRY(next_token(&n, &t));
        SNN__TRY(add_token(&n, &t));
        SNN__TRY(resume(&n));
    } while (n.rest != NULL);
    if (t.kind != READOUT && t.kind != NUMBER && !(t.kind == NORM && !n.is_map && snn__build_rates(b)))
        return wrong(&n, &t, SNN_ERR_ARGUMENT, "expected FC or the number of classes at the end");
    return flush_neuron(&n);
}
