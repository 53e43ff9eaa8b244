/* The log of a run that is resumed: CSV. */
#include "fuzz.h"
#include "history.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history history;

    fuzz_write("log.csv", data, size);
    (void)history_open(&history, fuzz_path("log.csv"), 1000, NULL);
    (void)history_close(&history);
    return 0;
}
