/* core/param.h - tables of parameters: one static table per module feeds set, get, bounds, text, files and help. */
#ifndef SNN_CORE_PARAM_H
#define SNN_CORE_PARAM_H

#include "core/status.h"
#include <snn/context.h>
#include <snn/param.h>
#include <stdbool.h>

#define SNN__TEXT_MAX 64 /* bytes of a text value, the NUL included */

/* A real number that is another way to say one that is kept. */
struct snn__param_view {
    int32_t of;             /* key of what is kept */
    double (*kept)(double); /* row whose value is stored */
    double (*seen)(double); /* and back */
};

/* One row. Numbers use min, max and number; texts use choices (NULL: free) and text. */
struct snn__param {
    int32_t key;
    const char *name;
    snn_param_type type;
    double min, max, number;
    const char *choices, *text;
    const char *help;
    bool live;                          /* may be changed where the others are fixed */
    const struct snn__param_view *view; /* NULL: it has a value of its own */
};

#define SNN__PARAM_I64(key, name, min, max, def, help)                         \
    {                                                                          \
        key, name, SNN_PARAM_I64, min, max, def, NULL, NULL, help, false, NULL \
    }
#define SNN__PARAM_F64(key, name, min, max, def, help)                         \
    {                                                                          \
        key, name, SNN_PARAM_F64, min, max, def, NULL, NULL, help, false, NULL \
    }
#define SNN__PARAM_STR(key, name, choices, def, help)                      \
    {                                                                      \
        key, name, SNN_PARAM_STR, 0, 0, 0, choices, def, help, false, NULL \
    }
#define SNN__PARAM_LIVE_I64(key, name, min, max, def, help)                   \
    {                                                                         \
        key, name, SNN_PARAM_I64, min, max, def, NULL, NULL, help, true, NULL \
    }
#define SNN__PARAM_LIVE_F64(key, name, min, max, def, help)                   \
    {                                                                         \
        key, name, SNN_PARAM_F64, min, max, def, NULL, NULL, help, true, NULL \
    }
#define SNN__PARAM_VIEW_F64(key, name, min, max, def, help, view)              \
    {                                                                          \
        key, name, SNN_PARAM_F64, min, max, def, NULL, NULL, help, false, view \
    }
/* In the initialiser of a type whose parameters are those of a table. */
#define SNN__WITH_PARAMS(table) .params = (table), .n_params = sizeof(table) / sizeof *(table)

union snn__value {
    int64_t i;
    double f;
    char s[SNN__TEXT_MAX];
};

/* Properties that all objects of a kind share. */
struct snn__param_kind {
    const char *noun;  /* "data set" */
    const char *since; /* the call that fixes them, or NULL: "snn_trainer_prepare()" */
    /* Checks a value that the table allows against the object. NULL: no check. */
    snn_status (*check)(const void *object, const struct snn__param *row, const union snn__value *value);
    void (*changed)(void *object); /* a value was set; may be NULL */
};

/* The parameters of one object: one table, or a common one and a method's own. */
struct snn__params {
    const struct snn__param_kind *kind;
    void *object;      /* whose they are */
    const char *owner; /* for messages: "neuron lif"; outlives the parameters */
    const bool *fixed; /* true if only live parameters may be set now; NULL: all may be set at any time */
    const struct snn__param *table[2];
    size_t count[2];
    union snn__value *value; /* [count[0] + count[1]] */
};

/* Takes memory for the values, and fills in the defaults; everything else is set already. */
snn_status snn__params_init(struct snn__params *p, snn_context *ctx);
void snn__params_free(struct snn__params *p, snn_context *ctx);

static inline size_t snn__params_count(const struct snn__params *p)
{
    return p->count[0] + p->count[1];
}

const struct snn__param *snn__params_row(const struct snn__params *p, size_t index);
/* Row number of a key, or -1. */
ptrdiff_t snn__params_find(const struct snn__params *p, int32_t key);
/* The row of a name; SNN_ERR_ARGUMENT, with the names that there are, if it is none. */
snn_status snn__params_named(const struct snn__params *p, const char *name, const struct snn__param **row);

snn_status snn__params_set_i64(struct snn__params *p, int32_t key, int64_t value);
snn_status snn__params_set_f64(struct snn__params *p, int32_t key, double value);
snn_status snn__params_set_str(struct snn__params *p, int32_t key, const char *value);
/* By name from text: "0.5", "12", "cosine", with the point of the C locale; also "true" and "false" for 1 and 0. */
snn_status snn__params_set_text(struct snn__params *p, const char *name, const char *value);
snn_status snn__params_get_i64(const struct snn__params *p, int32_t key, int64_t *value);
snn_status snn__params_get_f64(const struct snn__params *p, int32_t key, double *value);
snn_status snn__params_get_str(const struct snn__params *p, int32_t key, const char **value);
snn_status snn__params_param_info(const struct snn__params *p, size_t index, snn_param_info *info);

/* True if value number `index` is the default. */
bool snn__params_is_default(const struct snn__params *p, size_t index);

/* For code that knows the key is there. */
int64_t snn__param_i64(const struct snn__params *p, int32_t key);
double snn__param_f64(const struct snn__params *p, int32_t key);
const char *snn__param_str(const struct snn__params *p, int32_t key);
bool snn__param_is(const struct snn__params *p, int32_t key, const char *text);

#endif
