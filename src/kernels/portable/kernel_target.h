#pragma once

// The kernels that a machine has beside the portable ones, for the lists of operators; the first that can be
// used is. This machine has none.
#define TANDEM_TARGET_ADD_S8
#define TANDEM_TARGET_CONV_2D_S8
#define TANDEM_TARGET_DEPTHWISE_CONV_2D_S8
#define TANDEM_TARGET_FULLY_CONNECTED_S8
