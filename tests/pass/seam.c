/* seam.c - prints who touches the arrays of a pass: "global NAME" or "local FILE NAME" for every function whose
 * instructions read or write an activation, a trace, an error, a weight, a gradient, a moment, a lateral weight or an
 * array of the trainer (seam.sh compares these with lib/kernel and lib/blas).
 *
 * The arrays lie in pages that nobody may touch. An access faults, the handler notes the instruction, opens the pages
 * for this one instruction, and closes them again. Networks are small, since every access costs two signals. */
#include "support.h"

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include "trainer/builder.h"
#include "trainer/ide.h"
#include "trainer/rule.h"
#include "trainer/spide.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u
#define TRAP_FLAG 0x100u

/* ---- arrays in pages of their own ---- */

static struct region {
    char *data;
    size_t size;
} regions[4096], closed[64], spared[64], opened[64];
static size_t n_regions, n_closed, n_spared, n_opened;

static void *allocate(void *user, size_t size, size_t alignment)
{
    struct region *r = &regions[n_regions];

    (void)user;
    (void)alignment;
    r->size = (size + PAGE - 1) / PAGE * PAGE;
    r->data = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->data == MAP_FAILED || n_regions + 1 == sizeof regions / sizeof *regions)
        return NULL;
    n_regions++;
    return r->data;
}

static void release(void *user, void *pointer, size_t size)
{
    (void)user;
    munmap(pointer, (size + PAGE - 1) / PAGE * PAGE);
}

/* The newest first: memory that was given back may come again. */
static const struct region *find(const struct region *list, size_t n, const char *at)
{
    for (size_t i = n; i-- > 0;)
        if (at >= list[i].data && at < list[i].data + list[i].size)
            return &list[i];
    return NULL;
}

static void protect(int how)
{
    for (size_t i = 0; i < n_closed; i++)
        mprotect(closed[i].data, closed[i].size, how);
}

/* The block that holds `data` is touched by kernels alone from now on. */
static void close_block(const void *data)
{
    const struct region *r = find(regions, n_regions, data);

    if (r != NULL)
        closed[n_closed++] = *r;
}

/* Part of a closed block that is no array of numbers: labels, sums of a loss, lists. */
static void spare(const void *data, size_t size)
{
    spared[n_spared++] = (struct region){ (char *)(uintptr_t)data, size };
}

/* ---- who touches them ---- */

static struct touch {
    uintptr_t pc;
} touches[8192];
static size_t n_touches;

extern char __executable_start, etext;

static void note(uintptr_t pc)
{
    for (size_t i = 0; i < n_touches; i++)
        if (touches[i].pc == pc)
            return;
    if (n_touches < sizeof touches / sizeof *touches)
        touches[n_touches++].pc = pc;
}

/* memcpy() and the like have no frame: the address of their caller is on top of the stack. */
static uintptr_t toucher(const ucontext_t *u)
{
    uintptr_t pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];

    if (pc >= (uintptr_t)&__executable_start && pc < (uintptr_t)&etext)
        return pc;
    return *(const uintptr_t *)u->uc_mcontext.gregs[REG_RSP] - 1;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    const struct region *r = find(closed, n_closed, info->si_addr);

    if (r == NULL) {
        signal(number, SIG_DFL);
        return;
    }
    if (find(spared, n_spared, info->si_addr) == NULL)
        note(toucher(u));
    mprotect(r->data, r->size, PROT_READ | PROT_WRITE);
    opened[n_opened++] = *r;
    u->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;

    (void)number;
    (void)info;
    u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    while (n_opened > 0) {
        n_opened--;
        mprotect(opened[n_opened].data, opened[n_opened].size, PROT_NONE);
    }
}

static void watch(void)
{
    struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGTRAP, &step, NULL);
}

/* ---- names, from the program's own table of symbols ---- */

static void print_name(const char *elf, uintptr_t pc)
{
    const Elf64_Ehdr *head = (const void *)elf;
    const Elf64_Shdr *section = (const void *)(elf + head->e_shoff);
    const uintptr_t base = (uintptr_t)&__executable_start;

    for (size_t s = 0; s < head->e_shnum; s++) {
        const Elf64_Sym *symbol = (const void *)(elf + section[s].sh_offset);
        const char *names = elf + section[section[s].sh_link].sh_offset, *file = "";

        for (size_t i = 0; section[s].sh_type == SHT_SYMTAB && i < section[s].sh_size / sizeof *symbol; i++) {
            const uintptr_t at = head->e_type == ET_DYN ? base + symbol[i].st_value : symbol[i].st_value;

            if (ELF64_ST_TYPE(symbol[i].st_info) == STT_FILE)
                file = names + symbol[i].st_name;
            if (ELF64_ST_TYPE(symbol[i].st_info) != STT_FUNC || pc < at || pc >= at + symbol[i].st_size)
                continue;
            if (ELF64_ST_BIND(symbol[i].st_info) == STB_LOCAL)
                printf("local %s %s\n", file, names + symbol[i].st_name);
            else
                printf("global %s\n", names + symbol[i].st_name);
            return;
        }
    }
    printf("unknown %#zx\n", (size_t)(pc - base));
}

static void print_names(void)
{
    struct stat info;
    int fd = open("/proc/self/exe", O_RDONLY);
    const char *elf;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &info), 0);
    elf = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(elf, MAP_FAILED);
    for (size_t i = 0; i < n_touches; i++)
        print_name(elf, touches[i].pc);
    close(fd);
}

/* ---- what is run ---- */

#define BATCH 2

static const struct run {
    const char *method, *settings, *layers;
    size_t shape[3];
    const char *optimizer; /* with clipping; NULL: sgd without */
    size_t rows, spikes;   /* lateral neurons of each layer, and their spikes */
    bool streams;          /* steps of one sample, and learns after each */
} runs[] = {
    { "bptt", "steps=2", "linear a out=5; lif n; linear b out=5; alif m per_neuron=1; linear o out=3",
      .shape = { 6 } },
    { "bptt", "steps=2",
      "linear a out=5 norm=spectral; cuba n; add s <n <m:1; linear b out=5; plif m; "
      "linear o out=3",
      .shape = { 6 } },
    { "sltt", "steps=2 loss=ce_mse", "linear a out=5; lif n; layer_norm l; elementwise e; linear o out=3",
      .shape = { 6 } },
    { "ottt", "steps=2 variant=O", "linear a out=5 standardise=1; lif n; linear o out=3 norm=frobenius",
      .shape = { 6 } },
    { "opzo", "steps=2", "linear a out=5; lif n; linear o out=3", .shape = { 6 } },
    { "opzo", "steps=2 feedback=kp", "linear a out=5; lif n; linear o out=3", .shape = { 6 } },
    { "opzo", "steps=2 feedback=zo", "linear a out=5; lif n; linear o out=3", .shape = { 6 } },
    { "dsr", "steps=2", "linear a out=5; batch_norm b over=all; dsr_lif n; linear o out=3; dsr_lif r",
      .shape = { 6 } },
    { "sltt", "steps=2",
      "conv2d c out=4 kernel=3 pad=1; batch_norm b; lif n; avgpool p kernel=2; scale s value=2; conv2d d out=4 "
      "kernel=3 pad=1; lif m; maxpool q kernel=2; flatten f; dropout r rate=0.3; linear o out=3",
      .shape = { 2, 6, 6 } },
    { "ide", "steps=4",
      "linear a out=5; linear w out=5 bias=0 norm=spectral <n:1; add s <a <w; lif n decay=0.9 threshold=2; rate r "
      "decay=0.9; linear o out=3",
      .shape = { 6 } },
    { "spide", "steps=4 backward_steps=3",
      "linear a out=5; linear w out=5 bias=0 norm=frobenius <n:1; add s <a <w; if n threshold=2 fire_at=0.5; rate r; "
      "linear o out=3",
      .shape = { 6 } },
    { "ide", "steps=4 solver=broyden",
      "linear a out=5; linear w out=5 bias=0 norm=spectral <n:1; add s <a <w; lif n decay=0.9 threshold=2; rate r "
      "decay=0.9; linear o out=3",
      .shape = { 6 } },
    { "eprop", "steps=2", "linear a out=5; alif n; linear o out=3", .shape = { 6 } },
    { "eprop", "steps=2 feedback=random", "linear a out=5; lif n; linear o out=3", .shape = { 6 } },
    { "sei", "steps=2", "linear a out=5; lif n; linear b out=4 binary=scaled; lif m; linear o out=3",
      .shape = { 6 } },
    { "sei", "steps=2",
      "conv2d a out=4; batch_norm b; lif n; conv2d q out=4 kernel=1; lif qs; conv2d k out=4 kernel=1 <n; lif ks; "
      "attention t heads=2 <qs <ks <n; lif m; flatten f; linear o out=3",
      .shape = { 2, 4, 4 } },
    { "sltt", "steps=2 distil=0.5",
      "conv2d c out=2 kernel=2 stride=2; lif n; upsample u; conv_transpose2d d out=2 kernel=2; lif m; flatten f; "
      "linear o out=3",
      .shape = { 2, 4, 4 } },
    { "bptt", "steps=2", "linear a out=5; lif n; linear o out=3", .shape = { 6 }, .optimizer = "adamw" },
    { "bptt", "steps=2", "linear a out=5; lif n; linear o out=3", .shape = { 6 }, .rows = 2 },
    { "ottt", "steps=2", "conv2d a out=4; lif n; flatten f; linear o out=3", .shape = { 2, 4, 4 }, .rows = 2,
      .spikes = 4 },
    { "ottt", "steps=1", "linear a out=5; lif n; linear o out=3", .shape = { 6 }, .optimizer = "adam",
      .streams = true },
    { "sltt", "steps=1", "conv2d a out=4; lif n; flatten f; linear o out=3", .shape = { 2, 4, 4 }, .streams = true },
};

static snn_optimizer *optimizer_of(snn_context *ctx, const struct run *run)
{
    snn_optimizer *o = NULL;

    OK(snn_optimizer_create(&o, ctx, run->optimizer != NULL ? run->optimizer : "sgd"));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_LR, 0.1));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_CLIP_NORM, run->optimizer != NULL ? 0.5 : 0.0));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_CLIP_VALUE, run->optimizer != NULL ? 0.1 : 0.0));
    return o;
}

static snn_projection *projection_of(snn_network *net, const struct run *run)
{
    snn_projection *p = NULL;

    OK(snn_projection_create(&p, net));
    OK(snn_projection_set_i64(p, SNN_PROJECTION_SPIKES, (int64_t)run->spikes));
    for (size_t l = 0; l < net->n_layers; l++) {
        if (net->layer[l]->type->presynaptic == NULL)
            continue;
        OK(snn_projection_grow(p, net->layer[l], run->rows));
        close_block(snn_projection_weights(p, net->layer[l]));
    }
    return p;
}

/* All blocks of a trainer, its labels, counts and lists apart. Those of e-prop lie among its arrays: there the ones
 * that outlive a step are watched alone, which are in the pass. */
static void close_trainer(const snn_trainer *tr)
{
    close_block(tr->pass.arena.block);
    close_block(tr->pass.gradient);
    close_block(tr->net->parameters);
    if (strcmp(tr->rule->name, "eprop") != 0)
        close_block(tr->arena.block);
    for (size_t i = 0; i < tr->run.n_moments; i++)
        close_block(tr->run.moment[i]);
    spare(tr->label, BATCH * sizeof *tr->label);
    spare(tr->failure, sizeof *tr->failure);
    spare(tr->sums, BATCH * sizeof *tr->sums);
    spare(tr->room, 2 * BATCH * tr->classes * sizeof *tr->room);
    spare(tr->kept.counts, tr->net->n_layers * sizeof *tr->kept.counts);
    spare(tr->kept.fit.of, tr->classes * sizeof *tr->kept.fit.of);
    spare(tr->fit.of, tr->classes * sizeof *tr->fit.of);
    spare(tr->rank_one, tr->net->n_layers * sizeof *tr->rank_one);
    if (strcmp(tr->rule->name, "ide") == 0)
        spare(((const struct snn__ide *)tr->self)->solver.sums, BATCH * sizeof(double));
    if (strcmp(tr->rule->name, "spide") == 0) {
        const struct snn__samples *samples = &((const struct snn__spide *)tr->self)->samples;

        spare(samples->view, sizeof *samples->view);
        spare(samples->unit, tr->pass.n * sizeof *samples->unit);
    }
    if (tr->pass.head != NULL)
        spare(tr->pass.head, sizeof *tr->pass.head);
    spare(tr->undo.list, tr->undo.n * sizeof *tr->undo.list);
}

static void train_batches(snn_trainer *tr, const float *x, float *out)
{
    const uint32_t labels[BATCH] = { 0, 2 };

    for (int i = 0; i < 2; i++) {
        if (tr->loss.share > 0)
            OK(snn_trainer_set_logits(tr, out, BATCH));
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, labels, BATCH), NULL));
    }
    OK(snn_trainer_predict(tr, BATCH_OF(x, 1, NULL, BATCH), out));
}

static void train_stream(snn_trainer *tr, const float *x, float *out)
{
    snn_stream *stream = NULL;

    OK(snn_trainer_stream(tr, &stream));
    for (int i = 0; i < 2; i++) {
        OK(snn_stream_step(stream, x, out));
        OK(snn_stream_learn_label(stream, 1, NULL));
    }
}

static void train(snn_context *ctx, const struct run *run)
{
    snn_network *net = network_of(ctx, run->shape, run->layers);
    snn_optimizer *optimizer = optimizer_of(ctx, run);
    snn_projection *projection = run->rows > 0 ? projection_of(net, run) : NULL;
    snn_trainer *tr = NULL;
    float x[BATCH * 128], out[BATCH * 3];

    OK(snn_trainer_create(&tr, net, optimizer, run->method));
    OK(set_all(tr, run->settings));
    if (projection != NULL)
        OK(snn_trainer_set_projection(tr, projection));
    OK(snn_trainer_prepare(tr, run->streams ? 1 : BATCH));
    random_fill(x, sizeof x / sizeof *x, 0.0f, 2.0f, 1);
    random_fill(out, BATCH * tr->classes, -1.0f, 1.0f, 2);
    close_trainer(tr);
    protect(PROT_NONE);
    (run->streams ? train_stream : train_batches)(tr, x, out);
    protect(PROT_READ | PROT_WRITE);
    n_closed = n_spared = 0;
    snn_trainer_destroy(tr);
    snn_projection_destroy(projection);
    snn_optimizer_destroy(optimizer);
    snn_network_destroy(net);
}

START_TEST(arrays_are_watched)
{
    snn_context_options options;
    snn_context *ctx = NULL;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.allocate = allocate;
    options.release = release;
    OK(snn_context_create(&ctx, &options));
    watch();
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        train(ctx, &runs[i]);
    print_names();
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("seam");
    TCase *t = tcase_create("seam");

    tcase_set_timeout(t, 240);
    tcase_add_test(t, arrays_are_watched);
    suite_add_tcase(s, t);
    return run_suite(s);
}
#else
int main(void)
{
    return 77;
}
#endif
