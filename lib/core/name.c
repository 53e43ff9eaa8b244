/* core/name.c - what there is instead of a word that is unknown. */
#include "core/name.h"
#include <stdio.h>
#include <string.h>

struct snn__name_list snn__names_text(snn__names *list)
{
    struct snn__name_list all = { "" };
    size_t used = 0;

    for (size_t i = 0; list(i).name != NULL && used < sizeof all.text; i++)
        used += (size_t)snprintf(all.text + used, sizeof all.text - used, "%s%s", i > 0 ? ", " : "", list(i).name);
    return all;
}

size_t snn__name_index(snn__names *list, const char *name)
{
    size_t index = 0;

    while (list(index).name != NULL && strcmp(list(index).name, name) != 0)
        index++;
    return index;
}

snn_status snn__unknown(const char *what, const char *word, snn__names *list)
{
    return snn__fail(SNN_ERR_ARGUMENT, "unknown %s \"%.60s\"; there are %s", what, word, snn__names_text(list).text);
}
