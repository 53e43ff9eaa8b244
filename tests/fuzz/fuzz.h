/* fuzz.h - what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(); replay.c runs it over
 * files where there is no libFuzzer. */
#ifndef SNN_TESTS_FUZZ_H
#define SNN_TESTS_FUZZ_H

#include <snn/snn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The one context, of one thread. Objects of this input may hold `most` bytes; more is refused with SNN_ERR_MEMORY
 * (`refuse`), as where a description asks for a large network, or is a finding, as where a small file makes its
 * reader take it. */
snn_context *fuzz_context(size_t most, bool refuse);
/* From now on so many bytes more may be held, else SNN_ERR_MEMORY. */
void fuzz_refuse(size_t most);
/* Every object of an input has been destroyed: what is still held is a finding. */
void fuzz_done(void);

/* Ends the process with a finding. */
void fuzz_finding(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
#define FUZZ_HOLDS(condition) ((condition) ? (void)0 : fuzz_finding("%s:%d: %s", __FILE__, __LINE__, #condition))
/* A call that an input may make fail: it succeeds, or says what was wrong and that it is no defect of the library. */
#define FUZZ_ANSWERS(call) FUZZ_HOLDS(fuzz_is_answer(call))
bool fuzz_is_answer(snn_status status);

/* A folder of this process; it goes away at exit. */
const char *fuzz_folder(void);
/* Path of a file in it, valid until the next call but three. Folders in `name` are made. */
const char *fuzz_path(const char *name);
void fuzz_write(const char *name, const uint8_t *data, size_t size);
/* The same, compressed to gz. */
void fuzz_write_gz(const char *name, const uint8_t *data, size_t size);
void fuzz_remove(const char *name);

/* Cuts a piece off an input: what its first two bytes say of it (big-endian), and at most all. */
struct fuzz_piece {
    const uint8_t *data;
    size_t size;
};
struct fuzz_piece fuzz_cut(const uint8_t **data, size_t *size);
uint8_t fuzz_byte(const uint8_t **data, size_t *size);
/* A copy that ends with NUL; to be freed. */
char *fuzz_text(const uint8_t *data, size_t size);

#endif
