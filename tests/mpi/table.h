/* table.h - the parts of the program that tests the table of libsnn-mpi. */
#ifndef TEST_MPI_TABLE_H
#define TEST_MPI_TABLE_H

#include "must.h"
#include "ranks.h"

/* Of this process, in the communicator at hand. */
extern uint32_t rank, size;

void test_all_reduce(const snn_communicator *c);
void test_messages(const snn_communicator *c);
void test_refused(snn_mpi *mpi);

/* The last message, and that of the communicator, hold these words. */
bool says(const snn_communicator *c, const char *words);

/* Programs of their own: how MPI begins. */
int single(void);
int init(void);
int launched(void);
int ends(const char *how);

#endif
