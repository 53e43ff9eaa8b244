/* ranks_agree.c - a failure of any rank ends all: they tell each other, and the first one says it. */
#include "ranks_agree.h"

#include "ranks.h"

#include <stdlib.h>
#include <string.h>

/* What a rank has to say. */
struct record {
    int32_t status;
    char text[2044]; /* lines */
};

static struct record kept;
static const snn_communicator *among; /* NULL: messages are printed as they come */
static bool over;                     /* the ranks have agreed that all end */
static bool lost;                     /* a call between them failed */

/* ---- messages */

static void keep(const char *line)
{
    const size_t used = strlen(kept.text);

    snprintf(kept.text + used, sizeof kept.text - used, "%s%s", used ? "\n" : "", line);
}

/* Each line of the text, after the words that tell whose it is. */
static void print(const char *whose, const char *text)
{
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        say_line("%s%.*s", whose, (int)n, text);
    }
}

bool agree_last_words(void)
{
    char whose[32];

    if (!among || !kept.text[0])
        return false;
    snprintf(whose, sizeof whose, "rank %u: ", among->rank);
    print(whose, kept.text);
    kept.text[0] = '\0';
    return true;
}

void agree_begin(const snn_communicator *together)
{
    among = together;
    keep_messages(keep, ranks_first());
}

/* ---- who has failed */

static int fail_between(snn_status rc)
{
    const char *reason = among->reason ? among->reason(among->user) : NULL;

    over = lost = true;
    return fail(FAILED, "%s: %s", snn_status_name(rc), reason && reason[0] ? reason : snn_status_text(rc));
}

/* "ranks 1-3, 7: ", those whose text is that of number `i`. */
static void name_ranks(const struct record *r, size_t n, size_t i, char *out, size_t size)
{
    size_t used = 0, count = 0, end;
    char list[200] = "";

    for (size_t k = i; k < n && used < sizeof list; k = end + 1) {
        for (end = k; end < n && strcmp(r[end].text, r[i].text) == 0; end++)
            ;
        if (end == k)
            continue;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%zu", count ? ", " : "", k);
        if (end - k > 1 && used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "-%zu", end - 1);
        count += end - k;
    }
    out[0] = '\0';
    if (count < n)
        snprintf(out, size, "rank%s %s: ", count > 1 ? "s" : "", list);
}

static bool is_new(const struct record *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(r[k].text, r[i].text) == 0)
            return false;
    return r[i].text[0];
}

/* Every message once, with the ranks that have it unless all do. An interruption is that of the run. */
static void report(const struct record *r, size_t n, int status)
{
    char whose[240] = "";

    for (size_t i = 0; i < n; i++) {
        if (!is_new(r, i))
            continue;
        if (status != INTERRUPTED)
            name_ranks(r, n, i, whose, sizeof whose);
        print(whose, r[i].text);
    }
    if (status == USAGE)
        say_help();
}

/* The status of the lowest rank that failed; an interruption is less than that. */
static int worst(const struct record *r, size_t n)
{
    int status = DONE;

    for (size_t i = 0; i < n; i++)
        if (r[i].status == INTERRUPTED)
            status = INTERRUPTED;
        else if (r[i].status != DONE)
            return r[i].status;
    return status;
}

/* All tell all what they have to say. */
static int tell(int status)
{
    struct record *all = calloc(among->size, sizeof *all);
    snn_status rc = all ? SNN_OK : SNN_ERR_MEMORY;

    kept.status = status;
    if (all)
        all[among->rank] = kept;
    for (uint32_t i = 0; i < among->size && rc == SNN_OK; i++)
        rc = among->broadcast(among->user, &all[i], sizeof all[i], i);
    if (rc == SNN_OK) {
        over = true;
        status = worst(all, among->size);
        kept.text[0] = '\0';
        if (among->rank == 0)
            report(all, among->size, status);
    }
    free(all);
    return rc == SNN_OK ? status : fail_between(rc);
}

/* All ranks meet: at the end, or on the way there. */
static int meet(int status, bool end)
{
    float sum[2] = { status != DONE || (end && kept.text[0]), end };
    snn_status rc;

    if (!among || over)
        return status;
    rc = among->all_reduce(among->user, sum, 2);
    if (rc != SNN_OK)
        return fail_between(rc);
    if (sum[0] > 0)
        return tell(status);
    if (sum[1] > 0 && !end)
        return tell(fail(FAILED, "other ranks are done, and this one is not"));
    if (end && sum[1] < (float)among->size)
        return tell(DONE);
    over = end;
    return DONE;
}

int ranks_agree(int status)
{
    return meet(status, false);
}

int agree_end(int status)
{
    status = meet(status, true);
    agree_last_words();
    keep_messages(NULL, true);
    return status;
}

bool agree_is_lost(void)
{
    return lost;
}

int ranks_share(void *data, size_t bytes)
{
    snn_status rc = among && !over ? among->broadcast(among->user, data, bytes, 0) : SNN_OK;

    return rc == SNN_OK ? DONE : fail_between(rc);
}
