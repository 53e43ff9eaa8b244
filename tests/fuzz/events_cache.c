/* The cache of a data set of recordings: a byte that says which sums are corrected, then edits of the file that was
 * written for two recordings: a place of two bytes, and a piece that goes there. A file of which too little is left
 * is damaged. Whatever it holds, the data set opens, and all its samples are read: from the cache or from the
 * recordings. */
#include "../disk.h"
#include "cache.h"
#include "fuzz.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)1 << 20)
#define ROOM 8192u
#define ITEMS 2u

enum { FIX_TABLE = 1, FIX_EVENTS = 2, CUT = 4 };

struct header {
    uint64_t mark, key, items, sum;
};

static uint8_t whole[ROOM];
static size_t whole_size;
static char name[300];

static snn_dataset *open_set(snn_context *context)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_event_frames *frames;
    snn_dataset *set;
    char cache[512];

    snprintf(cache, sizeof cache, "%s", fuzz_path("cache"));
    data.layout = "folders";
    data.directory = fuzz_path("set");
    data.cache = cache;
    FUZZ_HOLDS(snn_event_frames_create(&frames, context) == SNN_OK);
    FUZZ_HOLDS(snn_event_frames_set_text(frames, "steps", "3") == SNN_OK);
    FUZZ_HOLDS(snn_events_dataset_open(&set, context, &data, frames) == SNN_OK);
    snn_event_frames_destroy(frames);
    return set;
}

/* The name and the bytes of the file that opening writes. */
static void learn(snn_context *context)
{
    static const char recording[] = "# sensor 6x5\n10,0,0,1\n900,5,4,0\n2100,3,2,1\n2100,3,2,1\n7000,1,4,0\n";
    struct dirent *entry;
    char path[512];
    DIR *d;
    FILE *f;

    fuzz_write("set/a/1.csv", (const uint8_t *)recording, sizeof recording - 1);
    fuzz_write("set/b/1.csv", (const uint8_t *)recording, sizeof recording - 10);
    snn_dataset_destroy(open_set(context));
    d = opendir(fuzz_path("cache"));
    FUZZ_HOLDS(d != NULL);
    while ((entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            snprintf(name, sizeof name, "cache/%s", entry->d_name);
    closedir(d);
    snprintf(path, sizeof path, "%s", fuzz_path(name));
    f = fopen(path, "rb");
    FUZZ_HOLDS(f != NULL);
    whole_size = fread(whole, 1, ROOM, f);
    fclose(f);
    FUZZ_HOLDS(whole_size > sizeof(struct header) && whole_size < ROOM);
}

static void correct(uint8_t *file, size_t size, uint8_t how)
{
    struct snn__cache_entry entry[ITEMS];
    struct header header;

    memcpy(&header, file, sizeof header);
    memcpy(entry, file + sizeof header, sizeof entry);
    for (size_t i = 0; i < ITEMS && how & FIX_EVENTS; i++)
        if (entry[i].at < size && entry[i].events <= (size - entry[i].at) / sizeof(struct snn__packed))
            entry[i].sum = snn__sum_words(i, file + entry[i].at, (size_t)entry[i].events);
    if (how & FIX_TABLE)
        header.sum = snn__sum_words(header.key, entry, sizeof entry / (sizeof(uint64_t)));
    memcpy(file, &header, sizeof header);
    memcpy(file + sizeof header, entry, sizeof entry);
}

static void read_all(const snn_dataset *set)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    float x[2 * 5 * 6];

    FUZZ_HOLDS(snn_dataset_get_info(set, &info) == SNN_OK && info.count == ITEMS);
    FUZZ_HOLDS(info.shape[0] * info.shape[1] * info.shape[2] == sizeof x / sizeof *x);
    sample.x = x;
    for (size_t i = 0; i < info.count; i++)
        for (size_t t = 0; t < info.frames; t++) {
            FUZZ_HOLDS(snn_dataset_read(set, i, t, &sample) == SNN_OK);
            for (size_t k = 0; k < sizeof x / sizeof *x; k++)
                FUZZ_HOLDS(x[k] == 0 || x[k] == 1);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[ROOM];
    const uint8_t how = fuzz_byte(&data, &size);
    snn_context *context = fuzz_context(MOST, false);
    snn_dataset *set;
    size_t length;

    if (whole_size == 0)
        learn(context);
    memcpy(file, whole, whole_size);
    length = how & CUT ? fuzz_byte(&data, &size) % (whole_size + 1) : whole_size;
    while (size > 4) {
        const size_t at = (size_t)(data[0] << 8 | data[1]) % whole_size;
        struct fuzz_piece piece;

        data += 2;
        size -= 2;
        piece = fuzz_cut(&data, &size);
        memcpy(file + at, piece.data, piece.size < whole_size - at ? piece.size : whole_size - at);
    }
    correct(file, whole_size, how);
    fuzz_write(name, file, length);
    set = open_set(context);
    read_all(set);
    snn_dataset_destroy(set);
    fuzz_done();
    return 0;
}
