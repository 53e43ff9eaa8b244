/* Parameters of frames of events: a piece of text, NAME VALUE a line, then the sides of the sensor, a byte each, and
 * events of five bytes. They become a frame, and two recordings a data set of such frames. */
#include "fuzz.h"
#include <math.h>
#include <snn/events.h>
#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)4 << 20)
#define EVENTS 64u
#define STEPS 64 /* of a data set that is read: each is a frame */

static void set_all(snn_event_frames *frames, char *text)
{
    for (char *line = text, *next = NULL; line != NULL; line = next) {
        char *value;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        value = strchr(line, ' ');
        if (value == NULL)
            continue;
        *value++ = '\0';
        FUZZ_ANSWERS(snn_event_frames_set_text(frames, line, value));
    }
}

static size_t length_of(const size_t *shape, uint32_t rank)
{
    return rank == 1 ? shape[0] : shape[0] * shape[1] * shape[2];
}

static void check_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        FUZZ_HOLDS(isfinite(x[i]));
}

static void make_frame(const snn_event_frames *frames, const uint8_t *data, size_t size)
{
    size_t shape[3], n = 0;
    snn_event event[EVENTS];
    uint32_t rank;
    float *frame;

    FUZZ_HOLDS(snn_event_frames_shape(frames, shape, &rank) == SNN_OK);
    frame = calloc(length_of(shape, rank), sizeof *frame);
    FUZZ_HOLDS(frame != NULL);
    for (; n < EVENTS && size >= 5; n++, data += 5, size -= 5)
        event[n] = (snn_event){ .t = data[0], .x = data[1], .y = (uint16_t)(data[2] << 8 | data[3]), .p = data[4] };
    FUZZ_HOLDS(snn_event_frames_add(frames, event, n, frame) == SNN_OK);
    FUZZ_HOLDS(snn_event_frames_finish(frames, frame) == SNN_OK);
    check_finite(frame, length_of(shape, rank));
    free(frame);
}

static void read_samples(const snn_dataset *set)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_sample sample = SNN_SAMPLE_INIT;
    size_t n;

    FUZZ_HOLDS(snn_dataset_get_info(set, &info) == SNN_OK && info.count > 0);
    n = info.shape[0] * info.shape[1] * info.shape[2];
    sample.x = malloc(n * sizeof *sample.x);
    FUZZ_HOLDS(sample.x != NULL);
    for (size_t i = 0; i < info.count && i < 4; i++)
        for (size_t t = 0; t < info.frames; t++) {
            FUZZ_HOLDS(snn_dataset_read(set, i, t, &sample) == SNN_OK);
            check_finite(sample.x, n);
        }
    free(sample.x);
}

static void open_set(snn_context *context, const snn_event_frames *frames)
{
    static const char recording[] = "# sensor 6x5\n10,0,0,1\n900,5,4,0\n2100,3,2,1\n2100,3,2,1\n7000,1,4,0\n";
    static const char *const names[] = { "set/a/1.csv", "set/b/1.csv" };
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_dataset *set;
    int64_t steps;
    snn_status rc;

    FUZZ_HOLDS(snn_event_frames_get_i64(frames, SNN_EVENT_FRAMES_STEPS, &steps) == SNN_OK);
    if (steps > STEPS)
        return;
    for (size_t i = 0; i < 2; i++)
        fuzz_write(names[i], (const uint8_t *)recording, sizeof recording - 1);
    data.layout = "folders";
    data.directory = fuzz_path("set");
    FUZZ_ANSWERS(rc = snn_events_dataset_open(&set, context, &data, frames));
    if (rc == SNN_OK)
        read_samples(set);
    snn_dataset_destroy(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fuzz_piece piece = fuzz_cut(&data, &size);
    const uint8_t width = fuzz_byte(&data, &size), height = fuzz_byte(&data, &size);
    char *text = fuzz_text(piece.data, piece.size);
    snn_context *context = fuzz_context(MOST, true);
    snn_event_frames *frames;
    snn_status rc;

    FUZZ_HOLDS(snn_event_frames_create(&frames, context) == SNN_OK);
    set_all(frames, text);
    FUZZ_ANSWERS(rc = snn_event_frames_prepare(frames, width, height));
    if (rc == SNN_OK)
        make_frame(frames, data, size);
    open_set(context, frames);
    snn_event_frames_destroy(frames);
    free(text);
    fuzz_done();
    return 0;
}
