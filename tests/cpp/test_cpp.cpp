// The C++ header: handles that own and move, exceptions that arrive, views whose sizes are checked.
#include <snn/snn.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

struct Failed {
    std::string what;
};

void expect(bool holds, const char *what)
{
    if (!holds)
        throw Failed{ what };
}

// The status of the snn::Error that a call throws; SNN_OK if it throws none.
template <typename Call> snn_status status_of(Call call)
{
    try {
        call();
    } catch (const snn::Error &error) {
        expect(!error.message().empty(), "an error has a message");
        expect(std::string(error.what()) == std::string(snn_status_name(error.status())) + ": " + error.message(),
               "what() is status and message");
        return error.status();
    }
    return SNN_OK;
}

struct Mistake : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The text of the Mistake that a call throws; "" if it throws none.
template <typename Call> std::string mistake_of(Call call)
{
    try {
        call();
    } catch (const Mistake &mistake) {
        return mistake.what();
    }
    return "";
}

snn_context_options threads(std::uint32_t n)
{
    snn_context_options options = snn::Context::options();

    options.threads = n;
    return options;
}

// Two classes of points; sample `bad` throws.
snn::Dataset points(const snn::Context &ctx, std::size_t bad = SIZE_MAX)
{
    snn::DatasetShape shape;

    shape.shape = { 2 };
    shape.count = 64;
    shape.classes = 2;
    return { ctx, shape, [bad](std::size_t index, std::size_t, snn_sample &sample) {
                if (index >= bad)
                    throw Mistake("sample " + std::to_string(index));
                sample.label = index % 2;
                sample.x[0] = index % 2 ? 1.0f : -1.0f;
                sample.x[1] = 0.01f * static_cast<float>(index);
            } };
}

// As points(), but the second batch of 8 throws.
snn::Dataset odd(const snn::Context &ctx)
{
    snn::DatasetShape shape;

    shape.shape = { 2 };
    shape.count = 64;
    shape.classes = 2;
    return { ctx, shape, [](std::size_t index, std::size_t, snn_sample &sample) {
                if (index == 9)
                    throw Mistake("sample 9");
                sample.label = index % 2;
                sample.x[0] = sample.x[1] = 1.0f;
            } };
}

// A trainer with what it needs, in the order in which it may be destroyed.
struct Setup {
    explicit Setup(std::uint32_t n = 1)
        : ctx(threads(n)), net(snn::Network::build(ctx, "2-16-2", { 2 }, 2)), adam(ctx, "adam")
    {
        trainer.set(SNN_TRAINER_STEPS, 4);
    }

    snn::Context ctx;
    snn::Network net;
    snn::Optimizer adam;
    snn::Trainer trainer{ net, adam, "ottt" };
};

// ---- tests

void owns_and_moves()
{
    static_assert(!std::is_copy_constructible_v<snn::Network> && std::is_nothrow_move_constructible_v<snn::Network>);
    static_assert(!std::is_copy_constructible_v<snn::Trainer> && std::is_nothrow_move_constructible_v<snn::Trainer>);
    static_assert(!std::is_copy_constructible_v<snn::Dataset> && std::is_nothrow_move_constructible_v<snn::Stream>);
    Setup s;
    const snn_context *before = s.ctx.get();
    std::vector<snn::Network> nets;

    nets.push_back(snn::Network::build(s.ctx, "2-4-2", { 2 }, 2));
    nets.push_back(snn::Network(s.ctx, { 3, 8, 8 }));
    expect(nets[0].size() == 3 && nets[1].size() == 0, "networks have layers");
    snn::Context moved = std::move(s.ctx);
    expect(moved.get() == before && s.ctx.get() == nullptr, "a moved handle leaves nothing behind");
    s.ctx = std::move(moved);
}

void errors_carry_status_and_message()
{
    Setup s;

    expect(status_of([&] { snn::Neuron(s.ctx, "no_such_neuron"); }) == SNN_ERR_ARGUMENT, "an unknown neuron");
    expect(status_of([&] { snn::Network::load(s.ctx, "/nonexistent/file"); }) == SNN_ERR_IO, "a missing file");
    expect(status_of([&] { s.net["nobody"]; }) == SNN_ERR_ARGUMENT, "an unknown layer");
    expect(status_of([&] { s.net[1000]; }) == SNN_ERR_ARGUMENT, "a layer past the last");
    expect(status_of([&] { s.trainer.set("no_such_parameter", 1); }) == SNN_ERR_ARGUMENT, "an unknown parameter");
    expect(status_of([&] { s.adam.set(SNN_OPTIMIZER_LR, "fast"); }) == SNN_ERR_TYPE, "a text for a number");
}

void parameters_by_key_and_name()
{
    Setup s;

    s.adam.set(SNN_OPTIMIZER_LR, 0.5).set("beta1", 0.25f).set("schedule", "cosine").set("epochs", 7);
    expect(s.adam.get_real(SNN_OPTIMIZER_LR) == 0.5 && s.adam.get_real(SNN_OPTIMIZER_BETA1) == 0.25, "real numbers");
    expect(s.adam.get_text(SNN_OPTIMIZER_SCHEDULE) == "cosine" && s.adam.get_whole(SNN_OPTIMIZER_EPOCHS) == 7,
           "the others");
    s.adam.set("lr", 1).set("lr", "0.125");
    expect(s.adam.get_real(SNN_OPTIMIZER_LR) == 0.125, "a text by name is read");
    s.adam.set(SNN_OPTIMIZER_LR, 2);
    expect(s.adam.get_real(SNN_OPTIMIZER_LR) == 2.0, "a whole number is taken for a real one");
    s.trainer.set("shuffle", false);
    expect(s.trainer.get_whole(SNN_TRAINER_SHUFFLE) == 0 && !s.trainer.parameters().empty(), "a switch");
}

void names_are_listed()
{
    bool ottt = false, lif = false;

    for (const std::string &name : snn::names(SNN_NAME_METHOD))
        ottt |= name == "ottt";
    for (const std::string &name : snn::names(SNN_NAME_NEURON))
        lif |= name == "lif";
    expect(ottt && lif && snn::version() == SNN_VERSION_STRING, "methods, neurons, version");
}

void trains_and_evaluates()
{
    Setup s;
    snn::Trainer evaluator = snn::Trainer::evaluator(s.net);
    const snn::Dataset data = points(s.ctx);

    s.adam.set("lr", 0.02);
    s.trainer.prepare(16);
    evaluator.set("steps", 4).prepare(16);
    for (int epoch = 0; epoch < 20; epoch++)
        s.trainer.epoch(data);
    expect(s.trainer.evaluate(data).accuracy == 1.0 && evaluator.evaluate(data).accuracy == 1.0, "it learns");
    const std::vector<float> sums = evaluator.predict(snn::Batch(1, std::array<float, 2>{ 1.0f, 0.0f }));
    expect(sums.size() == 2 && sums[1] > sums[0], "it predicts");
}

void batches_know_their_sizes()
{
    Setup s;
    const std::vector<float> x(6, 0.5f);
    const std::array<std::uint32_t, 3> y{ 0, 1, 0 };

    s.trainer.prepare(4);
    expect(s.trainer.step(snn::Batch(3, x).labels(y)).samples == 3, "a batch");
    expect(status_of([&] { s.trainer.step(snn::Batch(4, x).labels(y)); }) == SNN_ERR_SHAPE, "labels are too few");
    expect(status_of([&] { s.trainer.step(snn::Batch(2, x)); }) == SNN_ERR_SHAPE, "x is too long");
    expect(status_of([&] { s.trainer.step(snn::Batch(3, x)); }) == SNN_ERR_ARGUMENT, "neither labels nor targets");
    expect(status_of([&] { s.trainer.predict(snn::Batch(SIZE_MAX / 4, x)); }) == SNN_ERR_SHAPE,
           "looked at before room is taken");
    expect(status_of([&] { s.trainer.step(snn::Batch(3, x).targets(x, 4)); }) == SNN_ERR_SHAPE,
           "targets are too few");
}

void exceptions_of_data_arrive()
{
    for (const std::uint32_t n : { 1u, 3u }) {
        Setup s(n);
        const snn::Dataset good = points(s.ctx), bad = points(s.ctx, 40);

        s.trainer.set("shuffle", false).prepare(16);
        expect(mistake_of([&] { s.trainer.epoch(bad); }) == "sample 40",
               "the exception of the lowest sample arrives");
        s.trainer.restart_epoch();
        expect(s.trainer.epoch(good).samples == 64, "and the next epoch trains");
        expect(mistake_of([&] { s.trainer.evaluate(bad); }) == "sample 40", "in evaluation, too");
        s.trainer.set("skip_unreadable", true);
        expect(s.trainer.epoch(bad).samples == 32, "batches that threw are left out where that is asked for");
    }
}

void exceptions_of_callbacks_arrive()
{
    Setup s;
    const snn::Dataset data = points(s.ctx);
    int batches = 0;

    s.trainer.observe(true, false, [](snn_phase phase, std::size_t step) {
        if (phase == SNN_PHASE_FORWARD && step == 3)
            throw Mistake("observer");
    });
    s.trainer.prepare(16);
    expect(mistake_of([&] { s.trainer.evaluate(data); }) == "observer", "of an observer");

    Setup p;
    const snn::Dataset more = points(p.ctx);
    p.trainer.prepare(16);
    p.trainer.on_progress([&](const snn_progress &) -> bool {
        if (++batches == 2)
            throw Mistake("progress");
        return batches != 3;
    });
    expect(mistake_of([&] { p.trainer.epoch(more); }) == "progress", "of progress");
    expect(status_of([&] { p.trainer.epoch(more); }) == SNN_ERR_CANCELLED, "false ends the call");
    p.trainer.on_progress(nullptr);
    expect(p.trainer.epoch(more).samples == 64, "and the epoch goes on from there");
    snn::Trainer moved = std::move(p.trainer);
    moved.on_loss([](const snn_loss_call &) { throw Mistake("loss"); });
    expect(mistake_of([&] { moved.epoch(more); }) == "loss", "of a loss, in a trainer that was moved");
}

// A function that is still whole after `replace` was called in it: sanitizers see whether it is.
void callbacks_replace_themselves()
{
    Setup s;
    const snn::Dataset data = points(s.ctx);
    const std::string text(100, 'x');
    int progress = 0, refused = 0, losses = 0, looks = 0;
    bool whole = true;
    const auto count = [&](const snn_loss_call &) { losses++; };

    s.trainer.prepare(16);
    s.trainer.on_progress([&, text](const snn_progress &) {
        s.trainer.on_progress(nullptr);
        whole &= text == std::string(100, 'x');
        progress++;
        return true;
    });
    s.trainer.epoch(data);
    expect(progress == 1 && whole, "progress ends itself");
    s.trainer.on_loss([&, text](const snn_loss_call &call) {
        refused += status_of([&] { s.trainer.on_loss(nullptr); }) == SNN_ERR_STATE;
        whole &= text == std::string(100, 'x');
        count(call);
    });
    s.trainer.epoch(data);
    expect(losses == 16 && refused == losses && whole, "a refused change of the loss changes nothing");
    s.trainer.on_loss(nullptr);
    refused = 0;
    s.trainer.observe(true, false, [&](snn_phase, std::size_t) {
        looks++;
        refused += status_of([&] { s.trainer.observe(false, false, nullptr); }) == SNN_ERR_STATE;
    });
    s.trainer.epoch(data);
    expect(looks > 0 && refused == looks, "a prepared trainer takes an observer, but not in a callback");
    s.trainer.observe(false, false, nullptr);
    s.trainer.epoch(data);
    expect(refused == looks, "and lets it go");
}

void exceptions_of_observers_end_epochs()
{
    Setup s;
    const snn::Dataset data = points(s.ctx);
    int looked = 0;

    s.trainer.observe(false, false, [&](snn_phase phase, std::size_t step) {
        if (phase == SNN_PHASE_FORWARD && step == 0 && ++looked == 2)
            throw Mistake("observer");
    });
    s.trainer.prepare(16);
    expect(mistake_of([&] { s.trainer.epoch(data); }) == "observer" && looked == 2, "the epoch ends with its batch");
    expect(s.trainer.epoch(data).samples == 64 && looked == 4, "and goes on from there");
}

void exceptions_that_were_left_out_are_over()
{
    Setup s;
    const snn::Dataset data = odd(s.ctx);

    s.trainer.set("shuffle", false).set("skip_unreadable", true).prepare(8);
    s.trainer.on_progress([](const snn_progress &progress) { return progress.done < 32; });
    expect(status_of([&] { s.trainer.epoch(data); }) == SNN_ERR_CANCELLED, "the call ended for another reason");
    s.trainer.restart_epoch();
    s.trainer.on_progress([](const snn_progress &progress) {
        if (progress.done == 32)
            throw Mistake("progress");
        return true;
    });
    expect(mistake_of([&] { s.trainer.epoch(data); }) == "progress", "or another exception");
    data.rethrow(); /* nothing is left */
}

[[maybe_unused]] void exceptions_of_shared_data_arrive()
{
    const snn::Context ctx(threads(1));
    const snn::Dataset bad = points(ctx, 8);
    std::array<int, 2> arrived{};
    std::vector<std::thread> all;

    for (int &n : arrived)
        all.emplace_back([&bad, &n] {
            Setup s;

            s.trainer.set("shuffle", false).prepare(16);
            for (int i = 0; i < 500; i++)
                n += mistake_of([&] { s.trainer.evaluate(bad); }) == "sample 8";
        });
    for (std::thread &thread : all)
        thread.join();
    expect(arrived[0] == 500 && arrived[1] == 500, "in both threads that read the data set");
}

void the_hosts_loss_trains()
{
    Setup s;
    const snn::Dataset data = points(s.ctx);
    double first = 0, last = 0;

    s.adam.set("lr", 0.02);
    s.trainer.on_loss([](const snn_loss_call &call) {
        for (std::size_t b = 0; b < call.samples; b++) {
            call.loss[b] = 0;
            for (std::size_t c = 0; c < call.outputs; c++) {
                const std::size_t i = b * call.outputs + c;
                const double distance = call.output[i] - (c == call.labels[b] ? 1.0 : 0.0);

                call.loss[b] += 0.5 * distance * distance;
                if (call.error != nullptr)
                    call.error[i] = distance;
            }
        }
    });
    s.trainer.prepare(16);
    for (int epoch = 0; epoch < 10; epoch++) {
        last = s.trainer.epoch(data).loss;
        first = epoch == 0 ? last : first;
    }
    expect(last < 0.5 * first, "the host's loss becomes smaller");
}

void streams_run_and_learn()
{
    Setup s;
    snn::Stream stream(s.net);
    const std::array<float, 2> in{ 1.0f, 0.5f };
    std::array<float, 2> out{}, same{};
    std::array<float, 3> wrong{};

    expect(stream.step(in, out) == SNN_OK && stream.step(wrong, out) == SNN_ERR_SHAPE, "a step");
    snn::Stream moved = std::move(stream);
    expect(moved.reset() == SNN_OK && moved.step(in, same) == SNN_OK && out == same, "again, after a move");

    s.trainer.set("steps", 1).prepare(1);
    snn::LearningStream learning = s.trainer.stream();
    const float before = s.net["fc1"].numbers("weight")[0];
    bool changed = false;
    for (int t = 0; t < 20; t++) {
        expect(learning.step(in, out) == SNN_OK && learning.learn(same) == SNN_OK, "learns from an error");
        expect(learning.step(in, out) == SNN_OK && learning.learn_label(1) == SNN_OK, "from a label");
    }
    for (const float w : s.net["fc1"].numbers("weight"))
        changed |= w != before;
    expect(changed, "weights");
    expect(learning.step(in, out) == SNN_OK && learning.learn(wrong) == SNN_ERR_SHAPE, "not from what does not fit");
}

void networks_by_hand()
{
    const snn::Context ctx(threads(1));
    snn::Network net(ctx, { 1, 6, 6 });
    const snn::Neuron lif = std::move(snn::Neuron(ctx, "lif").set("tau", 4.0).set("surrogate", "triangle"));

    net.add("conv2d", "first").set("out", 3).set("kernel", 3);
    net.add(lif);
    net.add("flatten");
    net.add("linear", "readout").set(SNN_LAYER_OUT, 2);
    net.prepare();
    expect(net.size() == 4 && net["readout"].type() == "linear" && net[0].name() == "first", "layers");
    expect(net["first"].numbers("weight").size() == 27, "and their tensors");
    net.set_note("author", "nobody");
    snn::Network copy = snn::Network::parse(ctx, net.describe());
    expect(copy.size() == 4 && net.note("author") == "nobody" && net.note("other").empty(),
           "described, parsed, noted");

    const std::string path = "test_cpp.snn";
    net.save(path);
    const std::string author = snn::Model(ctx, path).note("author");
    const std::size_t loaded = snn::Network::load(ctx, path).size();
    std::remove(path.c_str());
    expect(author == "nobody" && loaded == 4, "saved, looked at, loaded");
}

struct Test {
    const char *name;
    void (*run)();
};

const Test tests[] = {
    { "owns and moves", owns_and_moves },
    { "errors carry status and message", errors_carry_status_and_message },
    { "parameters by key and name", parameters_by_key_and_name },
    { "names are listed", names_are_listed },
    { "trains and evaluates", trains_and_evaluates },
    { "batches know their sizes", batches_know_their_sizes },
    { "exceptions of data arrive", exceptions_of_data_arrive },
    { "exceptions of callbacks arrive", exceptions_of_callbacks_arrive },
    { "callbacks replace themselves", callbacks_replace_themselves },
    { "exceptions of observers end epochs", exceptions_of_observers_end_epochs },
    { "exceptions that were left out are over", exceptions_that_were_left_out_are_over },
#if !defined(__SANITIZE_THREAD__) // two threads hold one exception: who counts them is in libstdc++, not to be seen
    { "exceptions of shared data arrive", exceptions_of_shared_data_arrive },
#endif
    { "the host's loss trains", the_hosts_loss_trains },
    { "streams run and learn", streams_run_and_learn },
    { "networks by hand", networks_by_hand },
};

} // namespace

int main()
{
    int failed = 0;

    for (const Test &test : tests)
        try {
            test.run();
        } catch (const Failed &failure) {
            std::printf("%s: not so: %s\n", test.name, failure.what.c_str());
            failed++;
        } catch (const std::exception &error) {
            std::printf("%s: %s\n", test.name, error.what());
            failed++;
        }
    std::printf("%zu tests, %d failed\n", std::size(tests), failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
