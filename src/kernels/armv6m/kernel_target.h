#pragma once

// Kernels for a Cortex-M0+ beside the portable ones, for the lists of operators.
#define TANDEM_TARGET_CONV_2D_S8                                                        \
  conv_2d_s8__armv6m_sparse, conv_2d_s8__armv6m_sparse_begin, conv_2d_s8__armv6m_dense, \
      conv_2d_s8__armv6m_dense_pack,
// With one input channel it is a CONV_2D.
#define TANDEM_TARGET_DEPTHWISE_CONV_2D_S8 \
  depthwise_conv_2d_s8__armv6m, conv_2d_s8__armv6m_dense, conv_2d_s8__armv6m_dense_pack,
#define TANDEM_TARGET_FULLY_CONNECTED_S8 fully_connected_s8__armv6m,
