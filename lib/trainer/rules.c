/* trainer/rules.c - the one list of training methods. */
#include "trainer/rule.h"
#include <string.h>

extern const struct snn__rule snn__rule_bptt, snn__rule_sltt, snn__rule_ottt, snn__rule_ide, snn__rule_dsr,
    snn__rule_spide, snn__rule_opzo, snn__rule_sei, snn__rule_eprop;

static const struct snn__rule *const rules[] = {
    &snn__rule_bptt,  &snn__rule_sltt, &snn__rule_ottt, &snn__rule_ide,   &snn__rule_dsr,
    &snn__rule_spide, &snn__rule_opzo, &snn__rule_sei,  &snn__rule_eprop,
};

struct snn__name snn__rule_names(size_t index)
{
    return SNN__NAME_OF(index < sizeof rules / sizeof *rules ? rules[index] : NULL);
}

/* Those that learn in a stream. */
struct snn__name snn__streaming_names(size_t index)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (snn__learns_in_steps(rules[i]->route) && index-- == 0)
            return SNN__NAME_OF(rules[i]);
    return (struct snn__name){ NULL, NULL };
}

const struct snn__rule *snn__rule_named(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i]->name, name) == 0)
            return rules[i];
    return NULL;
}
