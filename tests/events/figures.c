/* figures.c - a recording in figures. */
#include "figures.h"

struct figures figures_of(snn_events *events)
{
    static snn_event event[1000];
    struct figures f = { 0 };
    size_t got;

    do {
        OK(snn_events_read(events, event, 1000, &got));
        for (size_t i = 0; i < got; i++) {
            if (f.events++ == 0)
                f.first = event[i];
            f.last = event[i];
            f.on += event[i].p == 1;
            f.sum_x += event[i].x;
            f.sum_y += event[i].y;
        }
    } while (got == 1000);
    return f;
}
