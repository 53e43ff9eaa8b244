// host [EPOCHS] - a C++ program that brings its own data and trains one network with two methods
//
// The data are two interleaved half circles ("two moons"), made on the fly by a callback. The handles of the C interface
// become std::unique_ptr, its status codes exceptions; nothing more is needed to use the library from C++.
#include <snn/snn.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

template <typename T, void (*destroy)(T *)> struct Destroy {
    void operator()(T *handle) const { destroy(handle); }
};
template <typename T, void (*destroy)(T *)> using Handle = std::unique_ptr<T, Destroy<T, destroy>>;

using Context = Handle<snn_context, snn_context_destroy>;
using Dataset = Handle<snn_dataset, snn_dataset_destroy>;
using Network = Handle<snn_network, snn_network_destroy>;
using Optimizer = Handle<snn_optimizer, snn_optimizer_destroy>;
using Trainer = Handle<snn_trainer, snn_trainer_destroy>;

void check(snn_status status)
{
    if (status != SNN_OK)
        throw std::runtime_error(std::string(snn_status_name(status)) + ": " + snn_last_error());
}

// make<Network>(snn_network_build, ctx, ...): calls a constructor of the C interface, whose result comes first.
template <typename H, typename Create, typename... Args> H make(Create create, Args... args)
{
    typename H::pointer handle = nullptr;
    check(create(&handle, args...));
    return H(handle);
}

// Two moons: sample `index` is a function of the seed and the index alone, so any thread may ask for any sample.
class Moons {
public:
    explicit Moons(std::uint32_t seed) : seed_(seed) {}

    Dataset dataset(snn_context *ctx, std::size_t count)
    {
        snn_dataset_source source;
        check(snn_dataset_source_init(&source, sizeof source));
        source.rank = 1;
        source.shape[0] = 2;
        source.count = count;
        source.classes = 2;
        source.frames = 1; // one static sample, seen at every time step
        source.read = read;
        source.user = this;
        return make<Dataset>(snn_dataset_create, ctx, &source);
    }

private:
    // Called by the library: must not throw.
    static snn_status read(void *user, std::size_t index, std::size_t, snn_sample *sample) noexcept
    {
        const Moons *self = static_cast<const Moons *>(user);
        const auto i = static_cast<std::uint32_t>(index);
        const float angle = 3.14159265f * self->uniform(3 * i);
        const float sign = (i % 2) ? -1.0f : 1.0f;

        sample->label = i % 2;
        sample->x[0] = sign * (std::cos(angle) - 0.5f) + 0.2f * (self->uniform(3 * i + 1) - 0.5f);
        sample->x[1] = sign * (std::sin(angle) - 0.25f) + 0.2f * (self->uniform(3 * i + 2) - 0.5f);
        return SNN_OK;
    }

    // Uniform in [0, 1): a hash of counter and seed.
    float uniform(std::uint32_t counter) const
    {
        std::uint32_t h = counter * 0x9e3779b9u + seed_;
        h = (h ^ (h >> 16)) * 0x85ebca6bu;
        h = (h ^ (h >> 13)) * 0xc2b2ae35u;
        h ^= h >> 16;
        return static_cast<float>(h >> 8) / 16777216.0f;
    }

    std::uint32_t seed_;
};

void train(snn_context *ctx, const char *method, int epochs)
{
    Moons seen(1), unseen(2);
    Dataset data = seen.dataset(ctx, 1024), held = unseen.dataset(ctx, 512);
    const std::size_t shape[1] = { 2 };

    Network net = make<Network>(snn_network_build, ctx, "2-64-2", shape, 1, 2, nullptr);
    Optimizer adam = make<Optimizer>(snn_optimizer_create, ctx, "adam");
    check(snn_optimizer_set_f64(adam.get(), SNN_OPTIMIZER_LR, 0.01));
    Trainer trainer = make<Trainer>(snn_trainer_create, net.get(), adam.get(), method);
    check(snn_trainer_set_i64(trainer.get(), SNN_TRAINER_STEPS, 8));
    check(snn_trainer_prepare(trainer.get(), 32));

    snn_metrics fit = SNN_METRICS_INIT, test = SNN_METRICS_INIT;
    for (int epoch = 0; epoch < epochs; epoch++)
        check(snn_trainer_epoch(trainer.get(), data.get(), &fit));
    check(snn_trainer_evaluate(trainer.get(), held.get(), &test));
    std::printf("%-5s loss %.4f  train %.2f%%  test %.2f%%\n", method, fit.loss, 100.0 * fit.accuracy,
                100.0 * test.accuracy);
}

} // namespace

int main(int argc, char **argv)
{
    const int epochs = argc > 1 ? std::atoi(argv[1]) : 20;

    try {
        Context ctx = make<Context>(snn_context_create, nullptr);
        for (const char *method : { "bptt", "ottt" })
            train(ctx.get(), method, epochs);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "host: %s\n", error.what());
        return 1;
    }
    return 0;
}
