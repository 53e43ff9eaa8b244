/* trainer/rules.c - training methods by name. */
#include "trainer/rule.h"

#define X(name) extern const struct snn__rule snn__rule_##name;
#include "trainer/list.h"

static const struct snn__rule *const rules[] = {
#define X(name) &snn__rule_##name,
#include "trainer/list.h"
    NULL,
};

#define N_RULES (sizeof rules / sizeof *rules - 1)

struct snn__name snn__rule_names(size_t index)
{
    return SNN__NAME_OF(index < N_RULES ? rules[index] : NULL);
}

/* Those that learn in a stream. */
struct snn__name snn__streaming_names(size_t index)
{
    for (size_t i = 0; i < N_RULES; i++)
        if (snn__learns_in_steps(rules[i]->route) && index-- == 0)
            return SNN__NAME_OF(rules[i]);
    return (struct snn__name){ NULL, NULL };
}

const struct snn__rule *snn__rule_named(const char *name)
{
    return rules[snn__name_index(snn__rule_names, name)];
}
