/* hdf5.c - spikes of SHD and SSC in HDF5: /spikes/times and /spikes/units, lists of any length for each sample,
 * seconds and numbers of units; /labels, a class for each sample. Types and chunks are as their writer chose
 * (PyTables, h5py): libhdf5 converts them. A sample is a recording; it is held in memory as a whole. */
#include "reader.h"
#include <string.h>

static bool is_hdf5(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0;
}

#ifdef SNN_EVENTS_HDF5
#include <hdf5.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define SPIKES_MOST ((size_t)1 << 26) /* of a sample */
#define SAMPLES_MOST ((size_t)1 << 24)
#define UNPACKED_FREE ((size_t)1 << 20)
#define UNPACKED_MOST 100u /* bytes of a byte */

struct hdf5 {
    hid_t file, times, units, labels; /* labels: negative where there are none */
    hsize_t count;
    hvl_t time, unit; /* of the sample at hand: doubles, and int64_t */
    size_t at;
};

/* libhdf5 may be built for one thread at a time. It prints what goes wrong, unless it is told not to. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct silence {
    H5E_auto2_t print;
    void *data;
};

static struct silence enter(void)
{
    struct silence was = { NULL, NULL };

    pthread_mutex_lock(&lock);
    H5Eget_auto2(H5E_DEFAULT, &was.print, &was.data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return was;
}

static void leave(struct silence was)
{
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, was.print, was.data);
    pthread_mutex_unlock(&lock);
}

/* ---- the file ---- */

/* What a compressed file holds. */
struct image {
    uint8_t *bytes;
    size_t size, room;
};

static snn_status append(snn_events *e, struct image *image, const uint8_t *bytes, size_t size)
{
    const size_t room = 2 * (image->size + size);
    uint8_t *wider;

    if (image->room - image->size < size) {
        wider = snn__wider(e->ctx, image->bytes, image->size, room, 1);
        if (wider == NULL)
            return SNN_ERR_MEMORY;
        image->bytes = wider;
        image->room = room;
    }
    memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
    return SNN_OK;
}

/* All bytes of the one file in an archive. */
static snn_status unpack(snn_events *e, struct image *image)
{
    uint64_t packed;

    TRY(snn__tap_size(&e->tap, &packed));
    for (;;) {
        TRY(snn__octets_need(&e->in, e->ctx, 1));
        if (e->in.left == 0)
            return SNN_OK;
        TRY(append(e, image, e->in.at, e->in.left));
        snn__octets_take(&e->in, e->in.left);
        if (image->size > UNPACKED_FREE && image->size / UNPACKED_MOST > packed)
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.300s expands to more than %u times its size; unpack it first",
                                      snn__events_where(e), UNPACKED_MOST);
    }
}

static hid_t open_file(const snn_events_source *source)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file = -1;

    if (access < 0)
        return access;
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true); /* a folder that cannot be written to has no locks */
#endif
    if (source->data == NULL)
        file = H5Fopen(source->path, H5F_ACC_RDONLY, access);
    else if (H5Pset_fapl_core(access, 65536, false) >= 0 &&
             H5Pset_file_image(access, (void *)(uintptr_t)source->data, source->size) >= 0)
        file = H5Fopen("the recording in memory", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return file;
}

/* Number of elements of a list; -1: it is none. */
static int64_t length_of(hid_t set)
{
    const hid_t space = H5Dget_space(set);
    hsize_t length = 0;
    int64_t found = -1;

    if (space >= 0 && H5Sget_simple_extent_ndims(space) == 1 &&
        H5Sget_simple_extent_dims(space, &length, NULL) == 1 && length <= INT64_MAX)
        found = (int64_t)length;
    if (space >= 0)
        H5Sclose(space);
    return found;
}

/* Opens a list of numbers, or of lists of numbers; negative: there is none such. */
static hid_t open_list(hid_t file, const char *path, bool lists)
{
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    hid_t type = set >= 0 ? H5Dget_type(set) : -1, element = type;
    H5T_class_t class = H5T_NO_CLASS;

    if (type >= 0 && lists)
        element = H5Tget_class(type) == H5T_VLEN ? H5Tget_super(type) : -1;
    if (element >= 0)
        class = H5Tget_class(element);
    if (element >= 0 && element != type)
        H5Tclose(element);
    if (type >= 0)
        H5Tclose(type);
    if (set >= 0 && (class == H5T_INTEGER || class == H5T_FLOAT) && length_of(set) >= 0)
        return set;
    if (set >= 0)
        H5Dclose(set);
    return -1;
}

static snn_status open_lists(snn_events *e, struct hdf5 *s, const snn_events_source *source)
{
    s->file = open_file(source);
    if (s->file < 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s cannot be read as HDF5", snn__events_where(e));
    s->times = open_list(s->file, "/spikes/times", true);
    s->units = open_list(s->file, "/spikes/units", true);
    s->labels = H5Lexists(s->file, "/labels", H5P_DEFAULT) > 0 ? open_list(s->file, "/labels", false) : -1;
    if (s->times < 0 || s->units < 0)
        return snn_component_fail(SNN_ERR_FORMAT,
                                  "%.300s holds no lists of numbers /spikes/times and /spikes/units, as "
                                  "SHD and SSC do",
                                  snn__events_where(e));
    s->count = (hsize_t)length_of(s->times);
    if (length_of(s->units) != length_of(s->times) || (s->labels >= 0 && length_of(s->labels) != length_of(s->times)))
        return snn_component_fail(SNN_ERR_FORMAT,
                                  "%.300s: /spikes/times, /spikes/units and /labels have different "
                                  "lengths",
                                  snn__events_where(e));
    if (s->count == 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s holds no samples", snn__events_where(e));
    return SNN_OK;
}

/* ---- a sample ---- */

/* Reads element `index` of a list as `type`. */
static bool read_element(hid_t set, hid_t type, hsize_t index, void *to)
{
    const hid_t space = H5Dget_space(set), one = H5Screate(H5S_SCALAR);
    const hsize_t count = 1;
    const bool good = space >= 0 && one >= 0 &&
                      H5Sselect_hyperslab(space, H5S_SELECT_SET, &index, NULL, &count, NULL) >= 0 &&
                      H5Dread(set, type, one, space, H5P_DEFAULT, to) >= 0;

    if (space >= 0)
        H5Sclose(space);
    if (one >= 0)
        H5Sclose(one);
    return good;
}

static bool read_list(hid_t set, hid_t number, hsize_t index, hvl_t *to)
{
    const hid_t type = H5Tvlen_create(number);
    const bool good = type >= 0 && read_element(set, type, index, to);

    if (type >= 0)
        H5Tclose(type);
    return good;
}

static void drop_sample(struct hdf5 *s)
{
    H5free_memory(s->time.p);
    H5free_memory(s->unit.p);
    s->time = s->unit = (hvl_t){ 0, NULL };
    s->at = 0;
}

static snn_status load_sample(snn_events *e, struct hdf5 *s, uint64_t index)
{
    drop_sample(s);
    e->info.label = -1;
    if (!read_list(s->times, H5T_NATIVE_DOUBLE, index, &s->time) ||
        !read_list(s->units, H5T_NATIVE_INT64, index, &s->unit) ||
        (s->labels >= 0 && !read_element(s->labels, H5T_NATIVE_INT64, index, &e->info.label)))
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: sample %llu cannot be read", snn__events_where(e),
                                  (unsigned long long)index);
    if (s->time.len != s->unit.len || s->time.len > SPIKES_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: sample %llu has %zu times and %zu units",
                                  snn__events_where(e), (unsigned long long)index, s->time.len, s->unit.len);
    e->info.events = s->time.len;
    return SNN_OK;
}

/* ---- the format ---- */

static snn_status begin_hdf5(snn_events *e)
{
    snn_events_source source = e->source;
    struct hdf5 *s = e->state;
    struct image image = { .bytes = NULL };
    snn_status rc = SNN_OK;
    struct silence was;

    s->file = s->times = s->units = s->labels = -1;
    if (e->source.read != NULL || e->members > 0)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s is HDF5, which is read from a file, from memory or as the first file of an "
                                  "archive",
                                  snn__events_where(e));
    if (e->archive != NULL)
        rc = unpack(e, &image);
    if (image.bytes != NULL) {
        source.data = image.bytes;
        source.size = image.size;
    }
    was = enter();
    if (rc == SNN_OK)
        rc = open_lists(e, s, &source);
    if (rc == SNN_OK)
        rc = load_sample(e, s, 0);
    leave(was);
    snn_component_free(e->ctx, image.bytes);
    e->info.recordings = s->count;
    e->info.height = 1;
    return rc;
}

static snn_status seek_hdf5(snn_events *e, uint64_t index, bool *found)
{
    struct hdf5 *s = e->state;
    struct silence was;
    snn_status rc;

    *found = index < s->count;
    if (!*found) {
        e->at_hand = false;
        return SNN_OK;
    }
    was = enter();
    rc = load_sample(e, s, index);
    leave(was);
    e->read = 0;
    e->ended = false;
    e->at_hand = rc == SNN_OK;
    return rc;
}

static snn_status read_hdf5(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct hdf5 *s = e->state;
    const double *time = s->time.p;
    const int64_t *unit = s->unit.p;

    for (*got = 0; *got < most && s->at < s->time.len; s->at++, ++*got) {
        const double us = 1e6 * time[s->at];

        if (!(fabs(us) <= 0x1p53) || unit[s->at] < 0 || unit[s->at] > UINT16_MAX)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: spike %zu of sample %llu is of unit %lld at %g s",
                                      snn__events_where(e), s->at, (unsigned long long)e->info.index,
                                      (long long)unit[s->at], time[s->at]);
        out[*got] = (snn_event){ .t = (int64_t)rint(us), .x = (uint16_t)unit[s->at], .p = 1 };
    }
    return SNN_OK;
}

static void end_hdf5(snn_events *e)
{
    struct hdf5 *s = e->state;
    const struct silence was = enter();
    const hid_t set[] = { s->times, s->units, s->labels };

    drop_sample(s);
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (set[i] >= 0)
            H5Dclose(set[i]);
    if (s->file >= 0)
        H5Fclose(s->file);
    leave(was);
}

/* ---- labels ---- */

extern const struct snn__events_format snn__events_hdf5;

static bool read_labels(hid_t set, int64_t *label)
{
    return H5Dread(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, label) >= 0;
}

snn_status snn__hdf5_labels(snn_events *e, int64_t **label, size_t *count)
{
    const struct hdf5 *s = e->state;
    struct silence was;
    bool good;

    if (e->format != &snn__events_hdf5 || s->labels < 0 || s->count > SAMPLES_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s holds no labels of samples, as SHD and SSC do",
                                  snn__events_where(e));
    *count = (size_t)s->count;
    *label = snn_component_alloc(e->ctx, *count, sizeof **label);
    if (*label == NULL)
        return SNN_ERR_MEMORY;
    was = enter();
    good = read_labels(s->labels, *label);
    leave(was);
    return good ? SNN_OK
                : snn_component_fail(SNN_ERR_FORMAT, "%.300s: its labels cannot be read", snn__events_where(e));
}

const struct snn__events_format snn__events_hdf5 = { .name = "hdf5",
                                                     .text = "SHD and SSC, HDF5: spikes of units",
                                                     .state = sizeof(struct hdf5),
                                                     .is = is_hdf5,
                                                     .begin = begin_hdf5,
                                                     .read = read_hdf5,
                                                     .seek = seek_hdf5,
                                                     .end = end_hdf5 };
#else
const struct snn__events_format snn__events_hdf5 = {
    .name = "hdf5", .text = "SHD and SSC, HDF5: spikes of units", .lacks = "libhdf5-dev", .is = is_hdf5
};

snn_status snn__hdf5_labels(snn_events *e, int64_t **label, size_t *count)
{
    *label = NULL;
    *count = 0;
    return snn_component_fail(SNN_ERR_FORMAT, "%.300s holds no labels of samples, as SHD and SSC do",
                              snn__events_where(e));
}
#endif
