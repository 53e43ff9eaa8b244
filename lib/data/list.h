/* data/list.h - the one list of file formats: each name stands for snn__data_NAME, defined in a file of this room.
 * No guard: the file that reads it defines X. */
X(idx)
X(cifar10)
X(cifar100)
X(csv)
X(npy)
#undef X
