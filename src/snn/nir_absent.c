/* nir_absent.c - what takes the place of cmd_convert.c and nir_info.c in a build without libsnn-nir. */
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

int cmd_convert(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return lacks();
}
