#pragma once

// Kernels for a Cortex-M0+ beside the portable ones, for the lists of operators.

// Those that write code and run it, for programs that may.
#ifdef TANDEM_NO_GENERATED_CODE
#define TANDEM_TARGET_GENERATED_CONV_2D_S8
#define TANDEM_TARGET_SPARSE_CONV_2D_S8
#else
#define TANDEM_TARGET_GENERATED_CONV_2D_S8 conv_2d_s8__armv6m_generate, conv_2d_s8__armv6m_generated,
#define TANDEM_TARGET_SPARSE_CONV_2D_S8 conv_2d_s8__armv6m_sparse, conv_2d_s8__armv6m_sparse_begin,
#endif

#define TANDEM_TARGET_CONV_2D_S8                                                               \
  TANDEM_TARGET_GENERATED_CONV_2D_S8 TANDEM_TARGET_SPARSE_CONV_2D_S8 conv_2d_s8__armv6m_dense, \
      conv_2d_s8__armv6m_dense_pack,
// With one input channel it is a CONV_2D.
#define TANDEM_TARGET_DEPTHWISE_CONV_2D_S8                                                            \
  TANDEM_TARGET_GENERATED_CONV_2D_S8 depthwise_conv_2d_s8__armv6m, depthwise_conv_2d_s8__armv6m_taps, \
      conv_2d_s8__armv6m_dense, conv_2d_s8__armv6m_dense_pack,
#define TANDEM_TARGET_ADD_S8 add_s8__armv6m_levels,
#define TANDEM_TARGET_FULLY_CONNECTED_S8 fully_connected_s8__armv6m,
