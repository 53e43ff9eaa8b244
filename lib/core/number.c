/* core/number.c - the C locale for the time of a call. */
#include "core/number.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

locale_t snn__c_locale(void)
{
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

size_t snn__control(const unsigned char *at)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    return at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0; /* U+0080 to U+009F */
}

void snn__format(char *out, size_t size, const char *format, va_list args)
{
    const locale_t hosts = snn__c_locale();

    vsnprintf(out, size, format, args);
    uselocale(hosts);
    for (char *at = out; *at != '\0'; at++)
        memset(at, '?', snn__control((const unsigned char *)at));
}

bool snn__parse_f64(const char *text, double *out)
{
    const locale_t hosts = snn__c_locale();
    char *end;

    *out = strtod(text, &end);
    uselocale(hosts);
    return end != text && *end == '\0';
}
