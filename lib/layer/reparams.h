/* layer/reparams.h - the one list of reparametrisations: each name stands for snn__reparam_NAME, defined in a file of
 * this room. A norm that refuses combinations with others comes before these. No guard: the file that reads it
 * defines X. */
X(binary)
X(spectral)
X(frobenius)
X(standardise)
#undef X
