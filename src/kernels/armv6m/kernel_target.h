#pragma once

// Kernels for a Cortex-M0+ beside the portable ones, for the lists of operators.
#define TANDEM_TARGET_CONV_2D_S8
#define TANDEM_TARGET_DEPTHWISE_CONV_2D_S8
