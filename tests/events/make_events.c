/* make_events FOLDER COUNT [WRITER] - writes a recording of COUNT events in every format, FOLDER/WRITER: to time
 * their readers with snn events --speed, and for fuzzing to begin with. */
#include "write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const size_t n = argc > 2 ? (size_t)strtoull(argv[2], NULL, 10) : 0;
    snn_event *event = malloc((n + 1) * sizeof *event);

    if (n == 0 || event == NULL) {
        fprintf(stderr, "usage: make_events FOLDER COUNT [WRITER]\n");
        return 2;
    }
    make_events(event, n);
    for (size_t i = 0; writer_at(i) != NULL; i++) {
        const struct writer *w = writer_at(i);
        struct bytes file = { 0 };
        char path[4096];
        FILE *f;

        if (argc > 3 && strcmp(argv[3], w->name) != 0)
            continue;
        w->write(&file, event, n);
        snprintf(path, sizeof path, "%s/%s", argv[1], w->name);
        f = fopen(path, "wb");
        if (f == NULL || fwrite(file.data, 1, file.size, f) != file.size || fclose(f) != 0) {
            perror(path);
            return 1;
        }
        drop(&file);
    }
    free(event);
    return 0;
}
