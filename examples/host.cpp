// host [EPOCHS] - a C++ program that brings its own data and trains one network with two methods
//
// The data are two interleaved half circles ("two moons"), made on the fly by a function.
#include <snn/snn.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

// Uniform in [0, 1): a hash of counter and seed.
float uniform(std::uint32_t counter, std::uint32_t seed)
{
    std::uint32_t h = counter * 0x9e3779b9u + seed;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    h ^= h >> 16;
    return static_cast<float>(h >> 8) / 16777216.0f;
}

// Sample `index` is a function of the seed and the index alone, so any thread may ask for any sample.
snn::Dataset moons(const snn::Context &ctx, std::size_t count, std::uint32_t seed)
{
    snn::DatasetShape shape;
    shape.shape = { 2 };
    shape.count = count;
    shape.classes = 2;

    return { ctx, shape, [seed](std::size_t index, std::size_t, snn_sample &sample) {
                const auto i = static_cast<std::uint32_t>(index);
                const float angle = 3.14159265f * uniform(3 * i, seed);
                const float sign = (i % 2) ? -1.0f : 1.0f;

                sample.label = i % 2;
                sample.x[0] = sign * (std::cos(angle) - 0.5f) + 0.2f * (uniform(3 * i + 1, seed) - 0.5f);
                sample.x[1] = sign * (std::sin(angle) - 0.25f) + 0.2f * (uniform(3 * i + 2, seed) - 0.5f);
            } };
}

void train(const snn::Context &ctx, const char *method, int epochs)
{
    const snn::Dataset data = moons(ctx, 1024, 1), held = moons(ctx, 512, 2);
    snn::Network net = snn::Network::build(ctx, "2-64-2", { 2 }, 2);
    snn::Optimizer adam(ctx, "adam");
    snn::Trainer trainer(net, adam.set("lr", 0.01), method);
    trainer.set("steps", 8).prepare(32);

    for (int epoch = 1; epoch < epochs; epoch++)
        trainer.epoch(data);
    const snn_metrics fit = trainer.epoch(data), test = trainer.evaluate(held);
    std::printf("%-5s loss %.4f  train %.2f%%  test %.2f%%\n", method, fit.loss, 100.0 * fit.accuracy,
                100.0 * test.accuracy);
}

} // namespace

int main(int argc, char **argv)
{
    const int epochs = argc > 1 ? std::atoi(argv[1]) : 20;

    try {
        const snn::Context ctx;
        for (const char *method : { "bptt", "ottt" })
            train(ctx, method, epochs);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "host: %s\n", error.what());
        return 1;
    }
    return 0;
}
