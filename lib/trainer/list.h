/* trainer/list.h - the one list of training methods: each name stands for snn__rule_NAME, defined in a file of this
 * room. No guard: the file that reads it defines X. */
X(bptt)
X(sltt)
X(ottt)
X(ide)
X(dsr)
X(spide)
X(opzo)
X(sei)
X(eprop)
#undef X
