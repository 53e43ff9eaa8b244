/* ranks.c - the launcher's environment, and libsnn-mpi. */
#include "ranks.h"

#include "ranks_agree.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What launchers say to each process. */
static const struct {
    const char *size, *rank;
} launcher[] = {
    { "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK" },
    { "PMI_SIZE", "PMI_RANK" },
    { "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK" },
    { "SLURM_STEP_NUM_TASKS", "PMIX_RANK" }, /* srun --mpi=pmix */
};

/* The calls of libsnn-mpi, as in snn/mpi.h. */
typedef struct snn_mpi snn_mpi;
static struct {
    snn_status (*init)(snn_mpi **out);
    void (*destroy)(snn_mpi *mpi);
    const snn_communicator *(*communicator)(const snn_mpi *mpi);
    void (*abort)(const snn_mpi *mpi, int status);
} call;

static snn_mpi *mpi;
static const snn_communicator *together; /* NULL: one process */

static bool number(const char *name, uint32_t *out)
{
    const char *text = getenv(name);
    char *end;
    unsigned long value = text ? strtoul(text, &end, 10) : 0;

    if (!text || end == text || *end || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

uint32_t ranks_launched(uint32_t *rank)
{
    uint32_t size;

    for (size_t i = 0; i < sizeof launcher / sizeof *launcher; i++)
        if (number(launcher[i].size, &size) && number(launcher[i].rank, rank) && *rank < size)
            return size;
    if (number("PMIX_RANK", rank)) /* a launcher of PMIx alone, such as prun: MPI knows how many there are */
        return 0;
    *rank = 0;
    return 1;
}

uint32_t ranks_size(void)
{
    return together ? together->size : 1;
}

bool ranks_first(void)
{
    return !together || together->rank == 0;
}

const snn_communicator *ranks_communicator(void)
{
    return together;
}

/* ---- begin */

/* All processes of a machine fail in the same way: the first of them says it, before the others end. */
static int fail_apart(const char *what, const char *why)
{
    static const char *const name[] = { "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK",
                                        "SLURM_LOCALID" };
    uint32_t rank, local = 0;

    ranks_launched(&rank);
    for (size_t i = 0; i < sizeof name / sizeof *name && !number(name[i], &local); i++)
        ;
    if (local > 0) {
        sleep(1);
        return FAILED;
    }
    return rank == 0 ? fail(FAILED, "%s%s", what, why) : fail(FAILED, "rank %u: %s%s", rank, what, why);
}

static int load(void)
{
    static const char absent[] = "processes that mpirun or srun started train together over libsnn-mpi, which "
                                 "cannot be loaded: ";
    static const char *const name[] = { "snn_mpi_init", "snn_mpi_destroy", "snn_mpi_communicator", "snn_mpi_abort" };
    void *const place[] = { &call.init, &call.destroy, &call.communicator, &call.abort };
    void *library = dlopen(SNN_MPI_FILE, RTLD_NOW | RTLD_GLOBAL);

    if (!library)
        return fail_apart(absent, dlerror());
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        void *symbol = dlsym(library, name[i]);

        if (!symbol)
            return fail_apart(absent, dlerror());
        memcpy(place[i], &symbol, sizeof symbol);
    }
    return DONE;
}

/* Somebody exits where no status is returned. */
static void on_exit_alone(void)
{
    if (mpi && agree_last_words())
        call.abort(mpi, FAILED);
}

int ranks_open(void)
{
    uint32_t rank, size = ranks_launched(&rank);
    int status = size != 1 ? load() : DONE;

    if (size == 1 || status != DONE)
        return status;
    if (call.init(&mpi) != SNN_OK)
        return fail_apart("", snn_last_error());
    if (call.communicator(mpi)->size == 1)
        return DONE;
    together = call.communicator(mpi);
    agree_begin(together);
    if (!ranks_first() && !freopen("/dev/null", "w", stdout))
        return fail(FAILED, "/dev/null: cannot be opened");
    return atexit(on_exit_alone) == 0 ? DONE : fail(FAILED, "out of memory");
}

/* ---- end */

int ranks_close(int status)
{
    if (!mpi)
        return status;
    status = agree_end(status);
    if (agree_is_lost())
        call.abort(mpi, status);
    call.destroy(mpi);
    mpi = NULL;
    together = NULL;
    return status;
}
