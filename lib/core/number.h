/* core/number.h - numbers in texts have a decimal point, whatever locale the host has chosen. */
#ifndef SNN_CORE_NUMBER_H
#define SNN_CORE_NUMBER_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Gives the calling thread, and no other, the C locale, and returns what it had: uselocale() gives that back. Takes
 * no memory and cannot fail where the C locale is a constant of the C library, as in glibc and musl. */
locale_t snn__c_locale(void);

/* vsnprintf() in the C locale. */
void snn__format(char *out, size_t size, const char *format, va_list args);

/* Whether all of `text` is one number, as strtod() of the C locale reads it. */
bool snn__parse_f64(const char *text, double *out);

#endif
