/* bench_torch.c - snn bench --against-torch: the same training by this library and by PyTorch, in turn.
 *
 * Either side is a process of its own, which prints one JSON object with its samples per second and its peak of
 * resident memory: this tool as `snn bench train --json`, and one of the programs of tests/bench/torch. Nothing is
 * set that would slow PyTorch: it has the environment of the tool, is tried on 1, 2, 4, ... threads as this library
 * is, and with denormal numbers computed as well as flushed to zero. */
#include "args.h"
#include "bench.h"
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORDS 48
#define MOST_LINE 8192

/* One network with its method; the last one in the second task of HLOP. `flags` are ours, `batches` those of one
 * measurement of PyTorch. */
static const struct line {
    const char *net, *method, *steps, *batch, *program, *batches, *flags[11];
} lines[] = {
    { "784-800-10", "ottt", "6", "128", "ottt.py", "20", { NULL } },
    { "784-800-10", "sltt", "6", "128", "ottt.py", "20", { NULL } },
    { "784-800-10", "bptt", "6", "128", "bptt.py", "20", { NULL } },
    { "vgg11-ws", "ottt", "6", "32", "ottt.py", "1", { "--shape", "3x32x32" } },
    { "resnet18", "sltt", "6", "16", "sltt.py", "1", { "--shape", "3x32x32" } },
    { "ide-400", "ide", "5", "128", "ide.py", "20", { "--shape", "1x28x28", "--dropout", "0.2" } },
    { "ide-64c5", "ide", "30", "128", "ide.py", "1", { "--shape", "1x28x28", "--dropout", "0.2" } },
    { "spide-lenet", "spide", "30", "128", "spide.py", "1", { "--shape", "1x28x28", "--loss", "ce" } },
    { "spide-convnet-f", "spide", "30", "128", "spide.py", "1", { "--shape", "1x28x28", "--loss", "ce" } },
    { "784-400-BN-10-BN", "dsr", "20", "128", "dsr.py", "20", { "--neuron", "dsr_if", "--loss", "ce" } },
    { "preact-resnet18", "dsr", "20", "4", "dsr.py", "1", { "--shape", "3x32x32", "--loss", "ce" } },
    { "784-800-800-10",
      "dsr",
      "20",
      "64",
      "hlop.py",
      "20",
      { "--neuron", "dsr_lif", "--loss", "ce", "--rows", "80,200,100", "--more", "70,70,70", "--optimizer.lr",
        "0.01" } },
};

struct side {
    double rate;                  /* samples per second */
    double resident;              /* bytes */
    char framework[32], blas[64]; /* PyTorch's version, what multiplies its matrices */
};

struct words {
    const char *word[MOST_WORDS + 1];
    size_t count;
};

static void say(struct words *w, const char *word)
{
    if (w->count < MOST_WORDS)
        w->word[w->count++] = word;
    w->word[w->count] = NULL;
}

static void say_flag(struct words *w, const char *flag, const char *value)
{
    say(w, flag);
    say(w, value);
}

/* Settings that both sides receive. */
static void say_run(struct words *w, const struct bench_torch *b, const struct line *l, const char *threads)
{
    say_flag(w, "--net", l->net);
    say_flag(w, "--steps", l->steps);
    say_flag(w, "--batch", l->batch);
    say_flag(w, "--threads", threads);
    say_flag(w, "--repeats", b->repeats);
}

/* ---- one side */

static void copy_text(char *out, size_t size, const json_t *text)
{
    snprintf(out, size, "%s", json_is_string(text) ? json_string_value(text) : "?");
}

/* Runs a program and reads the last line of its output that is a JSON object. */
static int ask(const struct words *w, struct side *side)
{
    char line[MOST_LINE];
    json_t *last = NULL;
    int ends[2], state = 0;
    FILE *out;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0 || (child = fork()) < 0)
        return fail(FAILED, "no process for %s: %s", w->word[0], strerror(errno));
    if (child == 0) {
        close(ends[0]);
        if (dup2(ends[1], STDOUT_FILENO) >= 0)
            execvp(w->word[0], (char *const *)w->word);
        _exit(127);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
    while (out && fgets(line, sizeof line, out)) {
        json_t *value = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
        if (value) {
            json_decref(last);
            last = value;
        }
    }
    if (out)
        fclose(out);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    side->rate = json_number_value(json_object_get(last, "samples_per_second"));
    side->resident = json_number_value(json_object_get(last, "peak_resident_bytes"));
    copy_text(side->framework, sizeof side->framework, json_object_get(last, "framework"));
    copy_text(side->blas, sizeof side->blas, json_object_get(last, "blas"));
    json_decref(last);
    if (WIFSIGNALED(state) && WTERMSIG(state) == SIGINT)
        return INTERRUPTED;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0 || side->rate <= 0)
        return fail(FAILED, "%s %s gave no figure", w->word[0], w->count > 1 ? w->word[1] : "");
    return DONE;
}

static int ask_ours(const struct bench_torch *b, const struct line *l, const char *threads, struct side *side)
{
    struct words w = { .count = 0 };

    say(&w, b->tool);
    say(&w, "bench");
    say(&w, "train");
    say_run(&w, b, l, threads);
    say_flag(&w, "--trainer", l->method);
    for (size_t i = 0; i < sizeof l->flags / sizeof *l->flags && l->flags[i]; i++)
        say(&w, l->flags[i]);
    say(&w, "--json");
    return ask(&w, side);
}

static int ask_torch(const struct bench_torch *b, const struct line *l, const char *threads, bool flush,
                     struct side *side)
{
    struct words w = { .count = 0 };
    char program[sizeof b->programs + 32];

    snprintf(program, sizeof program, "%s/%s", b->programs, l->program);
    say(&w, b->python);
    say(&w, program);
    if (strcmp(l->program, "ottt.py") == 0)
        say_flag(&w, "--method", l->method);
    say_run(&w, b, l, threads);
    say_flag(&w, "--batches", l->batches);
    if (flush)
        say(&w, "--flush-denormal");
    return ask(&w, side);
}

/* ---- the table */

struct sides {
    struct side ours, torch, flushed; /* flushed: PyTorch without denormal numbers */
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double best_torch(const struct sides *s)
{
    return larger(s->torch.rate, s->flushed.rate);
}

static void print(const struct bench_torch *b, const struct line *l, const char *threads, const struct sides *s)
{
    json_t *out;

    if (!b->json) {
        printf("%-18s %-6s %3s %6s %8s %12.1f %12.1f %12.1f %7.1f %12s %12s\n", l->net, l->method, l->steps, l->batch,
               threads, s->ours.rate, s->torch.rate, s->flushed.rate, s->ours.rate / best_torch(s),
               bytes((uint64_t)s->ours.resident).s, bytes((uint64_t)s->torch.resident).s);
        fflush(stdout);
        return;
    }
    out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "event", "against-torch", "network", l->net,
                    "trainer", l->method, "steps", l->steps, "batch", l->batch, "threads", threads, "torch",
                    s->torch.framework, "torch_blas", s->torch.blas);
    json_object_set_new(out, "samples_per_second", json_figure(s->ours.rate));
    json_object_set_new(out, "torch_samples_per_second", json_figure(s->torch.rate));
    json_object_set_new(out, "torch_flushed_samples_per_second", json_figure(s->flushed.rate));
    json_object_set_new(out, "ratio", json_figure(s->ours.rate / best_torch(s)));
    json_object_set_new(out, "peak_resident_bytes", json_figure(s->ours.resident));
    json_object_set_new(out, "torch_peak_resident_bytes", json_figure(s->torch.resident));
    json_line(out, 9);
}

static int measure(const struct bench_torch *b, const struct line *l, const char *threads, struct sides *s)
{
    int status = ask_ours(b, l, threads, &s->ours);

    if (status == DONE)
        status = ask_torch(b, l, threads, false, &s->torch);
    if (status == DONE)
        status = ask_torch(b, l, threads, true, &s->flushed);
    if (status == DONE)
        print(b, l, threads, s);
    return status;
}

/* On 1, 2, 4, ... threads and on all: either side has a number of threads that is its best. */
static int compare(const struct bench_torch *b, const struct line *l)
{
    double ours = 0, torch = 0;
    struct sides s;
    int status = DONE;

    for (uint32_t n = 1, last = 0; status == DONE && last < b->processors; last = n, n *= 2) {
        char threads[24];

        n = n < b->processors ? n : b->processors;
        snprintf(threads, sizeof threads, "%u", n);
        status = measure(b, l, threads, &s);
        ours = larger(ours, s.ours.rate);
        torch = larger(torch, best_torch(&s));
    }
    if (status == DONE && !b->json)
        printf("%-18s best against best: %.1f times %s with %s\n", "", ours / torch, s.torch.framework, s.torch.blas);
    return status;
}

static int find_programs(struct bench_torch *b)
{
    int status = tool_path(b->tool, sizeof b->tool);

    if (status == DONE && !b->programs[0])
        status = tool_share("torch", b->programs, sizeof b->programs);
    if (status != DONE)
        return status;
    return access(b->programs, R_OK) == 0
               ? DONE
               : fail(FAILED, "%s: no PyTorch programs there; give their folder by --torch", b->programs);
}

/* True if Python has PyTorch. */
static int find_torch(const struct bench_torch *b)
{
    int state = -1;
    pid_t child = fork();

    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(127);
        execlp(b->python, b->python, "-c", "import torch", (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, &state, 0);
    return child > 0 && WIFEXITED(state) && WEXITSTATUS(state) == 0
               ? DONE
               : fail(FAILED,
                      "%s has no PyTorch: install python3-torch, or name another Python in the environment's PYTHON",
                      b->python);
}

static bool wanted(const char *list, const char *word)
{
    char each[16][32];
    size_t n = list ? args_list(list, each, 16) : 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(each[i], word) == 0)
            return true;
    return !list;
}

int bench_against_torch(struct bench_torch *b, const char *machine, const char *net, const char *methods)
{
    size_t done = 0;
    int status = find_programs(b);

    b->python = getenv("PYTHON") && *getenv("PYTHON") ? getenv("PYTHON") : "python3";
    b->processors = all_threads();
    if (status == DONE)
        status = find_torch(b);
    for (size_t i = 0; i < sizeof lines / sizeof *lines && status == DONE; i++) {
        if (!wanted(net, lines[i].net) || !wanted(methods, lines[i].method))
            continue;
        if (done++ == 0 && !b->json)
            printf(
                "machine  %s, %u processors; medians of %s\n\n%-18s %-6s %3s %6s %8s %12s %12s %12s %7s %12s %12s\n",
                machine, b->processors, b->repeats, "network", "method", "T", "batch", "threads", "samples/s",
                "PyTorch", "flushed", "ratio", "memory", "PyTorch");
        status = compare(b, &lines[i]);
    }
    if (status == DONE && done == 0) {
        fprintf(stderr, "networks and methods that have a PyTorch program:\n");
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            fprintf(stderr, "  --net %s --trainer %s\n", lines[i].net, lines[i].method);
        return fail(USAGE, "no PyTorch program for this network and method");
    }
    return status;
}
