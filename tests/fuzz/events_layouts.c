/* Lists and label files of data sets of events: a byte that chooses the layout, a piece that is its list, and the
 * rest, which is a label file of DVS128 Gesture, or the other list. Recordings are not read. */
#include "fuzz.h"
#include <snn/events.h>
#include <string.h>

#define MOST ((size_t)1 << 20)

static void write_gesture(const struct fuzz_piece *list, const uint8_t *data, size_t size)
{
    static const char *const names[] = { "gesture/trials_to_train.txt", "gesture/trials_to_test.txt" };

    for (int i = 0; i < 2; i++)
        fuzz_write(names[i], list->data, list->size);
    fuzz_write("gesture/a_labels.csv", data, size);
    fuzz_write("gesture/b_labels.csv", data, size);
}

static void write_folders(const struct fuzz_piece *list, const uint8_t *data, size_t size)
{
    static const char *const names[] = { "folders/a/1", "folders/a/2", "folders/b c/1", "folders/b c/2" };

    for (int i = 0; i < 4; i++)
        fuzz_write(names[i], (const uint8_t *)"", 0);
    fuzz_write("folders/train.txt", list->data, list->size);
    fuzz_write("folders/test.txt", data, size);
}

static void check_list(const snn_events_list *list)
{
    snn_events_list_info info = SNN_EVENTS_LIST_INFO_INIT;

    FUZZ_HOLDS(snn_events_list_get_info(list, &info) == SNN_OK && info.samples > 0);
    for (uint64_t i = 0; i < info.samples; i++) {
        snn_events_item item = SNN_EVENTS_ITEM_INIT;

        FUZZ_HOLDS(snn_events_list_get_item(list, i, &item) == SNN_OK);
        FUZZ_HOLDS(item.label < info.classes && item.begin < item.end && item.path[0] != '\0');
        FUZZ_HOLDS(snn_events_list_class_name(list, item.label) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece piece = fuzz_cut(&data, &size);
    snn_events_data set = SNN_EVENTS_DATA_INIT;
    snn_events_list *list = NULL;
    snn_status rc;

    if (how & 1)
        write_gesture(&piece, data, size);
    else
        write_folders(&piece, data, size);
    set.layout = how & 1 ? "dvs-gesture" : "folders";
    set.directory = fuzz_path(how & 1 ? "gesture" : "folders");
    set.split = how & 2 ? SNN_SPLIT_TRAIN : SNN_SPLIT_TEST;
    FUZZ_ANSWERS(rc = snn_events_list_open(&list, fuzz_context(MOST, false), &set));
    if (rc == SNN_OK)
        check_list(list);
    snn_events_list_destroy(list);
    fuzz_done();
    return 0;
}
