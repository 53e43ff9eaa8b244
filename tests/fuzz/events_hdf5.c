/* Lists of spikes in HDF5: files that libhdf5 writes, of types, lengths and numbers that no reader expects. The bytes
 * of a file are parsed by libhdf5; what it reads from them is checked by ours. */
#include "fuzz.h"
#include <hdf5.h>
#include <snn/events.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 4u
#define SPIKES 16u

static hid_t number_type(uint8_t choice)
{
    const hid_t types[] = { H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT, H5T_NATIVE_UINT16, H5T_NATIVE_INT64,
                            H5T_NATIVE_UINT64, H5T_STD_I16BE,    H5T_C_S1,          H5T_STD_B8LE };

    return types[choice % (sizeof types / sizeof *types)];
}

/* Lists of any lengths, or numbers, of any type; their bytes are those of the input. */
static void write_set(hid_t group, const char *name, const uint8_t **data, size_t *size)
{
    const uint8_t how = fuzz_byte(data, size);
    const hid_t number = number_type(fuzz_byte(data, size)),
                type = how & 1 ? H5Tcopy(number) : H5Tvlen_create(number);
    const hsize_t dims[2] = { fuzz_byte(data, size) % (SAMPLES + 1), 1 };
    const hid_t space = how & 2 ? H5Screate(H5S_SCALAR) : H5Screate_simple(how & 4 ? 2 : 1, dims, NULL);
    static uint8_t spikes[SAMPLES][8 * SPIKES];
    hvl_t list[SAMPLES];
    hid_t set;

    memset(spikes, 0, sizeof spikes);
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct fuzz_piece piece = fuzz_cut(data, size);

        if (piece.size > 0)
            memcpy(spikes[i], piece.data, piece.size < sizeof spikes[i] ? piece.size : sizeof spikes[i]);
        list[i] = (hvl_t){ piece.size % SPIKES, spikes[i] };
    }
    set = how & 8 ? -1 : H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (set >= 0) {
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, how & 1 ? (const void *)spikes : list);
        H5Dclose(set);
    }
    H5Sclose(space);
    H5Tclose(type);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t group = H5Gcreate2(file, "spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    write_set(group, "times", &data, &size);
    write_set(group, "units", &data, &size);
    write_set(file, "labels", &data, &size);
    H5Gclose(group);
    H5Fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_event event[64];
    snn_events *events;
    uint32_t found = 1;
    snn_status rc;
    size_t got;

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    source.path = fuzz_path("recording.h5");
    write_file(source.path, data, size);
    rc = snn_events_open(&events, fuzz_context(1 << 20, false), &source);
    FUZZ_ANSWERS(rc);
    for (uint64_t i = 0; rc == SNN_OK && found; i++) {
        FUZZ_ANSWERS(rc = snn_events_seek(events, i, &found));
        if (rc == SNN_OK && found)
            FUZZ_ANSWERS(rc = snn_events_read(events, event, 64, &got));
    }
    snn_events_destroy(events);
    fuzz_done();
    return 0;
}
