/* Datagrams of events: whole records are a part that is whole itself, and readers take it as they take a file. */
#include "datagram.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t kind = fuzz_byte(&data, &size);

    for (unsigned f = 0; f < DATAGRAM_FORMATS; f++) {
        const enum datagram_format format = (kind + f) % DATAGRAM_FORMATS;
        const size_t whole = datagram_whole(format, data, size);

        (void)datagram_is_header(format, data, size);
        FUZZ_HOLDS(whole <= size);
        FUZZ_HOLDS(datagram_whole(format, data, whole) == whole);
    }
    return 0;
}
