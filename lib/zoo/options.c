/* zoo/options.c - the options of a builder, which follow its name: "resnet34:width=32,drop_path=0.1". */
#include "zoo/build.h"
#include <stdio.h>
#include <string.h>

size_t snn__option(const struct snn__build *b, enum snn__option key)
{
    return (size_t)snn__param_i64(&b->options, key);
}

static snn_status take(struct snn__build *b, const char *item, size_t length)
{
    char text[2 * SNN__TEXT_MAX], *value;

    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text), item);
    value = strchr(text, '=');
    if (value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: option \"%.60s\": expected NAME=VALUE", b->options.owner, text);
    *value++ = '\0';
    return snn__params_set_text(&b->options, text, value);
}

snn_status snn__options_take(struct snn__build *b, const char *text)
{
    while (text != NULL) {
        const char *comma = strchr(text, ',');

        SNN__TRY(take(b, text, comma != NULL ? (size_t)(comma - text) : strlen(text)));
        text = comma != NULL ? comma + 1 : NULL;
    }
    return SNN_OK;
}
