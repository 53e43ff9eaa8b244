/* layouts.c - the one list of layouts of data sets. */
#include "list.h"
#include <string.h>

#define LAYOUTS(X) X(gesture) X(cifar10_dvs) X(n_caltech101) X(nmnist) X(shd) X(ssc) X(ssc_valid) X(folders)

#define DECLARE(name) extern const struct snn__event_layout snn__event_layout_##name;
LAYOUTS(DECLARE)

#define ADDRESS(name) &snn__event_layout_##name,
static const struct snn__event_layout *const layouts[] = { LAYOUTS(ADDRESS) NULL };

static const struct snn__event_layout *at(size_t index)
{
    return layouts[index < sizeof layouts / sizeof *layouts ? index : sizeof layouts / sizeof *layouts - 1];
}

const struct snn__event_layout *snn__event_layout_named(const char *name)
{
    size_t i = 0;

    while (at(i) != NULL && strcmp(at(i)->name, name) != 0)
        i++;
    return at(i);
}

const char *snn_events_layout_name(size_t index)
{
    return at(index) != NULL ? at(index)->name : NULL;
}

const char *snn_events_layout_text(size_t index)
{
    return at(index) != NULL ? at(index)->text : NULL;
}
