/* must.h - what the programs under mpirun share. A rank that finds an error ends all. */
#ifndef TEST_MPI_MUST_H
#define TEST_MPI_MUST_H

#include <mpi.h>

#include <snn/mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s; last error: %s\n", __FILE__, __LINE__, #condition, \
                    snn_last_error());                                                             \
            snn_mpi_abort(NULL, 1);                                                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define OK(call) MUST((call) == SNN_OK)

#endif
