/* core/status.c - status names and the thread-local message, which with its count is the library's only global. */
#include "core/status.h"
#include "core/number.h"
#include <snn/sys/component.h>
#include <snn/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[1024];
static _Thread_local unsigned failures;

/* A positive number, which a callback of the host returned, looks like no failure to whom asks for one below 0. */
static snn_status failure(snn_status code)
{
    return code > 0 ? SNN_ERR_INTERNAL : code;
}

snn_status snn__fail(snn_status code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    snn__format(message, sizeof message, format, args);
    va_end(args);
    failures++;
    return failure(code);
}

snn_status snn_component_fail(snn_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    snn__format(message, sizeof message, format, args);
    va_end(args);
    failures++;
    return failure(status);
}

unsigned snn__failures(void)
{
    return failures;
}

snn_status snn__fail_more(snn_status code, const char *format, ...)
{
    const size_t used = strlen(message);
    va_list args;

    va_start(args, format);
    snn__format(message + used, sizeof message - used, format, args);
    va_end(args);
    return code;
}

struct snn__reason snn__reason(int error)
{
    struct snn__reason reason;

    if (strerror_r(error, reason.text, sizeof reason.text) != 0)
        snprintf(reason.text, sizeof reason.text, "error %d", error);
    return reason;
}

const char *snn_last_error(void)
{
    return message;
}

const char *snn_status_name(snn_status status)
{
    switch (status) {
#define NAME(name, value, text) \
    case name:                  \
        return #name;
        SNN_STATUS_LIST(NAME)
#undef NAME
    default:
        return "SNN_ERR_?";
    }
}

const char *snn_status_text(snn_status status)
{
    switch (status) {
#define TEXT(name, value, text) \
    case name:                  \
        return text;
        SNN_STATUS_LIST(TEXT)
#undef TEXT
    default:
        return "unknown status";
    }
}

uint32_t snn_version(void)
{
    return SNN_VERSION_MAJOR * 10000u + SNN_VERSION_MINOR * 100u + SNN_VERSION_PATCH;
}

const char *snn_version_string(void)
{
    return SNN_VERSION_STRING;
}
