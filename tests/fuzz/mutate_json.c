/* mutate_json.c - changes one value, key or member of a JSON text, so that what comes out is JSON again. */
#include "fuzz.h"
#include "mutate.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

uint32_t fuzz_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static json_t *number(uint32_t *r)
{
    static const json_int_t odd[] = { 0,          1,          2,          3,          4,         8,
                                      16,         -1,         255,        256,        4095,      65536,
                                      2147483647, 2147483648, 4294967295, 4294967296, INT64_MAX, INT64_MIN };
    static const double real[] = { 0.0, -0.0, 0.5, 1.0, -1.0, 1e-45, 3e38, 1e300, 0.9999999 };

    if (fuzz_random(r) % 4 == 0)
        return json_real(real[fuzz_random(r) % (sizeof real / sizeof *real)]);
    return json_integer(odd[fuzz_random(r) % (sizeof odd / sizeof *odd)]);
}

static json_t *mutated(json_t *value, uint32_t *r);

static json_t *mutated_text(const json_t *value, uint32_t *r)
{
    const size_t length = json_string_length(value);
    uint8_t *text = malloc(length + 64);
    json_t *out;
    size_t n;

    FUZZ_HOLDS(text != NULL);
    memcpy(text, json_string_value(value), length);
    n = text[0] == '{' || text[0] == '[' ? fuzz_mutate_json(text, length, length + 64, fuzz_random(r))
                                         : LLVMFuzzerMutate(text, length, length + 64);
    out = json_stringn((char *)text, n);
    free(text);
    return out != NULL ? out : json_string("");
}

static json_t *mutated_array(json_t *value, uint32_t *r)
{
    const size_t n = json_array_size(value), at = n > 0 ? fuzz_random(r) % n : 0;

    if (n == 0 || fuzz_random(r) % 16 == 0)
        json_array_append_new(value, number(r));
    else if (fuzz_random(r) % 8 == 0)
        json_array_insert_new(value, at, json_deep_copy(json_array_get(value, fuzz_random(r) % n)));
    else if (fuzz_random(r) % 8 == 0)
        json_array_remove(value, at);
    else
        json_array_set_new(value, at, mutated(json_array_get(value, at), r));
    return json_incref(value);
}

static json_t *mutated_object(json_t *value, uint32_t *r)
{
    size_t n = json_object_size(value), at = n > 0 ? fuzz_random(r) % n : 0;
    void *iter = json_object_iter(value);
    json_t *name, *inner;

    if (n == 0)
        return number(r);
    while (at-- > 0)
        iter = json_object_iter_next(value, iter);
    inner = json_object_iter_value(iter);
    name = json_string(json_object_iter_key(iter));
    if (fuzz_random(r) % 12 == 0) {
        json_t *other = mutated_text(name, r);

        json_object_set(value, json_string_value(other), inner);
        json_decref(other);
    } else if (fuzz_random(r) % 12 == 0) {
        json_object_del(value, json_string_value(name));
    } else {
        json_object_set_new(value, json_string_value(name), mutated(inner, r));
    }
    json_decref(name);
    return json_incref(value);
}

/* A new reference: the same value, changed within, or another in its place. */
static json_t *mutated(json_t *value, uint32_t *r)
{
    if (fuzz_random(r) % 24 == 0)
        return fuzz_random(r) % 2 ? number(r) : json_string("lif");
    if (json_is_object(value))
        return mutated_object(value, r);
    if (json_is_array(value))
        return mutated_array(value, r);
    if (json_is_string(value))
        return mutated_text(value, r);
    return fuzz_random(r) % 2 && json_is_integer(value)
               ? json_integer((json_int_t)((uint64_t)json_integer_value(value) + 1))
               : number(r);
}

size_t fuzz_mutate_json(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint32_t r = seed | 1u;
    json_t *json = fuzz_random(&r) % 8 == 0 ? NULL : json_loadb((const char *)data, size, 0, NULL), *out;
    size_t length = 0;

    if (json == NULL)
        return LLVMFuzzerMutate(data, size, most);
    out = mutated(json, &r);
    if (out != NULL)
        length = json_dumpb(out, (char *)data, most, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(out);
    json_decref(json);
    return length > 0 && length <= most ? length : LLVMFuzzerMutate(data, size, most);
}
