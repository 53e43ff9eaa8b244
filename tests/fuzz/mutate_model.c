/* mutate_model.c - changes model files such that the parser behind the checksum is reached: header and data apart,
 * the length of the header and the checksum mended, sometimes a whole file of a changed network. */
#include "fuzz.h"
#include "mutate.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHECKSUM "\"snn.checksum\":\""

static size_t header_of(const uint8_t *data, size_t size)
{
    uint64_t n = 0;

    for (size_t i = 8; size >= 8 && i-- > 0;)
        n = n << 8 | data[i];
    return size >= 8 && n <= size - 8 ? (size_t)n : 0;
}

static void set_header(uint8_t *data, size_t n)
{
    for (size_t i = 0; i < 8; i++)
        data[i] = (uint8_t)((uint64_t)n >> (8 * i));
}

/* Writes the checksum that the file should have, if it has one. */
static void mend(uint8_t *data, size_t size)
{
    const size_t n = header_of(data, size), length = strlen(CHECKSUM);
    char digits[9];

    for (size_t i = 8; i + length + 8 < 8 + n; i++)
        if (memcmp(data + i, CHECKSUM, length) == 0) {
            memset(data + i + length, '0', 8);
            snprintf(digits, sizeof digits, "%08lx", crc32_z(0, data, size));
            memcpy(data + i + length, digits, 8);
            return;
        }
}

/* Another header, of which the data go on behind. */
static size_t change_header(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    const size_t n = header_of(data, size), behind = size - 8 - n, room = most - 8 - behind;
    uint8_t *copy = malloc(room + behind);
    size_t m;

    FUZZ_HOLDS(copy != NULL);
    memcpy(copy, data + 8, n);
    memcpy(copy + room, data + 8 + n, behind);
    m = fuzz_mutate_json(copy, n, room, seed);
    memcpy(data + 8, copy, m);
    memcpy(data + 8 + m, copy + room, behind);
    set_header(data, m);
    free(copy);
    return 8 + m + behind;
}

static size_t read_back(uint8_t *data, size_t size, size_t most, const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *copy = malloc(most + 1);
    size_t n;

    FUZZ_HOLDS(f != NULL && copy != NULL);
    n = fread(copy, 1, most + 1, f);
    fclose(f);
    if (n <= most)
        memcpy(data, copy, n);
    free(copy);
    return n <= most ? n : size;
}

/* The network of the header, changed, as a file that the library writes itself. */
static size_t change_network(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    json_t *header = json_loadb((const char *)data + 8, header_of(data, size), 0, NULL);
    const char *text = json_string_value(json_object_get(json_object_get(header, "__metadata__"), "snn.network"));
    char *json = text != NULL ? calloc(strlen(text) + 257, 1) : NULL;
    snn_network *network = NULL;
    const char *path = fuzz_path("mutated.snn");

    if (json != NULL) {
        memcpy(json, text, strlen(text));
        json[fuzz_mutate_json((uint8_t *)json, strlen(text), strlen(text) + 256, seed)] = '\0';
        if (snn_network_parse(&network, fuzz_context((size_t)1 << 22, true), json) == SNN_OK &&
            snn_network_prepare(network) == SNN_OK &&
            (seed % 2 ? snn_network_save : snn_network_save_packed)(network, path) == SNN_OK)
            size = read_back(data, size, most, path);
        snn_network_destroy(network);
    }
    free(json);
    json_decref(header);
    return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    const unsigned how = seed % 16;

    if (how == 0 || header_of(data, size) == 0 || size > most)
        size = LLVMFuzzerMutate(data, size, most);
    else if (how < 10)
        size = change_header(data, size, most, seed / 16);
    else if (how < 13)
        size = change_network(data, size, most, seed / 16);
    else
        size = 8 + header_of(data, size) +
               LLVMFuzzerMutate(data + 8 + header_of(data, size), size - 8 - header_of(data, size),
                                most - 8 - header_of(data, size));
    mend(data, size);
    return size;
}
