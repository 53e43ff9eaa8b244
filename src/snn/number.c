/* number.c - the numbers of flags. */
#include "number.h"

#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int number_whole(const char *name, const char *text, int64_t low, int64_t high, int64_t *out)
{
    long long value;
    char *end;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && !errno && value >= low && value <= high) {
        *out = value;
        return DONE;
    }
    if (low == INT64_MIN && high == INT64_MAX)
        return fail(USAGE, "%s%s: \"%s\" is not a whole number", flag_dashes(name), name, text);
    return fail(USAGE, "%s%s: \"%s\" is not a whole number from %lld to %lld", flag_dashes(name), name, text,
                (long long)low, (long long)high);
}

int number_real(const char *name, const char *text, double low, double high, double *out)
{
    char *end;
    const double value = strtod(text, &end);

    if (end != text && *end == '\0' && isfinite(value) && value >= low && value <= high) {
        *out = value;
        return DONE;
    }
    if (isinf(low) && isinf(high))
        return fail(USAGE, "%s%s: \"%s\" is not a number", flag_dashes(name), name, text);
    return fail(USAGE, "%s%s: \"%s\" is not a number from %g to %g", flag_dashes(name), name, text, low, high);
}
