/* formats.c - the one list of formats, in the order in which they are tried: the one without a mark comes last. */
#include "reader.h"
#include <string.h>

#define FORMATS(X) X(aedat2) X(aedat3) X(aedat4) X(evt2) X(evt3) X(dat) X(es) X(npy) X(npz) X(hdf5) X(csv) X(nmnist)

#define DECLARE(name) extern const struct snn__events_format snn__events_##name;
FORMATS(DECLARE)

#define ADDRESS(name) &snn__events_##name,
static const struct snn__events_format *const formats[] = { FORMATS(ADDRESS) };

const struct snn__events_format *snn__events_format_at(size_t index)
{
    return index < sizeof formats / sizeof *formats ? formats[index] : NULL;
}

const struct snn__events_format *snn__events_format_named(const char *name)
{
    const struct snn__events_format *format;

    for (size_t i = 0; (format = snn__events_format_at(i)) != NULL; i++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

const struct snn__events_format *snn__events_format_of(const uint8_t *head, size_t size, bool whole, const char *name)
{
    const struct snn__events_format *format;

    for (size_t i = 0; (format = snn__events_format_at(i)) != NULL; i++)
        if ((whole || !format->unmarked) && format->is(head, size, name))
            return format;
    return NULL;
}

const char *snn_events_format_name(size_t index)
{
    const struct snn__events_format *format = snn__events_format_at(index);

    return format != NULL ? format->name : NULL;
}

const char *snn_events_format_text(size_t index)
{
    const struct snn__events_format *format = snn__events_format_at(index);

    return format != NULL ? format->text : NULL;
}

const char *snn_events_format_lacks(size_t index)
{
    const struct snn__events_format *format = snn__events_format_at(index);

    return format != NULL ? format->lacks : NULL;
}
