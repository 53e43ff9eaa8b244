/* nir_absent.c - what takes the place of cmd_convert.c and nir_info.c in a build without libsnn-nir. */
#include "command.h"
#include "nir.h"

static int lacks(void)
{
    return fail(FAILED,
                "this build has no libsnn-nir, which needs libhdf5: install it (Debian: libhdf5-dev) and build "
                "again");
}

int nir_info(const char *path, bool json)
{
    (void)path;
    (void)json;
    return lacks();
}

static int run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return lacks();
}

const struct command convert_command = { .name = "convert", .does = "not in this build", .run = run };
