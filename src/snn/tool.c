/* tool.c - what the commands share. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HELP_COLUMNS 118

static const char *command;

void set_command(const char *name)
{
    command = name;
}

static void (*keeper)(const char *line);
static bool silent; /* of warnings */

void keep_messages(void (*keep)(const char *line), bool warns)
{
    keeper = keep;
    silent = !warns;
}

/* A message may hold text of a file from anywhere: it stays one line and gives no orders to the terminal. */
static void one_line(char *line, size_t size, const char *format, va_list list)
{
    vsnprintf(line, size, format, list);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

static void print_line(const char *kind, const char *line)
{
    fflush(stdout);
    fprintf(stderr, "snn: %s%s%s%s\n", command ? command : "", command ? ": " : "", kind, line);
}

void say_line(const char *format, ...)
{
    char line[2048];
    va_list list;

    va_start(list, format);
    one_line(line, sizeof line, format, list);
    va_end(list);
    print_line("", line);
}

void say_help(void)
{
    fprintf(stderr, "try: snn%s%s --help\n", command ? " " : "", command ? command : "");
}

int fail(int status, const char *format, ...)
{
    char line[2048];
    va_list list;

    va_start(list, format);
    one_line(line, sizeof line, format, list);
    va_end(list);
    if (keeper) {
        keeper(line);
        return status;
    }
    print_line("", line);
    if (status == USAGE)
        say_help();
    return status;
}

void warn(const char *format, ...)
{
    char line[2048];
    va_list list;

    va_start(list, format);
    one_line(line, sizeof line, format, list);
    va_end(list);
    if (!silent)
        print_line("warning: ", line);
}

int fail_call(snn_status rc, const char *what)
{
    const char *message = snn_last_error();

    if (!message[0])
        message = snn_status_text(rc);
    return fail(FAILED, "%s: %s%s%s", snn_status_name(rc), what ? what : "", what ? ": " : "", message);
}

struct text grouped(uint64_t n)
{
    struct text out;
    char digits[32];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), k = 0;

    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out.s[k++] = ',';
        out.s[k++] = digits[i];
    }
    out.s[k] = '\0';
    return out;
}

struct text rate_text(double x)
{
    struct text out;

    if (x >= 100)
        return grouped((uint64_t)(x + 0.5));
    snprintf(out.s, sizeof out.s, "%.*f", x >= 10 ? 1 : 2, x);
    return out;
}

struct text si(double x)
{
    static const char *const unit[] = { "", " k", " M", " G", " T", " P" };
    struct text out;
    size_t u = 0;

    while (fabs(x) >= 999.5 && u + 1 < sizeof unit / sizeof *unit) {
        x /= 1000;
        u++;
    }
    snprintf(out.s, sizeof out.s, "%.*f%s", u == 0 || fabs(x) >= 99.95 ? 0 : fabs(x) >= 9.995 ? 1 : 2, x, unit[u]);
    return out;
}

struct text bytes(uint64_t n)
{
    static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    struct text out;
    double x = (double)n;
    size_t u = 0;

    while (x >= 1023.5 && u + 1 < sizeof unit / sizeof *unit) {
        x /= 1024;
        u++;
    }
    snprintf(out.s, sizeof out.s, "%.*f %s", u && x < 99.95 ? 1 : 0, x, unit[u]);
    return out;
}

struct text clock_time(double seconds)
{
    struct text out;
    unsigned long s = seconds > 0 && seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 0;

    if (s >= 3600)
        snprintf(out.s, sizeof out.s, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out.s, sizeof out.s, "%lu:%02lu", s / 60, s % 60);
    return out;
}

struct text shape_text(const snn_shape *shape)
{
    struct text out;

    if (shape->rank == 3)
        snprintf(out.s, sizeof out.s, "%ux%ux%u", shape->dim[0], shape->dim[1], shape->dim[2]);
    else if (shape->rank == 2)
        snprintf(out.s, sizeof out.s, "%ux%u", shape->dim[0], shape->dim[1]);
    else if (shape->rank == 1)
        snprintf(out.s, sizeof out.s, "%u", shape->dim[0]);
    else
        snprintf(out.s, sizeof out.s, "?");
    return out;
}

size_t shape_size(const snn_shape *shape)
{
    return (size_t)shape->dim[0] * shape->dim[1] * shape->dim[2];
}

/* Number of letters to insert, remove or change between two words (Levenshtein), one row of the table at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65], n = strlen(b);

    if (n > 64)
        return 64;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            if (corner + 1 < best)
                best = corner + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

/* Names of other programs, and the names here. */
static const char *synonym(const char *word)
{
    static const char *const said[][2] = {
        { "learning_rate", "lr" },    { "learning-rate", "lr" },  { "wd", "weight_decay" },
        { "l2", "weight_decay" },     { "timesteps", "steps" },   { "time_steps", "steps" },
        { "time-steps", "steps" },    { "num_steps", "steps" },   { "T", "steps" },
        { "leak", "decay" },          { "beta", "decay" },        { "tau_m", "tau" },
        { "v_th", "threshold" },      { "vth", "threshold" },     { "v_threshold", "threshold" },
        { "v_reset", "reset_value" }, { "batch-size", "batch" },  { "batch_size", "batch" },
        { "method", "trainer" },      { "network", "net" },       { "model", "net" },
        { "dataset", "data" },        { "output", "save" },       { "optim", "optimizer" },
        { "normalize", "normalise" }, { "num-epochs", "epochs" },
    };

    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (strcmp(said[i][0], word) == 0)
            return said[i][1];
    return NULL;
}

static const char *among(const char *word, const char *const *words)
{
    for (; word && *words; words++)
        if (strcmp(word, *words) == 0)
            return *words;
    return NULL;
}

const char *nearest(const char *word, const char *const *words)
{
    const char *found = among(synonym(word), words);
    size_t limit = strlen(word) / 3 + 1; /* a third of the letters may be wrong */

    if (found)
        return found;
    for (; *words; words++) {
        size_t d = distance(word, *words);
        if (d <= limit) {
            limit = d ? d - 1 : 0;
            found = *words;
        }
    }
    return found;
}

void print_folded(size_t indent, const char *words)
{
    size_t at = indent;

    for (size_t n; *words != '\0'; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        if (at > indent && at + 1 + n > HELP_COLUMNS) {
            printf("\n%*s", (int)indent, "");
            at = indent;
        }
        printf("%s%.*s", at > indent ? " " : "", (int)n, words);
        at += n + (at > indent);
    }
    putchar('\n');
}

json_t *json_figure(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

void json_line(json_t *value, size_t digits)
{
    json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(digits) | JSON_ENCODE_ANY);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(value);
}

uint64_t peak_resident(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
#ifdef __APPLE__
    return (uint64_t)use.ru_maxrss;
#else
    return (uint64_t)use.ru_maxrss * 1024;
#endif
}

double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

snn_status plain_context(snn_context **out)
{
    snn_context_options options;
    snn_status rc = snn_context_options_init(&options, sizeof options);

    options.threads = 1;
    return rc == SNN_OK ? snn_context_create(out, &options) : rc;
}

char *renamed(const char *base, const char *cut, const char *add)
{
    size_t length = strlen(base), ending = strlen(cut);
    char *out;

    if (length > ending && strcmp(base + length - ending, cut) == 0)
        length -= ending;
    out = malloc(length + strlen(add) + 1);
    if (out) {
        memcpy(out, base, length);
        strcpy(out + length, add);
    }
    return out;
}

int open_to_read(FILE **out, const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    int error = errno;

    *out = NULL;
    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(FAILED, "%s: it is not a regular file", path);
    }
    if (fd >= 0 && (*out = fdopen(fd, "r")) == NULL) {
        error = errno;
        close(fd);
    }
    return *out ? DONE : fail(FAILED, "%s: %s", path, strerror(error));
}

char *at_home(const char *path)
{
    const char *home = path[0] == '~' ? getenv("HOME") : "";
    char *out;

    if (path[0] == '~' && ((path[1] != '/' && path[1] != '\0') || !home || !home[0])) {
        fail(FAILED, "%s: only ~/ is expanded, to the folder in HOME; write out the path", path);
        return NULL;
    }
    out = malloc(strlen(home) + strlen(path) + 1);
    if (!out)
        fail(FAILED, "out of memory");
    else
        sprintf(out, "%s%s", home, path + (path[0] == '~'));
    return out;
}

int tool_path(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);

    if (length <= 0)
        return fail(FAILED, "this system does not say where the tool is");
    out[length] = '\0';
    return DONE;
}

int tool_share(const char *name, char *out, size_t size)
{
    int status = tool_path(out, size);
    char *slash = status == DONE ? strrchr(out, '/') : NULL;

    if (slash)
        snprintf(slash, size - (size_t)(slash - out), "/../share/snn/%s", name);
    return status;
}

float *floats(size_t n, size_t each)
{
    return each == 0 || n <= SIZE_MAX / each ? calloc(n * each, sizeof(float)) : NULL;
}

uint32_t all_threads(void)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_context *context = NULL;
    bool told = snn_context_create(&context, NULL) == SNN_OK && snn_context_get_info(context, &info) == SNN_OK;

    snn_context_destroy(context);
    return told ? info.threads : 1;
}

const char *flag_dashes(const char *name)
{
    return name[0] && !name[1] ? "-" : "--";
}
