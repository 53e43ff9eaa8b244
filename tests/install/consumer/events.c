/* A program that uses libsnn-events where it is installed: two events of N-MNIST in memory. */
#include <snn/events.h>
#include <stdio.h>

int main(void)
{
    static const unsigned char bytes[] = { 1, 2, 0x80, 0, 10, 3, 4, 0, 1, 0 };
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_context *context = NULL;
    snn_events *events = NULL;
    snn_event event[4];
    size_t got = 0;
    snn_status rc = snn_context_create(&context, NULL);

    source.data = bytes;
    source.size = sizeof bytes;
    source.format = "nmnist";
    if (rc == SNN_OK)
        rc = snn_events_open(&events, context, &source);
    if (rc == SNN_OK)
        rc = snn_events_read(events, event, 4, &got);
    if (rc != SNN_OK)
        fprintf(stderr, "events: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_events_destroy(events);
    snn_context_destroy(context);
    return rc == SNN_OK && got == 2 && event[1].t == 256 ? 0 : 1;
}
