/* Values of JSON made and written. Every call into Jansson that takes memory is checked. */
#include "model/json.h"
#include "core/alloc.h"
#include "core/number.h"
#include "core/size.h"
#include <stdarg.h>
#include <stdio.h>

void snn__json_set(json_t *object, const char *key, json_t *value, bool *failed)
{
    *failed |= json_object_set_new(object, key, value) != 0;
}

void snn__json_add(json_t *array, json_t *value, bool *failed)
{
    *failed |= json_array_append_new(array, value) != 0;
}

snn_status snn__json_made(json_t **out, json_t *value, bool failed, const char *what)
{
    *out = failed ? NULL : value;
    if (*out != NULL)
        return SNN_OK;
    json_decref(value);
    return snn__json_no_memory(what);
}

size_t snn__json_dumpb(const json_t *json, char *out, size_t size, size_t flags)
{
    const locale_t hosts = snn__c_locale();
    const size_t length = json_dumpb(json, out, size, flags);

    uselocale(hosts);
    return length;
}

snn_status snn__json_dump(char **out, size_t *length, snn_context *ctx, const json_t *json, size_t before,
                          size_t flags, const char *what)
{
    size_t n = snn__json_dumpb(json, NULL, 0, flags);

    *out = NULL;
    if (n == 0)
        return snn__json_no_memory(what);
    if (n > SNN__JSON_BYTES)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: its JSON has %zu bytes, at most %zu are allowed", what, n,
                         SNN__JSON_BYTES);
    *out = snn__alloc(ctx, before + snn__round_up(n + 1, 8), 1);
    if (*out == NULL)
        return SNN_ERR_MEMORY;
    *length = n;
    if (snn__json_dumpb(json, *out + before, n, flags) == n)
        return SNN_OK;
    snn__free(ctx, *out);
    *out = NULL;
    return snn__json_no_memory(what);
}

/* 17 digits always do; fewer, where they do as well, keep 0.1 from becoming 0.10000000000000001. */
snn_status snn__json_write(char **out, snn_context *ctx, const json_t *json, const char *what)
{
    for (size_t digits = 15;; digits++) {
        json_t *again = NULL;
        size_t length = 0;
        snn_status rc;
        int same;

        SNN__TRY(snn__json_dump(out, &length, ctx, json, 0, JSON_REAL_PRECISION(digits), what));
        rc = digits == 17 ? SNN_OK : snn__json_read(&again, ctx, *out, length, what);
        same = digits == 17 || json_equal(again, json);
        json_decref(again);
        if (rc == SNN_OK && same)
            return SNN_OK;
        snn__free(ctx, *out);
        *out = NULL;
        SNN__TRY(rc);
    }
}

snn_status snn__json_at(snn_status rc, const char *format, ...)
{
    char where[192], reason[512];
    va_list args;

    snprintf(reason, sizeof reason, "%s", snn_last_error());
    va_start(args, format);
    vsnprintf(where, sizeof where, format, args);
    va_end(args);
    return snn__fail(rc, "%s: %s", where, reason);
}

snn_status snn__json_no_memory(const char *what)
{
    return snn__fail(SNN_ERR_MEMORY, "%s: out of memory for JSON", what);
}
