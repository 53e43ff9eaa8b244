/* core/number.h - texts: numbers have a decimal point, whatever locale the host has chosen; messages are one line. */
#ifndef SNN_CORE_NUMBER_H
#define SNN_CORE_NUMBER_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Gives the calling thread, and no other, the C locale, and returns what it had: uselocale() gives that back. Takes
 * no memory and cannot fail where the C locale is a constant of the C library, as in glibc and musl. */
locale_t snn__c_locale(void);

/* Bytes of the control character that begins at `at`, 0 if there is none. On a terminal it would act. */
size_t snn__control(const unsigned char *at);

/* vsnprintf() in the C locale, with '?' in place of every byte of a control character: what is put in may come from a
 * file. */
void snn__format(char *out, size_t size, const char *format, va_list args);

/* Parses all of `text` as one number, as strtod() of the C locale does; false if it is not one. */
bool snn__parse_f64(const char *text, double *out);

#endif
