/* abi [RECORD] - layout of every public struct, one line a field: offset, size, struct.field. Without an argument
 * prints it; with one compares it with the record, whose lines must all still hold: fields are appended, never
 * moved. */
#include <snn/snn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define WHOLE(type) { 0, sizeof(type), #type }
#define FIELD(type, field) { offsetof(type, field), sizeof(((type *)0)->field), #type "." #field }

struct row {
    size_t offset, size;
    const char *name;
};

static const struct row rows[] = {
    WHOLE(snn_context_options),
    FIELD(snn_context_options, struct_size),
    FIELD(snn_context_options, threads),
    FIELD(snn_context_options, seed),
    FIELD(snn_context_options, allocate),
    FIELD(snn_context_options, release),
    FIELD(snn_context_options, allocator_user),
    FIELD(snn_context_options, log),
    FIELD(snn_context_options, log_user),
    FIELD(snn_context_options, isa),
    FIELD(snn_context_options, reserved),
    WHOLE(snn_context_info),
    FIELD(snn_context_info, struct_size),
    FIELD(snn_context_info, threads),
    FIELD(snn_context_info, seed),
    FIELD(snn_context_info, isa),
    FIELD(snn_context_info, reserved),
    FIELD(snn_context_info, isa_name),
    FIELD(snn_context_info, bytes),
    FIELD(snn_context_info, peak_bytes),
    FIELD(snn_context_info, allocations),
    WHOLE(snn_sample),
    FIELD(snn_sample, struct_size),
    FIELD(snn_sample, label),
    FIELD(snn_sample, x),
    FIELD(snn_sample, target),
    FIELD(snn_sample, length),
    WHOLE(snn_dataset_source),
    FIELD(snn_dataset_source, struct_size),
    FIELD(snn_dataset_source, rank),
    FIELD(snn_dataset_source, shape),
    FIELD(snn_dataset_source, count),
    FIELD(snn_dataset_source, classes),
    FIELD(snn_dataset_source, frames),
    FIELD(snn_dataset_source, read),
    FIELD(snn_dataset_source, close),
    FIELD(snn_dataset_source, user),
    WHOLE(snn_dataset_info),
    FIELD(snn_dataset_info, struct_size),
    FIELD(snn_dataset_info, rank),
    FIELD(snn_dataset_info, shape),
    FIELD(snn_dataset_info, count),
    FIELD(snn_dataset_info, classes),
    FIELD(snn_dataset_info, frames),
    WHOLE(snn_product_shape),
    FIELD(snn_product_shape, struct_size),
    FIELD(snn_product_shape, samples),
    FIELD(snn_product_shape, channels),
    FIELD(snn_product_shape, side),
    FIELD(snn_product_shape, outputs),
    FIELD(snn_product_shape, kernel),
    FIELD(snn_product_shape, stride),
    FIELD(snn_product_shape, pad),
    FIELD(snn_product_shape, density),
    WHOLE(snn_shape),
    FIELD(snn_shape, rank),
    FIELD(snn_shape, dim),
    WHOLE(snn_tensor),
    FIELD(snn_tensor, struct_size),
    FIELD(snn_tensor, rank),
    FIELD(snn_tensor, dim),
    FIELD(snn_tensor, length),
    FIELD(snn_tensor, trained),
    FIELD(snn_tensor, reserved),
    FIELD(snn_tensor, name),
    FIELD(snn_tensor, data),
    WHOLE(snn_layer_info),
    FIELD(snn_layer_info, struct_size),
    FIELD(snn_layer_info, index),
    FIELD(snn_layer_info, name),
    FIELD(snn_layer_info, type),
    FIELD(snn_layer_info, in),
    FIELD(snn_layer_info, out),
    FIELD(snn_layer_info, parameters),
    FIELD(snn_layer_info, tensors),
    FIELD(snn_layer_info, inputs),
    FIELD(snn_layer_info, spiking),
    FIELD(snn_layer_info, reserved),
    WHOLE(snn_network_info),
    FIELD(snn_network_info, struct_size),
    FIELD(snn_network_info, layers),
    FIELD(snn_network_info, in),
    FIELD(snn_network_info, out),
    FIELD(snn_network_info, parameters),
    FIELD(snn_network_info, parameter_bytes),
    FIELD(snn_network_info, prepared),
    FIELD(snn_network_info, reserved),
    WHOLE(snn_param_info),
    FIELD(snn_param_info, struct_size),
    FIELD(snn_param_info, key),
    FIELD(snn_param_info, type),
    FIELD(snn_param_info, reserved),
    FIELD(snn_param_info, name),
    FIELD(snn_param_info, help),
    FIELD(snn_param_info, choices),
    FIELD(snn_param_info, min),
    FIELD(snn_param_info, max),
    FIELD(snn_param_info, number),
    FIELD(snn_param_info, text),
    WHOLE(snn_continual_info),
    FIELD(snn_continual_info, struct_size),
    FIELD(snn_continual_info, reserved),
    FIELD(snn_continual_info, tasks),
    FIELD(snn_continual_info, begun),
    FIELD(snn_continual_info, ended),
    FIELD(snn_continual_info, acc),
    FIELD(snn_continual_info, bwt),
    WHOLE(snn_projection_info),
    FIELD(snn_projection_info, struct_size),
    FIELD(snn_projection_info, reserved),
    FIELD(snn_projection_info, inputs),
    FIELD(snn_projection_info, rows),
    FIELD(snn_projection_info, frozen),
    FIELD(snn_projection_info, lr),
    WHOLE(snn_batch),
    FIELD(snn_batch, struct_size),
    FIELD(snn_batch, reserved),
    FIELD(snn_batch, samples),
    FIELD(snn_batch, frames),
    FIELD(snn_batch, x),
    FIELD(snn_batch, labels),
    FIELD(snn_batch, targets),
    FIELD(snn_batch, target_frames),
    FIELD(snn_batch, lengths),
    WHOLE(snn_metrics),
    FIELD(snn_metrics, struct_size),
    FIELD(snn_metrics, reserved),
    FIELD(snn_metrics, samples),
    FIELD(snn_metrics, loss),
    FIELD(snn_metrics, accuracy),
    FIELD(snn_metrics, seconds),
    FIELD(snn_metrics, learning_rate),
    FIELD(snn_metrics, gradient_norm),
    FIELD(snn_metrics, firing_rate),
    FIELD(snn_metrics, synops_dense),
    FIELD(snn_metrics, synops_mac),
    FIELD(snn_metrics, synops_ac),
    FIELD(snn_metrics, solver_residual),
    FIELD(snn_metrics, solver_iterations),
    FIELD(snn_metrics, solver_failures),
    FIELD(snn_metrics, equilibrium_gap),
    FIELD(snn_metrics, backward_rate),
    FIELD(snn_metrics, samples_per_second),
    WHOLE(snn_layer_metrics),
    FIELD(snn_layer_metrics, struct_size),
    FIELD(snn_layer_metrics, reserved),
    FIELD(snn_layer_metrics, firing_rate),
    FIELD(snn_layer_metrics, synops_dense),
    FIELD(snn_layer_metrics, synops_mac),
    FIELD(snn_layer_metrics, synops_ac),
    FIELD(snn_layer_metrics, backward_rate),
    WHOLE(snn_progress),
    FIELD(snn_progress, struct_size),
    FIELD(snn_progress, training),
    FIELD(snn_progress, epoch),
    FIELD(snn_progress, done),
    FIELD(snn_progress, total),
    FIELD(snn_progress, loss),
    FIELD(snn_progress, accuracy),
    FIELD(snn_progress, seconds),
};

#define ROWS (sizeof rows / sizeof *rows)

static void print_row(char *line, size_t size, const struct row *r)
{
    snprintf(line, size, "%4zu %4zu %s\n", r->offset, r->size, r->name);
}

/* Every line of the record stands in the table, and the other way round. */
static int compare(FILE *record)
{
    char line[256], mine[256];
    size_t n = 0;
    int status = 0;

    while (fgets(line, sizeof line, record)) {
        if (line[0] == '#')
            continue;
        mine[0] = '\0';
        if (n < ROWS)
            print_row(mine, sizeof mine, &rows[n]);
        n++;
        if (strcmp(line, mine) != 0) {
            printf("recorded: %sis now:   %s", line, mine[0] ? mine : "(nothing)\n");
            status = 1;
        }
    }
    if (n != ROWS) {
        printf("%zu rows are recorded, %zu exist\n", n, ROWS);
        status = 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    char line[256];
    FILE *record;
    int status;

    if (sizeof(void *) != 8) {
        puts("the record is for machines with 64-bit pointers");
        return 77;
    }
    if (argc < 2) {
        for (size_t i = 0; i < ROWS; i++) {
            print_row(line, sizeof line, &rows[i]);
            fputs(line, stdout);
        }
        return 0;
    }
    record = fopen(argv[1], "r");
    if (!record) {
        perror(argv[1]);
        return 1;
    }
    status = compare(record);
    fclose(record);
    if (status == 0)
        printf("%zu rows hold\n", ROWS);
    return status;
}
