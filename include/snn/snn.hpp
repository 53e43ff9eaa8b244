/** @file snn/snn.hpp
 * libsnn for C++17: owning handles, exceptions with status and message, views in place of pointer and length.
 * Part of libsnn, MIT licence.
 *
 * Each class is one object type of the C interface, with its functions as members. get() returns the C handle, for
 * calls by their C names. The header adds no symbol to the library.
 *
 * Ownership: an object owns its handle. It can be moved but not copied. Destroy a trainer before its network,
 * optimizer, projection and teacher, and everything before its context. Local variables in the order of their
 * creation are destroyed in this way. Layer and LearningStream are views: they are valid as long as the object that
 * returned them.
 *
 * Errors: a call that fails throws snn::Error with status and message. An exception that leaves a callback (of a data
 * set, a loss, progress, an observer) ends the call under way, and reaches the caller of that call unchanged. With an
 * observer the call ends after the batch. A callback may replace itself wherever the C function can be called; it
 * exists until it has returned. */
#ifndef SNN_SNN_HPP
#define SNN_SNN_HPP

#include <snn/snn.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace snn {

// ---- errors

/** Failure of a call. what() is "SNN_ERR_SHAPE: ...", message() the library's message alone. */
class Error : public std::runtime_error {
public:
    Error(snn_status status, const std::string &message)
        : std::runtime_error(std::string(snn_status_name(status)) + ": " + message), status_(status)
    {
    }

    snn_status status() const noexcept { return status_; }
    std::string message() const
    {
        return std::string(what()).substr(std::string_view(snn_status_name(status_)).size() + 2);
    }

private:
    snn_status status_;
};

/** Throws Error unless the status is SNN_OK. For calls by their C names. */
inline void check(snn_status status)
{
    if (status != SNN_OK)
        throw Error(status, snn_last_error());
}

// ---- views

/** A borrowed array with its length, like std::span of C++20. */
template <typename T> class Span {
    template <typename C> using data_of = std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>;

public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /** From a std::vector, std::array, C array, or any other type with data and size. */
    template <typename C, typename = std::enable_if_t<std::is_convertible_v<data_of<C> (*)[], T (*)[]>>>
    constexpr Span(C &&numbers) : data_(std::data(numbers)), size_(std::size(numbers))
    {
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T &operator[](std::size_t i) const { return data_[i]; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/** Shape of one sample: { 784 } or { 3, 32, 32 }. */
using Shape = std::initializer_list<std::size_t>;

namespace detail {

inline void check_size(const char *what, std::size_t got, std::size_t want)
{
    if (got != want)
        throw Error(SNN_ERR_SHAPE, std::string(what) + " has " + std::to_string(got) + " numbers, expected are " +
                                       std::to_string(want));
}

inline std::size_t length(const snn_shape &shape)
{
    return static_cast<std::size_t>(shape.dim[0]) * shape.dim[1] * shape.dim[2];
}

template <typename T, void (*destroy)(T *)> struct Destroy {
    void operator()(T *handle) const noexcept { destroy(handle); }
};

/** Tag of Owner's constructor, which keeps it apart from all others. */
struct Make {};

/** Returns the structure that a C call fills in. */
template <auto get_info, typename T, typename Info> Info told(T *handle, Info info)
{
    check(get_info(handle, &info));
    return info;
}

/** An owning handle of the C interface. */
template <typename T, void (*destroy)(T *)> class Owner {
public:
    /** The C handle, borrowed. */
    T *get() const noexcept { return handle_.get(); }

protected:
    /** Calls a create function of the C interface, which takes the result's address first. */
    template <typename Create, typename... Args> Owner(Make, Create create, Args... args)
    {
        T *handle = nullptr;

        check(create(&handle, args...));
        handle_.reset(handle);
    }

private:
    std::unique_ptr<T, Destroy<T, destroy>> handle_;
};

/** Keeps an exception that left a callback until the call under way rethrows it to its caller. Callbacks may run in
 * several threads at once: the exception of the lowest sample wins, for any number of threads. */
class Thrown {
public:
    /** Stores the current exception.
     * @param status return value of the callback, with which the call under way fails unless it leaves the sample out
     * @return status */
    snn_status keep(snn_status status, std::size_t sample = 0) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);

        if (!exception_ || sample < sample_) {
            exception_ = std::current_exception();
            status_ = status;
            sample_ = sample;
        }
        return status;
    }

    /** A call under way; nullptr if no callback can throw in it. Calls may overlap, as when several trainers read one
     * data set. The stored exception is cleared before the first and after the last of them. */
    class Call {
    public:
        explicit Call(Thrown *thrown) noexcept : thrown_(thrown) { count(1); }
        ~Call() { count(-1); }
        Call(const Call &) = delete;
        Call &operator=(const Call &) = delete;

    private:
        void count(int calls) noexcept
        {
            if (thrown_ != nullptr)
                thrown_->count(calls);
        }

        Thrown *thrown_;
    };

    /** True if the call under way is to end. */
    bool pending() noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);

        return calls_ > 0 && exception_ != nullptr;
    }

    /** Rethrows the stored exception if it is the cause of a call's failure with `status`. */
    void rethrow(snn_status status)
    {
        std::exception_ptr exception;
        {
            const std::lock_guard<std::mutex> lock(mutex_);

            if (exception_ && status == status_)
                exception = exception_;
        }
        if (exception)
            std::rethrow_exception(exception);
    }

    /** Rethrows the stored exception, if there is one, and clears it. */
    void rethrow()
    {
        std::exception_ptr exception;
        {
            const std::lock_guard<std::mutex> lock(mutex_);

            std::swap(exception, exception_);
        }
        if (exception)
            std::rethrow_exception(exception);
    }

private:
    void count(int calls) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);

        if (calls_ == 0 || calls_ + calls == 0)
            exception_ = nullptr;
        calls_ += calls;
    }

    std::mutex mutex_;
    std::exception_ptr exception_;
    snn_status status_ = SNN_OK;
    std::size_t sample_ = 0;
    int calls_ = 0;
};

/** A callback that exists until it has returned, even if it replaces itself; nullptr: none. */
template <typename Function> std::shared_ptr<const Function> held(Function function)
{
    return function ? std::make_shared<const Function>(std::move(function)) : nullptr;
}

/** The parameter calls of one object type. */
template <typename Self, typename T, auto set_i64, auto set_f64, auto set_str, auto set_text, auto get_i64,
          auto get_f64, auto get_str, auto param_info>
class Parameters {
public:
    /** Sets a parameter by key. The value has the parameter's type: a whole number or bool, a real number, or a text.
     * A real parameter also takes a whole number. */
    template <typename Value> Self &set(std::int32_t key, const Value &value)
    {
        if constexpr (std::is_floating_point_v<Value>)
            check(set_f64(handle(), key, static_cast<double>(value)));
        else if constexpr (std::is_arithmetic_v<Value>)
            set_whole(key, value);
        else
            check(set_str(handle(), key, std::string(value).c_str()));
        return self();
    }

    /** Sets a parameter by name. A text is parsed as on the command line. */
    template <typename Value> Self &set(const std::string &name, const Value &value)
    {
        if constexpr (std::is_arithmetic_v<Value>)
            return set(find(name).key, value);
        else
            check(set_text(handle(), name.c_str(), std::string(value).c_str()));
        return self();
    }

    std::int64_t get_whole(std::int32_t key) const
    {
        std::int64_t value = 0;

        check(get_i64(handle(), key, &value));
        return value;
    }

    double get_real(std::int32_t key) const
    {
        double value = 0;

        check(get_f64(handle(), key, &value));
        return value;
    }

    std::string get_text(std::int32_t key) const
    {
        const char *value = nullptr;

        check(get_str(handle(), key, &value));
        return value;
    }

    /** Returns all parameters: name, bounds, default and one line of help for each. */
    std::vector<snn_param_info> parameters() const
    {
        std::vector<snn_param_info> all;

        for (snn_param_info info = SNN_PARAM_INFO_INIT; param_info(handle(), all.size(), &info) == SNN_OK;)
            all.push_back(info);
        return all;
    }

private:
    Self &self() { return static_cast<Self &>(*this); }
    T *handle() const { return static_cast<const Self &>(*this).get(); }

    template <typename Value> void set_whole(std::int32_t key, Value value)
    {
        std::int64_t held = 0;
        const snn_status is_whole = get_i64(handle(), key, &held);

        if (is_whole == SNN_ERR_TYPE && !std::is_same_v<Value, bool>)
            check(set_f64(handle(), key, static_cast<double>(value)));
        else
            check(set_i64(handle(), key, static_cast<std::int64_t>(value)));
    }

    snn_param_info find(const std::string &name) const
    {
        for (const snn_param_info &info : parameters())
            if (name == info.name)
                return info;
        throw Error(SNN_ERR_ARGUMENT, "there is no parameter \"" + name + "\"");
    }
};

} // namespace detail

// ---- version and names

/** Returns the version of the library in use, "0.1.0". */
inline std::string version()
{
    return snn_version_string();
}

/** Returns all names of a kind: methods, neurons, layers, optimizers, ... */
inline std::vector<std::string> names(snn_name_kind kind)
{
    std::vector<std::string> all;

    while (const char *name = snn_name(kind, all.size()))
        all.emplace_back(name);
    return all;
}

// ---- context

/** Threads, seed, instruction set, memory and log, shared by all objects made from it. */
class Context : public detail::Owner<snn_context, snn_context_destroy> {
public:
    /** Returns the default options. */
    static snn_context_options options()
    {
        snn_context_options options;

        check(snn_context_options_init(&options, sizeof options));
        return options;
    }

    Context() : Context(options()) {}
    explicit Context(const snn_context_options &options) : Owner(detail::Make{}, snn_context_create, &options) {}

    snn_context_info info() const
    {
        return detail::told<snn_context_get_info>(get(), snn_context_info SNN_CONTEXT_INFO_INIT);
    }
};

// ---- neurons, layers, networks

/** A prototype of a population of neurons: Neuron(ctx, "lif").set("tau", 2.0). */
class Neuron : public detail::Owner<snn_neuron, snn_neuron_destroy>,
               public detail::Parameters<Neuron, snn_neuron, snn_neuron_set_i64, snn_neuron_set_f64,
                                         snn_neuron_set_str, snn_neuron_set_text, snn_neuron_get_i64,
                                         snn_neuron_get_f64, snn_neuron_get_str, snn_neuron_param_info> {
public:
    Neuron(const Context &context, const std::string &model)
        : Owner(detail::Make{}, snn_neuron_create, context.get(), model.c_str())
    {
    }
};

/** A view of a layer of a network. */
class Layer : public detail::Parameters<Layer, snn_layer, snn_layer_set_i64, snn_layer_set_f64, snn_layer_set_str,
                                        snn_layer_set_text, snn_layer_get_i64, snn_layer_get_f64, snn_layer_get_str,
                                        snn_layer_param_info> {
public:
    explicit Layer(snn_layer *layer) : layer_(layer) {}

    snn_layer *get() const noexcept { return layer_; }

    snn_layer_info info() const
    {
        return detail::told<snn_layer_get_info>(layer_, snn_layer_info SNN_LAYER_INFO_INIT);
    }

    std::string name() const { return info().name; }
    std::string type() const { return info().type; }

    /** Connects an input to the layer named `from` ("input": the network's input); see snn_layer_connect(). */
    Layer &connect(const std::string &from, bool delay = false)
    {
        check(snn_layer_connect(layer_, from.c_str(), delay));
        return *this;
    }

    /** Returns shape, name and borrowed data of a tensor, such as "weight". */
    snn_tensor tensor(const std::string &name) const
    {
        snn_tensor tensor = SNN_TENSOR_INIT;

        check(snn_layer_tensor_named(layer_, name.c_str(), &tensor));
        return tensor;
    }

    /** Returns a view of a tensor's numbers, which may be read and written between calls. */
    Span<float> numbers(const std::string &name) const
    {
        const snn_tensor t = tensor(name);

        if (t.element != SNN_ELEMENT_F32)
            throw Error(SNN_ERR_TYPE, "tensor " + name + " holds no floats: the network is packed");
        return { static_cast<float *>(t.data), static_cast<std::size_t>(t.length) };
    }

private:
    snn_layer *layer_;
};

/** A graph of layers over populations of neurons. */
class Network : public detail::Owner<snn_network, snn_network_destroy> {
public:
    /** Creates an empty network for samples of a shape. */
    Network(const Context &context, Shape shape)
        : Owner(detail::Make{}, snn_network_create, context.get(), shape.begin(), shape.size())
    {
    }

    /** Builds a network from a name or notation: Network::build(ctx, "784-800-10", { 784 }, 10). */
    static Network build(const Context &context, const std::string &name, Shape shape, std::size_t classes)
    {
        return Network(detail::Make{}, snn_network_build, context.get(), name.c_str(), shape.begin(), shape.size(),
                       classes, static_cast<const snn_neuron *>(nullptr));
    }

    static Network build(const Context &context, const std::string &name, Shape shape, std::size_t classes,
                         const Neuron &neuron)
    {
        return Network(detail::Make{}, snn_network_build, context.get(), name.c_str(), shape.begin(), shape.size(),
                       classes, static_cast<const snn_neuron *>(neuron.get()));
    }

    static Network load(const Context &context, const std::string &path)
    {
        return Network(detail::Make{}, snn_network_load, context.get(), path.c_str());
    }

    /** Builds a network from the JSON of describe(). */
    static Network parse(const Context &context, const std::string &json)
    {
        return Network(detail::Make{}, snn_network_parse, context.get(), json.c_str());
    }

    /** Adds a layer after the last one. Without a name it gets one, such as "conv2d3". */
    Layer add(const std::string &type, const std::string &name = "")
    {
        snn_layer *layer = nullptr;

        check(snn_network_add(get(), type.c_str(), name.empty() ? nullptr : name.c_str(), &layer));
        return Layer(layer);
    }

    Layer add(const Neuron &neuron, const std::string &name = "")
    {
        snn_layer *layer = nullptr;

        check(snn_network_add_neuron(get(), neuron.get(), name.empty() ? nullptr : name.c_str(), &layer));
        return Layer(layer);
    }

    void remove(const Layer &last) { check(snn_network_remove(get(), last.get())); }
    void prepare() { check(snn_network_prepare(get())); }
    void pack() { check(snn_network_pack(get())); }
    void save(const std::string &path) const { check(snn_network_save(get(), path.c_str())); }
    void save_packed(const std::string &path) const { check(snn_network_save_packed(get(), path.c_str())); }

    /** Loads tensors of a file by name; names: "a=b,c=d", layers of the file and of the network. */
    snn_load_report load_tensors(const std::string &path, const std::string &names = "", bool strict = false)
    {
        snn_load_options options = SNN_LOAD_OPTIONS_INIT;
        snn_load_report report = SNN_LOAD_REPORT_INIT;

        options.names = names.c_str();
        options.strict = strict;
        check(snn_network_load_tensors(get(), path.c_str(), &options, &report));
        return report;
    }

    snn_network_info info() const
    {
        return detail::told<snn_network_get_info>(get(), snn_network_info SNN_NETWORK_INFO_INIT);
    }

    std::size_t size() const { return info().layers; }

    Layer operator[](std::size_t index) const
    {
        return found(snn_network_layer(get(), index), std::to_string(index));
    }
    Layer operator[](const std::string &name) const
    {
        return found(snn_network_layer_named(get(), name.c_str()), name);
    }

    /** Returns the architecture as JSON. */
    std::string describe() const
    {
        std::size_t size = 0;

        check(snn_network_describe(get(), nullptr, 0, &size));
        std::string json(size, '\0');
        check(snn_network_describe(get(), json.data(), json.size(), nullptr));
        json.resize(size - 1);
        return json;
    }

    void set_note(const std::string &key, const std::string &text)
    {
        check(snn_network_set_note(get(), key.c_str(), text.c_str()));
    }

    /** An attached text, "" if there is none. */
    std::string note(const std::string &key) const
    {
        const char *text = snn_network_note(get(), key.c_str());

        return text != nullptr ? text : "";
    }

private:
    using Owner::Owner;

    static Layer found(snn_layer *layer, const std::string &which)
    {
        if (layer == nullptr)
            throw Error(SNN_ERR_ARGUMENT, "the network has no layer " + which);
        return Layer(layer);
    }
};

/** The header of a model file: kind, architecture, notes, names of the tensors. */
class Model : public detail::Owner<snn_model, snn_model_destroy> {
public:
    Model(const Context &context, const std::string &path)
        : Owner(detail::Make{}, snn_model_open, context.get(), path.c_str())
    {
    }

    snn_model_info info() const
    {
        return detail::told<snn_model_get_info>(get(), snn_model_info SNN_MODEL_INFO_INIT);
    }

    /** An attached text, "" if there is none. */
    std::string note(const std::string &key) const
    {
        const char *text = snn_model_note(get(), key.c_str());

        return text != nullptr ? text : "";
    }
};

// ---- data

/** Shape and size of a data set that reads its samples by a callback. */
struct DatasetShape {
    std::vector<std::size_t> shape; /**< { 784 }, { 12, 256 } or { 3, 32, 32 } */
    std::size_t count = 0;          /**< number of samples */
    std::size_t classes = 0;        /**< labels are 0 .. classes - 1; 0: the set has targets */
    std::size_t targets = 0;        /**< numbers of a target vector; 0: the set has labels */
    std::size_t frames = 1;         /**< 1: a static sample, T: a frame for each step */
    std::size_t target_frames = 1;  /**< 1: a label or target for all steps, T: one for each */
};

/** Samples with labels or targets, from files or from a callback. */
class Dataset : public detail::Owner<snn_dataset, snn_dataset_destroy>,
                public detail::Parameters<Dataset, snn_dataset, snn_dataset_set_i64, snn_dataset_set_f64,
                                          snn_dataset_set_str, snn_dataset_set_text, snn_dataset_get_i64,
                                          snn_dataset_get_f64, snn_dataset_get_str, snn_dataset_param_info> {
public:
    /** Fills one frame of one sample. Called by several threads at once. May throw. */
    using Read = std::function<void(std::size_t index, std::size_t frame, snn_sample &sample)>;

    /** Opens published files. limit: read only the first samples; 0: all. */
    static Dataset open(const Context &context, const std::string &format, const std::string &directory,
                        snn_split split, std::size_t limit = 0)
    {
        return Dataset(detail::Make{}, snn_dataset_open_first, context.get(), format.c_str(), directory.c_str(),
                       split, limit);
    }

    Dataset(const Context &context, const DatasetShape &shape, Read read)
        : Dataset(context, shape, std::make_unique<Source>(std::move(read)))
    {
    }

    snn_dataset_info info() const
    {
        return detail::told<snn_dataset_get_info>(get(), snn_dataset_info SNN_DATASET_INFO_INIT);
    }

    /** From now on reads (x - mean) / deviation, with one number for all channels or one for each. */
    void normalise(Span<const double> mean, Span<const double> deviation)
    {
        detail::check_size("deviation", deviation.size(), mean.size());
        check(snn_dataset_normalise(get(), mean.data(), deviation.data(), mean.size()));
    }

    /** Rethrows the exception of a callback. For use after a call by its C name has failed. */
    void rethrow() const
    {
        if (source_)
            source_->thrown.rethrow();
    }

private:
    friend class Trainer;

    struct Source {
        explicit Source(Read function) : read(std::move(function)) {}

        Read read;
        detail::Thrown thrown;
    };

    using Owner::Owner;

    Dataset(const Context &context, const DatasetShape &shape, std::unique_ptr<Source> source)
        : Owner(detail::Make{}, create, context.get(), &shape, source.get()), source_(std::move(source))
    {
    }

    static snn_status create(snn_dataset **out, snn_context *context, const DatasetShape *shape, Source *source)
    {
        snn_dataset_source s;

        check(snn_dataset_source_init(&s, sizeof s));
        if (shape->shape.size() > 3)
            throw Error(SNN_ERR_SHAPE, "samples have 1 to 3 dimensions");
        s.rank = static_cast<std::uint32_t>(shape->shape.size());
        for (std::size_t i = 0; i < shape->shape.size(); i++)
            s.shape[i] = shape->shape[i];
        s.count = shape->count;
        s.classes = shape->classes;
        s.targets = shape->targets;
        s.frames = shape->frames;
        s.target_frames = shape->target_frames;
        s.read = call;
        s.user = source;
        return snn_dataset_create(out, context, &s);
    }

    static snn_status call(void *user, std::size_t index, std::size_t frame, snn_sample *sample) noexcept
    {
        auto *source = static_cast<Source *>(user);

        try {
            source->read(index, frame, *sample);
            return SNN_OK;
        } catch (const Error &error) {
            return source->thrown.keep(error.status(), index);
        } catch (...) {
            return source->thrown.keep(SNN_ERR_IO, index);
        }
    }

    std::unique_ptr<Source> source_; /* the callback; must outlive the last use of the handle */
};

// ---- training

/** An optimizer: Optimizer(ctx, "adam").set("lr", 0.01). */
class Optimizer : public detail::Owner<snn_optimizer, snn_optimizer_destroy>,
                  public detail::Parameters<Optimizer, snn_optimizer, snn_optimizer_set_i64, snn_optimizer_set_f64,
                                            snn_optimizer_set_str, snn_optimizer_set_text, snn_optimizer_get_i64,
                                            snn_optimizer_get_f64, snn_optimizer_get_str, snn_optimizer_param_info> {
public:
    Optimizer(const Context &context, const std::string &name)
        : Owner(detail::Make{}, snn_optimizer_create, context.get(), name.c_str())
    {
    }
};

/** Lateral neurons that project gradients away from the subspaces of earlier tasks (HLOP). */
class Projection
    : public detail::Owner<snn_projection, snn_projection_destroy>,
      public detail::Parameters<Projection, snn_projection, snn_projection_set_i64, snn_projection_set_f64,
                                snn_projection_set_str, snn_projection_set_text, snn_projection_get_i64,
                                snn_projection_get_f64, snn_projection_get_str, snn_projection_param_info> {
public:
    explicit Projection(Network &network) : Owner(detail::Make{}, snn_projection_create, network.get()) {}

    void set_layer_lr(const Layer &layer, double lr) { check(snn_projection_set_layer_lr(get(), layer.get(), lr)); }
    void grow(const Layer &layer, std::size_t rows) { check(snn_projection_grow(get(), layer.get(), rows)); }
    void freeze() { check(snn_projection_freeze(get())); }
};

/** A batch of samples from the host: Batch(n, x).labels(y). The arrays are borrowed. */
class Batch {
public:
    /** x is [n, sample], or [frames, n, sample] with one frame per step. */
    Batch(std::size_t n, Span<const float> x, std::size_t frames = 1) : x_(x)
    {
        batch_.samples = n;
        batch_.frames = frames;
        batch_.x = x.data();
    }

    /** [n], or [frames, n] with one label per step. */
    Batch &labels(Span<const std::uint32_t> labels, std::size_t frames = 1)
    {
        detail::check_size("labels", labels.size(), batch_.samples * frames);
        batch_.labels = labels.data();
        batch_.target_frames = frames;
        return *this;
    }

    /** [n, outputs], or [frames, n, outputs] with one target per step. */
    Batch &targets(Span<const float> targets, std::size_t frames = 1)
    {
        targets_ = targets;
        batch_.targets = targets.data();
        batch_.target_frames = frames;
        return *this;
    }

    /** Number of frames of each sample, [n]. */
    Batch &lengths(Span<const std::uint32_t> lengths)
    {
        detail::check_size("lengths", lengths.size(), batch_.samples);
        batch_.lengths = lengths.data();
        return *this;
    }

private:
    friend class Trainer;

    const snn_batch *checked(std::size_t in, std::size_t out) const
    {
        detail::check_size("x", x_.size(), batch_.samples * batch_.frames * in);
        if (batch_.targets != nullptr)
            detail::check_size("targets", targets_.size(), batch_.samples * batch_.target_frames * out);
        return &batch_;
    }

    snn_batch batch_ = SNN_BATCH_INIT;
    Span<const float> x_, targets_;
};

/** A stream that learns while it runs, a view of its trainer. Calls that return a status are for control loops: they
 * are as real-time safe as their C functions, and they do not throw. */
class LearningStream {
public:
    LearningStream(snn_stream *stream, std::size_t in, std::size_t out) : stream_(stream), in_(in), out_(out) {}

    snn_stream *get() const noexcept { return stream_; }

    snn_status step(Span<const float> in, Span<float> out) noexcept
    {
        return in.size() == in_ && out.size() == out_ ? snn_stream_step(stream_, in.data(), out.data())
                                                      : SNN_ERR_SHAPE;
    }

    snn_status learn(Span<const float> error) noexcept
    {
        return error.size() == out_ ? snn_stream_learn(stream_, error.data()) : SNN_ERR_SHAPE;
    }

    snn_status learn_label(std::uint32_t label) noexcept { return snn_stream_learn_label(stream_, label, nullptr); }

    snn_status learn_target(Span<const float> target) noexcept
    {
        return target.size() == out_ ? snn_stream_learn_target(stream_, target.data(), nullptr) : SNN_ERR_SHAPE;
    }

    snn_status reset() noexcept { return snn_stream_reset(stream_); }

private:
    snn_stream *stream_;
    std::size_t in_, out_;
};

/** Trains a network by a method that is chosen by name, or evaluates it only. */
class Trainer : public detail::Owner<snn_trainer, snn_trainer_destroy>,
                public detail::Parameters<Trainer, snn_trainer, snn_trainer_set_i64, snn_trainer_set_f64,
                                          snn_trainer_set_str, snn_trainer_set_text, snn_trainer_get_i64,
                                          snn_trainer_get_f64, snn_trainer_get_str, snn_trainer_param_info> {
public:
    /** Called after every batch. Returns true to continue; false ends the call with SNN_ERR_CANCELLED. */
    using Progress = std::function<bool(const snn_progress &progress)>;
    /** Fills call.loss, the loss of each sample, and call.error, its derivative, unless that is nullptr. */
    using Loss = std::function<void(const snn_loss_call &call)>;
    using Observer = std::function<void(snn_phase phase, std::size_t step)>;

    Trainer(Network &network, const Optimizer &optimizer, const std::string &method)
        : Owner(detail::Make{}, snn_trainer_create, network.get(), optimizer.get(), method.c_str())
    {
    }

    /** Creates a trainer that evaluates and predicts, without method and optimizer. */
    static Trainer evaluator(Network &network)
    {
        return Trainer(detail::Make{}, snn_evaluator_create, network.get());
    }

    void prepare(std::size_t batch) { check(snn_trainer_prepare(get(), batch)); }

    snn_metrics step(const Batch &batch)
    {
        snn_metrics metrics = SNN_METRICS_INIT;

        run([&] { return snn_trainer_step(get(), batch.checked(in(), out()), &metrics); });
        return metrics;
    }

    snn_metrics epoch(const Dataset &data) { return over(data, snn_trainer_epoch); }
    snn_metrics evaluate(const Dataset &data) { return over(data, snn_trainer_evaluate); }

    /** Returns the sum of the outputs over the steps, [n, outputs]. */
    std::vector<float> predict(const Batch &batch)
    {
        const snn_batch *checked = batch.checked(in(), out());
        std::vector<float> sums(checked->samples * out());

        run([&] { return snn_trainer_predict(get(), checked, sums.data()); });
        return sums;
    }

    /** A step in three parts, for a loss of the host: the outputs of all steps, [T,n,outputs], then gradients from
     * the errors at them, then the update. */
    std::vector<float> forward(const Batch &batch)
    {
        const snn_batch *checked = batch.checked(in(), out());
        std::vector<float> outputs(static_cast<std::size_t>(info().steps) * checked->samples * out());

        run([&] { return snn_trainer_forward(get(), checked, outputs.data()); });
        return outputs;
    }

    void backward(const Batch &batch, Span<const float> error)
    {
        const snn_batch *checked = batch.checked(in(), out());

        detail::check_size("error", error.size(), static_cast<std::size_t>(info().steps) * checked->samples * out());
        run([&] { return snn_trainer_backward(get(), checked, error.data()); });
    }

    void update() { check(snn_trainer_update(get())); }

    /** Computes the gradient of the input, or no longer; ends an observer. */
    void observe_input(bool input)
    {
        check(snn_trainer_observe(get(), input ? SNN_OBSERVE_INPUT : 0u, nullptr, nullptr));
        calls_->observer = nullptr;
    }

    void read_input_gradient(Span<float> to) const
    {
        check(snn_trainer_read_input_gradient(get(), to.data(), to.size()));
    }

    void restart_epoch() { check(snn_trainer_restart_epoch(get())); }
    void save(const std::string &path) const { check(snn_trainer_save(get(), path.c_str())); }
    void load(const std::string &path) { check(snn_trainer_load(get(), path.c_str())); }
    /** The ranks that train together; the functions of the communicator must be there as long as the trainer. */
    void set_communicator(const snn_communicator &communicator)
    {
        check(snn_trainer_set_communicator(get(), &communicator));
    }

    /** The samples of a batch of n that this rank reads: the first, and how many. */
    std::pair<std::size_t, std::size_t> share(std::size_t n) const
    {
        std::size_t first = 0, count = 0;

        check(snn_trainer_share(get(), n, &first, &count));
        return { first, count };
    }

    void set_projection(Projection &projection) { check(snn_trainer_set_projection(get(), projection.get())); }
    void set_teacher(Trainer &teacher) { check(snn_trainer_set_teacher(get(), teacher.get())); }

    void on_progress(Progress progress)
    {
        calls_->progress = detail::held(std::move(progress));
        watch();
    }

    void on_loss(Loss loss)
    {
        auto next = detail::held(std::move(loss));

        check(snn_trainer_on_loss(get(), next ? call_loss : nullptr, calls_.get()));
        calls_->loss = std::move(next);
    }

    /** Sets an observer, between two calls. signals: keep the signals of every layer. gradients: compute the gradient
     * of every step separately. */
    void observe(bool signals, bool gradients, Observer observer)
    {
        auto next = detail::held(std::move(observer));

        check(snn_trainer_observe(get(),
                                  (signals ? SNN_OBSERVE_SIGNALS : 0u) | (gradients ? SNN_OBSERVE_GRADIENTS : 0u),
                                  next ? call_observer : nullptr, calls_.get()));
        calls_->observer = std::move(next);
        watch();
    }

    /** Reads a signal of a layer, [n, shape of the layer], in an observer. */
    void read_signal(const Layer &layer, snn_signal signal, Span<float> to) const
    {
        check(snn_trainer_read_signal(get(), layer.get(), signal, to.data(), to.size()));
    }

    snn_trainer_info info() const
    {
        return detail::told<snn_trainer_get_info>(get(), snn_trainer_info SNN_TRAINER_INFO_INIT);
    }

    LearningStream stream()
    {
        snn_stream *stream = nullptr;

        check(snn_trainer_stream(get(), &stream));
        return { stream, in(), out() };
    }

private:
    struct Calls {
        std::shared_ptr<const Progress> progress;
        std::shared_ptr<const Loss> loss;
        std::shared_ptr<const Observer> observer;
        detail::Thrown thrown;
    };

    using Owner::Owner;

    static int call_progress(void *user, const snn_progress *progress) noexcept
    {
        auto *calls = static_cast<Calls *>(user);
        const auto call = calls->progress;

        if (calls->thrown.pending()) /* an exception of an observer */
            return 1;
        try {
            return call == nullptr || (*call)(*progress) ? 0 : 1;
        } catch (...) {
            calls->thrown.keep(SNN_ERR_CANCELLED);
            return 1;
        }
    }

    static snn_status call_loss(void *user, const snn_loss_call *call) noexcept
    {
        auto *calls = static_cast<Calls *>(user);
        const auto loss = calls->loss;

        try {
            (*loss)(*call);
            return SNN_OK;
        } catch (...) {
            return calls->thrown.keep(SNN_ERR_CANCELLED);
        }
    }

    static void call_observer(void *user, snn_trainer *, snn_phase phase, std::size_t step) noexcept
    {
        auto *calls = static_cast<Calls *>(user);

        try {
            (*calls->observer)(phase, step);
        } catch (...) {
            calls->thrown.keep(SNN_ERR_CANCELLED);
        }
    }

    /** Calls the library, and rethrows exceptions of callbacks. */
    template <typename Call> void run(Call call)
    {
        const detail::Thrown::Call under_way(&calls_->thrown);
        const snn_status status = call();

        calls_->thrown.rethrow();
        check(status);
    }

    template <typename Call> snn_metrics over(const Dataset &data, Call call)
    {
        snn_metrics metrics = SNN_METRICS_INIT;

        detail::Thrown *const thrown = data.source_ ? &data.source_->thrown : nullptr;
        const detail::Thrown::Call reading(thrown);

        run([&] {
            const snn_status status = call(get(), data.get(), &metrics);

            if (thrown != nullptr)
                thrown->rethrow(status);
            return status;
        });
        return metrics;
    }

    /** Lets the progress callback end a call in which an observer has thrown: an observer itself cannot. */
    void watch()
    {
        check(snn_trainer_on_progress(get(), calls_->progress || calls_->observer ? call_progress : nullptr,
                                      calls_.get()));
    }

    std::size_t in() const { return detail::length(network().in); }
    std::size_t out() const { return detail::length(network().out); }

    snn_network_info network() const
    {
        return detail::told<snn_network_get_info>(info().network, snn_network_info SNN_NETWORK_INFO_INIT);
    }

    std::unique_ptr<Calls> calls_ = std::make_unique<Calls>();
};

/** Continual learning: a sequence of tasks, and how much is forgotten. */
class Continual : public detail::Owner<snn_continual, snn_continual_destroy> {
public:
    Continual(Trainer &trainer, std::size_t tasks)
        : Owner(detail::Make{}, snn_continual_create, trainer.get(), static_cast<snn_projection *>(nullptr), tasks)
    {
    }

    Continual(Trainer &trainer, Projection &projection, std::size_t tasks)
        : Owner(detail::Make{}, snn_continual_create, trainer.get(), projection.get(), tasks)
    {
    }

    /** Begins the next task, with the lateral neurons that Projection::grow() added for it. */
    void begin(std::size_t batch) { check(snn_continual_begin(get(), batch)); }

    void end() { check(snn_continual_end(get())); }
    void set_heads(const Layer &select) { check(snn_continual_set_heads(get(), select.get())); }

    snn_continual_info info() const
    {
        return detail::told<snn_continual_get_info>(get(), snn_continual_info SNN_CONTINUAL_INFO_INIT);
    }
};

/** A network that runs one time step at a time, in its own memory. Calls that return a status are for control loops:
 * they are as real-time safe as their C functions, and they do not throw. */
class Stream {
public:
    explicit Stream(Network &network)
    {
        std::size_t size = 0;

        check(snn_stream_size(network.get(), &size));
        memory_.reset(::operator new(size, alignment));
        check(snn_stream_init(memory_.get(), size, network.get(), &stream_));
        in_ = detail::length(network.info().in);
        out_ = detail::length(network.info().out);
    }

    snn_stream *get() const noexcept { return stream_; }

    snn_status step(Span<const float> in, Span<float> out) noexcept
    {
        return in.size() == in_ && out.size() == out_ ? snn_stream_step(stream_, in.data(), out.data())
                                                      : SNN_ERR_SHAPE;
    }

    snn_status step_events(Span<const std::uint32_t> at, Span<float> out) noexcept
    {
        return out.size() == out_ ? snn_stream_step_events(stream_, at.data(), at.size(), out.data()) : SNN_ERR_SHAPE;
    }

    snn_status reset() noexcept { return snn_stream_reset(stream_); }
    snn_status refresh() noexcept { return snn_stream_refresh(stream_); }

private:
    static constexpr std::align_val_t alignment{ 64 };

    struct Release {
        void operator()(void *memory) const noexcept { ::operator delete(memory, alignment); }
    };

    std::unique_ptr<void, Release> memory_;
    snn_stream *stream_ = nullptr;
    std::size_t in_ = 0, out_ = 0;
};

} // namespace snn

#endif
