/* Wrong use: every row of the table makes one mistake, and the library must say which. With the argument --table the
 * program prints the table as Markdown: the mistake, the code, the message. */
#include "misuse.h"
#include "misuse_mixup.h"
#include "misuse_ranks.h"

#define ARGUMENT SNN_ERR_ARGUMENT
#define SHAPE SNN_ERR_SHAPE
#define STATE SNN_ERR_STATE
#define UNSUPPORTED SNN_ERR_UNSUPPORTED
#define DIVERGED SNN_ERR_DIVERGED
#define TYPE SNN_ERR_TYPE

static const struct {
    const char *mistake;
    snn_status (*make)(struct world *w);
    snn_status code;
    const char *part; /* of the message */
} table[] = {
    { "the context is NULL", null_context, ARGUMENT, "context" },
    { "no room for the result", null_out, ARGUMENT, "out is NULL" },
    { "the network is NULL", null_network, ARGUMENT, "network" },
    { "the trainer is NULL", null_trainer, ARGUMENT, "trainer is NULL" },
    { "the layer is NULL", null_layer, ARGUMENT, "layer is NULL" },
    { "the samples are NULL", null_x, ARGUMENT, "x is NULL" },
    { "the labels are NULL", null_labels, ARGUMENT, "labels is NULL" },
    { "the data set is NULL", null_dataset, ARGUMENT, "data set is NULL" },
    { "5000 threads", bad_threads, ARGUMENT, "5000 threads" },
    { "allocate without release", half_an_allocator, ARGUMENT, "allocate and release" },
    { "an option of a later version", future_option, SNN_ERR_VERSION, "unknown to this version" },
    { "an input of rank 4", rank_four, SHAPE, "rank 4" },
    { "an input of size 0", size_zero, SHAPE, "an input of [3,0,8]; a sample has 1 to 1073741824 elements" },
    { "an input whose size overflows", size_huge, SHAPE, "elements" },
    { "a network without layers", empty_network, SHAPE, "no layers" },
    { "a linear layer on a map", linear_on_map, SHAPE, "layer a: linear takes vectors [N], got [2,5,5]" },
    { "a convolution larger than the map", window_too_large, SHAPE, "7x7 does not fit into [2,5,5]" },
    { "groups that do not divide the channels", groups_do_not_divide, SHAPE, "2 groups" },
    { "a pool larger than the map", pool_too_large, SHAPE, "6x6 does not fit into [2,5,5]" },
    { "a sum of two shapes", sum_of_two_shapes, SHAPE, "layer s: expected [2,3,3]" },
    { "memory that runs out", memory_runs_out, SNN_ERR_MEMORY, "out of memory" },
    { "standardised weights of fan-in 1", fan_in_of_one, SHAPE, "fan-in 1" },
    { "a map as the network's output", output_is_map, SHAPE, "must give a vector" },
    { "an unknown type of layer", unknown_type, ARGUMENT, "conv3d" },
    { "a name twice", name_taken, ARGUMENT, "\"f\" is taken" },
    { "a name with a dot", name_with_dot, ARGUMENT, "a.b" },
    { "a name with a control character", name_with_escape, ARGUMENT, "\"?[2Ja\"" },
    { "a name with one of two bytes", name_with_long_control, ARGUMENT, "\"a??2J\"" },
    { "a layer named input", name_reserved, ARGUMENT, "input" },
    { "an unknown method", unknown_method, ARGUMENT, "\"rtrl\"; there are bptt, sltt, ottt" },
    { "an unknown optimizer", unknown_optimizer, ARGUMENT, "lion" },
    { "an unknown neuron", unknown_neuron, ARGUMENT, "\"izhikevich\"; there are if, lif, cuba" },
    { "a tensor that the layer has not", unknown_tensor, ARGUMENT, "has no tensor \"gain\"" },
    { "a key of another type of layer", key_of_another_layer, ARGUMENT, "no parameter with key 103" },
    { "a decay for a neuron that has none", decay_of_if, ARGUMENT, "no parameter with key 2" },
    { "a text for a number", text_for_number, TYPE, "out is a whole number" },
    { "a real for a whole number", real_for_whole, TYPE, "out is a whole number" },
    { "a word for a number", word_for_number, TYPE, "\"five\" is not a number" },
    { "a fraction for a whole number", fraction_for_whole, TYPE, "\"2.5\" is not a whole number" },
    { "0 outputs", out_zero, ARGUMENT, "out = 0 is outside 1" },
    { "a decay above 1", decay_above_one, ARGUMENT, "decay = 1.5 is outside 0 .. 1" },
    { "a time constant below one step", tau_below_one, ARGUMENT, "tau = 0.5 is outside 1" },
    { "a threshold that is not a number", threshold_nan, ARGUMENT, "threshold = nan" },
    { "an unknown surrogate", unknown_surrogate, ARGUMENT, "\"relu\" is not one of sigmoid|" },
    { "a dropout rate of 1", rate_one, ARGUMENT, "rate = 1 is outside" },
    { "a negative learning rate", lr_negative, ARGUMENT, "lr = -0.1 is outside" },
    { "a beta for sgd", beta_of_sgd, ARGUMENT, "no parameter with key 205" },
    { "an unknown token of the notation", notation, ARGUMENT, "XY2" },
    { "a source that does not exist", source_missing, ARGUMENT, "reads \"nobody\", which does not exist" },
    { "a cycle without delay", cycle_without_delay, ARGUMENT, "only a connection with a delay" },
    { "layers that only read each other", only_itself, SHAPE, "depends on itself only" },
    { "a negative delay", delay_negative, ARGUMENT, "a delay of -2 steps" },
    { "the input read with a delay", input_delayed, ARGUMENT, "cannot be read with a delay" },
    { "a factor of the input read with a delay", input_in_place_delayed, ARGUMENT, "repeats the network's input" },
    { "two inputs for a layer that takes one", two_sources, ARGUMENT, "takes at most 1 inputs" },
    { "a layer added to a prepared network", add_after_prepare, STATE, "no layer can be added" },
    { "a layer changed in a prepared network", change_after_prepare, STATE,
      "out is fixed since the network was prepared" },
    { "steps changed in a prepared trainer", set_after_prepare, STATE, "steps is fixed" },
    { "a signal read outside of an observer", read_outside, STATE, "in an observer" },
    { "a step before prepare", not_prepared, STATE, "call snn_trainer_prepare() first" },
    { "a trainer without optimizer", no_optimizer, ARGUMENT, "call snn_evaluator_create()" },
    { "a step of an evaluator", evaluator_steps, STATE, "snn_trainer_create() makes a trainer that does" },
    { "a stream of an evaluator", evaluator_streams, STATE, "evaluator: it evaluates" },
    { "a checkpoint of an evaluator", evaluator_saves, STATE, "evaluator: it evaluates" },
    { "a checkpoint for an evaluator", evaluator_loads, STATE, "evaluator: it evaluates" },
    { "a projection for an evaluator", evaluator_projects, STATE, "evaluator: it evaluates" },
    { "a teacher for an evaluator", evaluator_is_taught, STATE, "evaluator: it evaluates" },
    { "logits for an evaluator", evaluator_gets_logits, STATE, "evaluator: it evaluates" },
    { "noise for an evaluator", evaluator_gets_noise, STATE, "evaluator: it evaluates" },
    { "gradients of an evaluator", evaluator_of_gradients, STATE, "evaluator: it evaluates" },
    { "a gradient read from an evaluator", evaluator_has_gradients, STATE, "evaluator: it evaluates" },
    { "tasks for an evaluator", evaluator_of_tasks, STATE, "evaluator: it evaluates" },
    { "a parameter of training in an evaluator", evaluator_shuffles, ARGUMENT, "evaluator has no parameter" },
    { "ottt through a maximum", maximum_with_ottt, UNSUPPORTED, "layer p pools by maximum" },
    { "ottt through attention", attention_with_ottt, UNSUPPORTED, "layer t: attention has no trace" },
    { "opzo through attention", attention_with_opzo, UNSUPPORTED, "layer t: attention has no trace" },
    { "ottt through a layer norm", norm_with_ottt, UNSUPPORTED, "layer t: layer_norm has no trace" },
    { "attention of two inputs", attention_of_two, ARGUMENT,
      "attention takes 3 inputs, queries, keys and values, got 2" },
    { "heads that do not divide the channels", attention_with_heads, SHAPE, "4 channels do not divide into 3 heads" },
    { "the loss of the mean without all steps", mean_with_sltt, UNSUPPORTED, "loss_on mean" },
    { "batch norm over all steps without all steps", norm_over_all_with_sltt, UNSUPPORTED, "layer bn" },
    { "more sampled steps than steps", more_samples_than_steps, UNSUPPORTED, "sampled_steps = 5 of only 4 steps" },
    { "feedback beside batch norm over all steps", feedback_with_norm_over_all, UNSUPPORTED, "exclude each other" },
    { "an output after all steps", late_output, UNSUPPORTED, "after 9 steps, and there are" },
    { "an option of another method", option_of_another_method, ARGUMENT, "no parameter with key 602" },
    { "label smoothing of 1", smoothing_one, ARGUMENT, "label_smoothing = 1 is outside" },
    { "mixup by next to nothing", mixup_small, UNSUPPORTED, "mixup is 0.0001" },
    { "mixup of encoded samples", mixup_of_spikes, UNSUPPORTED, "mixup needs the encoder direct" },
    { "mixup with a teacher", mixup_with_teacher, UNSUPPORTED, "distil" },
    { "mixup of targets", mixup_of_targets, UNSUPPORTED, "targets" },
    { "mixup of labels for each step", mixup_of_label_steps, UNSUPPORTED, "labels for each step" },
    { "mixup of samples with lengths", mixup_of_lengths, UNSUPPORTED, "end before the last step" },
    { "mixup with a loss of the host", mixup_with_loss, UNSUPPORTED, "the host's own loss" },
    { "mixup with forward alone", mixup_in_parts, UNSUPPORTED, "mixup mixes the labels" },
    { "mixup in a stream", mixup_in_stream, UNSUPPORTED, "mixup" },
    { "an unknown loss", unknown_loss, ARGUMENT, "\"hinge\" is not one of ce|mse|ce_mse" },
    { "a batch of 0", batch_zero, ARGUMENT, "a batch of 0 samples" },
    { "more samples than prepared for", batch_too_large, ARGUMENT, "5 samples; 1 to 4" },
    { "no samples", no_samples, ARGUMENT, "0 samples" },
    { "2 frames for 3 steps", frames_wrong, ARGUMENT, "2 frames; 1 (static) or 3" },
    { "labels and targets", labels_and_targets, ARGUMENT, "labels and targets; a batch has one or the other" },
    { "targets for 2 of 3 steps", two_target_frames, ARGUMENT, "2 target_frames; 1 (a target for each sample) or 3" },
    { "labels for 2 of 3 steps", two_label_frames, ARGUMENT, "2 target_frames; 1 (a label for each sample) or 3" },
    { "targets for a loss of labels", targets_for_labels, ARGUMENT, "the loss ce is of labels" },
    { "a target that is not a number", target_nan, DIVERGED, "the target of sample 1" },
    { "a loss of the host that is not a number", loss_nan, DIVERGED, "the host's loss of sample 1" },
    { "a loss of the host that fails", loss_fails, SNN_ERR_IO, "the host's loss returned SNN_ERR_IO" },
    { "a sample without frames", length_zero, ARGUMENT, "length 1 is 0; a sample has 1 to 3 frames" },
    { "a label beyond the outputs", label_too_large, ARGUMENT, "label 2 is 3; the network has 3 outputs" },
    { "metrics without a size", metrics_without_size, ARGUMENT, "SNN_METRICS_INIT" },
    { "a gradient into too little room", room_too_small, ARGUMENT, "20 numbers, there is room for 5" },
    { "the gradient of a tensor that is not there", gradient_of_nothing, ARGUMENT,
      "layer n has no tensor \"weight\"" },
    { "a gradient before the first step", gradient_too_early, STATE, "no step has formed a gradient" },
    { "the gradient of layer NULL", gradient_of_no_layer, ARGUMENT, "trainer sltt: layer is NULL" },
    { "the gradient of a layer of another network", gradient_of_another, ARGUMENT,
      "trainer sltt: layer linear1 is of another network" },
    { "the figures of a layer of another network", figures_of_another, ARGUMENT, "is of another network" },
    { "lateral neurons for a layer of another network", grow_another, ARGUMENT,
      "projection: layer linear1 is of another network" },
    { "a pixel that is not a number", pixel_nan, DIVERGED, "sample 1 holds a value that is not finite (step 1)" },
    { "an infinite pixel, in prediction", pixel_infinite, DIVERGED, "sample 1" },
    { "a weight of the readout that is not a number", weight_nan, DIVERGED, "not finite" },
    { "a hidden weight that is not a number", hidden_weight_nan, DIVERGED, "gradient" },
    { "a bias of the readout that is infinite", bias_infinite, DIVERGED, "loss" },
    { "a data set of another shape", set_of_other_shape, SHAPE, "expects samples [4], the data set has [1,3,3]" },
    { "a data set of other frames", set_of_other_frames, SHAPE, "7 frames do not fit 3 steps" },
    { "a data set of more classes", set_of_more_classes, SHAPE, "10 classes, the network 3 outputs" },
    { "a data set with a label beyond its classes", set_label, ARGUMENT,
      "sample 2 has label 9; there are 3 classes" },
    { "the same in evaluation", set_label_in_evaluation, ARGUMENT, "sample 2 has label 9; there are 3 classes" },
    { "a data set with a pixel that is not a number", set_nan, DIVERGED, "sample 2" },
    { "a data set whose callback fails", set_fails, SNN_ERR_IO, "" },
    { "a data file that is cut off while it is open", set_cut_off, SNN_ERR_IO, "has become shorter" },
    { "an unknown data format", unknown_format, ARGUMENT, "png" },
    { "batches of 1 with a batch norm over vectors", one_sample_for_norm, UNSUPPORTED, "layer bn: in batches of 1" },
    { "shards of one with a batch norm over vectors", shards_of_one, UNSUPPORTED,
      "layer bn: batches of 5 samples in 3 shards" },
    { "an observer of shards", shards_observed, UNSUPPORTED, "an observer sees a whole batch" },
    { "noise of the host for shards", shards_with_noise, UNSUPPORTED, "the host's noise is of a whole batch" },
    { "forward alone, of shards", shards_in_parts, UNSUPPORTED, "a batch is cut into shards" },
    { "shards that learn from a stream", shards_in_stream, UNSUPPORTED, "one rank" },
    { "the share of more samples than were prepared for", share_of_too_many, ARGUMENT, "5 samples; 1 to 4" },
    { "more ranks than shards", more_ranks_than_shards, ARGUMENT, "set shards to 2" },
    { "a communicator that cannot sum", communicator_without_sum, ARGUMENT, "must be set" },
    { "a communicator that starts and never finishes", communicator_without_finish, ARGUMENT,
      "both start and finish" },
    { "signs in any order", signs_in_any_order, UNSUPPORTED, "any order" },
    { "signs of a gradient that a projection keeps in its directions", signs_of_a_projection, UNSUPPORTED,
      "needs send float32 or bf16" },
    { "a communicator without a size", communicator_without_size, ARGUMENT, "snn_communicator_init()" },
    { "rank 2 of 2", rank_beyond_size, ARGUMENT, "rank 2 of 2" },
    { "a communicator after it is prepared", communicator_too_late, STATE, "before snn_trainer_prepare()" },
    { "another data set in the midst of an epoch", another_set, STATE, "4 of them done; this data set has 3" },
    { "a trainer that is prepared in its callback", prepared_in_callback, STATE, "it is at work" },
    { "a structure of a size that struct_size cannot hold", size_cut, ARGUMENT, "context options" },
    { "a layer removed that is not the last", removed_from_within, ARGUMENT, "last" },
    { "a reading of 1e21 into a batch norm", norm_of_huge, DIVERGED, "layer bn" },
    { "an error of 1e30 to learn from", update_too_large, DIVERGED, "gradient" },
    { "readings of 3e38 in a stream", stream_of_huge, DIVERGED, "" },
    { "a stream whose trainer was prepared again", stream_ended, STATE, "snn_trainer_stream()" },
    { "a part of the state of a stream", state_cut_short, SNN_ERR_FORMAT, "state" },
    { "a callback that asks to stop", cancelled, SNN_ERR_CANCELLED, "cancelled after 4 of 5 samples" },
};

#define ROWS (int)(sizeof table / sizeof *table)

START_TEST(test_row)
{
    struct world w;
    snn_status rc;

    open_world(&w);
    rc = table[_i].make(&w);
    ck_assert_msg(rc == table[_i].code, "%s: %s (%s)", table[_i].mistake, snn_status_name(rc), snn_last_error());
    ck_assert_msg(strstr(snn_last_error(), table[_i].part) != NULL, "%s: \"%s\" lacks \"%s\"", table[_i].mistake,
                  snn_last_error(), table[_i].part);
    close_world(&w);
}
END_TEST

/* No number of a network is worse for a step that diverged. */
START_TEST(test_parameters_stay)
{
    struct world w;
    float before[5 * 4 + 5 + 3 * 5 + 3];

    open_world(&w);
    ck_assert_uint_eq(w.net->n_parameters, sizeof before / sizeof *before);
    for (int kind = 0; kind < 2; kind++) {
        if (kind)
            spoil(&w, "hidden", NAN);
        memcpy(before, w.net->parameters, sizeof before);
        ck_assert_int_eq(kind ? step(&w, 1, BATCH) : pixel_nan(&w), SNN_ERR_DIVERGED);
        ck_assert_mem_eq(before, w.net->parameters, sizeof before);
    }
    close_world(&w);
}
END_TEST

/* A cancelled epoch goes on where it was. */
START_TEST(test_cancelled_goes_on)
{
    struct world w;

    open_world(&w);
    ck_assert_int_eq(cancelled(&w), SNN_ERR_CANCELLED);
    ck_assert_uint_eq(about(w.tr).epochs, 0);
    OK(snn_trainer_on_progress(w.tr, NULL, NULL));
    OK(epoch(&w, (struct odd_set){ GOOD }, true));
    ck_assert_uint_eq(about(w.tr).epochs, 1);
    close_world(&w);
}
END_TEST

/* Destroying nothing is fine. */
START_TEST(test_destroy_null)
{
    snn_trainer_destroy(NULL);
    snn_optimizer_destroy(NULL);
    snn_network_destroy(NULL);
    snn_neuron_destroy(NULL);
    snn_dataset_destroy(NULL);
    snn_context_destroy(NULL);
    ck_assert_ptr_null(snn_network_layer(NULL, 0));
    ck_assert_ptr_null(snn_network_layer_named(NULL, "a"));
}
END_TEST

START_TEST(print_row)
{
    struct world w;
    snn_status rc;

    open_world(&w);
    rc = table[_i].make(&w);
    printf("| %s | `%s` | ", table[_i].mistake, snn_status_name(rc));
    for (const char *c = snn_last_error(); *c; c++)
        printf(*c == '|' ? "\\|" : "%c", *c);
    printf(" |\n");
    close_world(&w);
}
END_TEST

/* A test that prints: Check's own macros work in nothing else. */
static int print_table(void)
{
    Suite *suite = suite_create("table");
    TCase *tc = tcase_create("table");
    SRunner *runner = srunner_create(suite);
    int failed;

    printf("| mistake | code | message |\n|---|---|---|\n");
    tcase_add_loop_test(tc, print_row, 0, ROWS);
    suite_add_tcase(suite, tc);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

int main(int argc, char **argv)
{
    Suite *suite;
    TCase *tc;

    if (argc > 1 && strcmp(argv[1], "--table") == 0)
        return print_table();
    suite = suite_create("trainer: wrong use");
    tc = tcase_create("table");
    tcase_add_loop_test(tc, test_row, 0, ROWS);
    tcase_add_test(tc, test_parameters_stay);
    tcase_add_test(tc, test_cancelled_goes_on);
    tcase_add_test(tc, test_destroy_null);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
