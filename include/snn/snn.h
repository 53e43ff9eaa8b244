/** @file snn/snn.h
 * The whole public interface of libsnn. Headers under snn/sys/ are not part of it: they may change with any release.
 * Part of libsnn, MIT licence. */
#ifndef SNN_SNN_H
#define SNN_SNN_H

#include <snn/communicator.h>
#include <snn/context.h>
#include <snn/continual.h>
#include <snn/dataset.h>
#include <snn/export.h>
#include <snn/layer.h>
#include <snn/loss.h>
#include <snn/model.h>
#include <snn/name.h>
#include <snn/network.h>
#include <snn/neuron.h>
#include <snn/optimizer.h>
#include <snn/param.h>
#include <snn/projection.h>
#include <snn/status.h>
#include <snn/stream.h>
#include <snn/trainer.h>
#include <snn/version.h>

#endif
