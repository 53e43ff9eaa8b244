/* golden_main.c - the conformance program as a function. */
int golden_main(int argc, char **argv);

#define main golden_main
#include "run_golden.c"
