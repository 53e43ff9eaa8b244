/* optimizer/list.h - the one list of optimizers: each name stands for snn__optimizer_NAME, defined in a file of this
 * room. No guard: the file that reads it defines X. */
X(sgd)
X(adam)
X(adamw)
#undef X
