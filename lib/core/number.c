/* core/number.c - the C locale for the time of a call. */
#include "core/number.h"
#include <stdio.h>
#include <stdlib.h>

locale_t snn__c_locale(void)
{
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

void snn__format(char *out, size_t size, const char *format, va_list args)
{
    const locale_t hosts = snn__c_locale();

    vsnprintf(out, size, format, args);
    uselocale(hosts);
}

bool snn__parse_f64(const char *text, double *out)
{
    const locale_t hosts = snn__c_locale();
    char *end;

    *out = strtod(text, &end);
    uselocale(hosts);
    return end != text && *end == '\0';
}
