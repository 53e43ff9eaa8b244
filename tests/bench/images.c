/* bench_images DIR [SIZE [THREADS [BATCH [NET]]]] - samples per second of an epoch over the images that make_images
 * wrote to DIR: from folders, from shards, and the same images from memory, each in a process of its own. For every
 * tenth of the epoch it prints samples per second, the memory that is resident, and the share of the processors' time
 * that was used.
 *
 *     build/bin/make_images /tmp/images 100000 20 && build/bin/bench_images /tmp/images 64 2 */
#define _DEFAULT_SOURCE /* getrusage() */
#include <snn/images.h>
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY ((uint64_t)32 << 20) /* bytes of samples that are held, so that this is reached soon */

struct bench {
    const char *from, *directory, *net;
    int64_t size, batch;
    uint32_t threads;
    uint64_t next, done; /* samples at which the tenth at hand ends, and at which it began */
    unsigned tenth;
    double wall, used; /* seconds when it began */
};

static void check(snn_status rc, const char *what)
{
    if (rc == SNN_OK)
        return;
    fprintf(stderr, "bench_images: %s: %s: %s\n", what, snn_status_name(rc), snn_last_error());
    exit(1);
}

/* ---- what is measured ---- */

static double wall(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double used(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static double resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void begin_tenth(struct bench *b, uint64_t done, uint64_t total)
{
    b->done = done;
    b->tenth++;
    b->next = total * b->tenth / 10;
    b->wall = wall();
    b->used = used();
}

static int progress(void *user, const snn_progress *p)
{
    struct bench *b = user;

    if (p->done < b->next)
        return 0;
    printf("%-8s %5u%% %10.1f %10.1f %8.0f%%\n", b->from, b->tenth * 10,
           (double)(p->done - b->done) / (wall() - b->wall), resident(),
           100.0 * (used() - b->used) / (wall() - b->wall));
    fflush(stdout);
    begin_tenth(b, p->done, p->total);
    return 0;
}

/* ---- the images in memory ---- */

struct memory {
    uint8_t *pixel; /* [samples,length] */
    uint32_t *label;
    size_t length;
};

static snn_status read_memory(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct memory *m = user;

    (void)frame;
    for (size_t i = 0; i < m->length; i++)
        sample->x[i] = (float)m->pixel[index * m->length + i] / 255.0f;
    sample->label = m->label[index];
    return SNN_OK;
}

static snn_status label_memory(void *user, size_t index, uint32_t *label)
{
    *label = ((const struct memory *)user)->label[index];
    return SNN_OK;
}

static void close_memory(void *user)
{
    struct memory *m = user;

    free(m->pixel);
    free(m->label);
}

/* Reads all samples of a set, which it destroys. */
static snn_dataset *into_memory(snn_context *ctx, snn_dataset *from)
{
    static struct memory m;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset_source source;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *set;

    check(snn_dataset_get_info(from, &info), "memory");
    m.length = info.shape[0] * info.shape[1] * info.shape[2];
    m.pixel = malloc(info.count * m.length);
    m.label = calloc(info.count, sizeof *m.label);
    sample.x = malloc(m.length * sizeof *sample.x);
    for (size_t i = 0; i < info.count && m.pixel != NULL && m.label != NULL && sample.x != NULL; i++) {
        check(snn_dataset_read(from, i, 0, &sample), "memory");
        for (size_t k = 0; k < m.length; k++)
            m.pixel[i * m.length + k] = (uint8_t)(sample.x[k] * 255.0f + 0.5f);
        m.label[i] = sample.label;
    }
    free(sample.x);
    check(snn_dataset_source_init(&source, sizeof source), "memory");
    source.rank = info.rank;
    memcpy(source.shape, info.shape, sizeof source.shape);
    source.count = info.count;
    source.classes = info.classes;
    source.frames = 1;
    source.read = read_memory;
    source.label = label_memory;
    source.close = close_memory;
    source.user = &m;
    check(snn_dataset_create(&set, ctx, &source), "memory");
    snn_dataset_destroy(from);
    return set;
}

/* ---- training ---- */

static snn_dataset *open_set(const struct bench *b, snn_context *ctx)
{
    const int shards = strcmp(b->from, "shards") == 0;
    snn_images_data data = SNN_IMAGES_DATA_INIT;
    snn_images *images;
    snn_dataset *set;
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", b->directory, shards ? "shards" : "folders");
    data.layout = shards ? "shards" : "images";
    data.directory = path;
    data.memory = MEMORY;
    check(snn_images_create(&images, ctx), "images");
    check(snn_images_set_i64(images, SNN_IMAGES_SIZE, b->size), "size");
    check(snn_images_dataset_open(&set, ctx, &data, images), path);
    snn_images_destroy(images);
    return strcmp(b->from, "memory") == 0 ? into_memory(ctx, set) : set;
}

static void train(struct bench *b)
{
    snn_context_options options;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *trainer;
    snn_dataset *set;
    double began;

    check(snn_context_options_init(&options, sizeof options), "context");
    options.threads = b->threads;
    check(snn_context_create(&ctx, &options), "context");
    set = open_set(b, ctx);
    check(snn_dataset_get_info(set, &info), "data");
    check(snn_network_build(&net, ctx, b->net, info.shape, info.rank, info.classes, NULL), b->net);
    check(snn_optimizer_create(&sgd, ctx, "sgd"), "optimizer");
    check(snn_trainer_create(&trainer, net, sgd, "sltt"), "trainer");
    check(snn_trainer_set_text(trainer, "steps", "4"), "steps");
    check(snn_trainer_prepare(trainer, (size_t)b->batch), "prepare");
    check(snn_trainer_on_progress(trainer, progress, b), "progress");
    began = wall();
    begin_tenth(b, 0, info.count);
    check(snn_trainer_epoch(trainer, set, &metrics), "epoch");
    printf("%-8s   all %10.1f %10.1f\n", b->from, (double)info.count / (wall() - began), resident());
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_dataset_destroy(set);
    snn_context_destroy(ctx);
}

int main(int argc, char **argv)
{
    static const char *const ways[] = { "folders", "shards", "memory" };
    int failed = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: bench_images DIR [SIZE [THREADS [BATCH [NET]]]]\n");
        return 2;
    }
    printf("%-8s %6s %10s %10s %9s\n", "from", "epoch", "samples/s", "MiB", "cpu");
    fflush(stdout);
    for (int i = 0; i < 3; i++) {
        struct bench b = { .from = ways[i],
                           .directory = argv[1],
                           .net = argc > 5 ? argv[5] : "16C3-AP2-32C3-GAP-FC" };
        pid_t child = fork();
        int status = 1;

        b.size = argc > 2 ? atoi(argv[2]) : 64;
        b.threads = argc > 3 ? (uint32_t)atoi(argv[3]) : 2;
        b.batch = argc > 4 ? atoi(argv[4]) : 128;
        if (child == 0) {
            train(&b);
            return 0;
        }
        failed |= child < 0 || waitpid(child, &status, 0) != child || status != 0;
    }
    return failed;
}
