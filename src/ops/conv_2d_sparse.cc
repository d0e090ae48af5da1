#include "ops/conv_2d_sparse.h"

#include <algorithm>

namespace tandem {
namespace {

// Below that the lists cost more than they save.
constexpr int32_t kMinInChannels = 48;
constexpr int32_t kMinOutChannels = 24;
// A worker's lists take no more than that, and room for so many of the inputs, in percent: after a ReLU a
// fifth to a half are zero. What does not fit is done in pieces, whose lists are made for each tile anew.
constexpr uint32_t kMaxListBytes = 32 * 1024;
constexpr uint32_t kExpectedPercent = 80;

}  // namespace

bool suits_sparse_conv_2d(const OpContext& c, const Conv2dParams& params) {
  const Window2d& w = params.window;
  const TensorInfo weights = c.input(1);
  const bool readable =
      weights.type == Type::kInt8 && weights.constant() && reinterpret_cast<uintptr_t>(weights.data) % 4 == 0;
  return readable && c.input(0).type == Type::kInt8 && c.has(kernel_id::conv_2d_s8__armv6m_sparse) &&
         w.filter.h == 1 && w.filter.w == 1 && w.stride.h == 1 && w.stride.w == 1 && params.groups == 1 &&
         params.in_zero_point == -128 && params.in_channels % 4 == 0 &&
         params.in_channels >= kMinInChannels && params.out_channels >= kMinOutChannels;
}

void emit_sparse_conv_2d(OpContext& c, const Conv2dParams& params, const LevelFactors& level, uint64_t macs) {
  const auto channels = static_cast<uint32_t>(params.out_channels);
  const auto in_channels = static_cast<uint32_t>(params.in_channels);
  const Window2d& w = params.window;
  const auto pixels = static_cast<uint32_t>(w.batches * w.out.h * w.out.w);

  SparseConv2dParams sparse{.conv = params,
                            .level_channels = level.levels,
                            .weight_max = {},
                            .slack = level.slack,
                            .workers = c.workers()};
  const auto* weights = reinterpret_cast<const int8_t*>(c.input(1).data);
  sparse.weight_max = c.prepared<uint8_t>(in_channels, [&](std::span<uint8_t> largest) {
    std::ranges::fill(largest, uint8_t{0});
    for (uint32_t at = 0; at < channels * in_channels;) {
      for (uint8_t& value : largest) {
        const int32_t weight = weights[at++];
        value = std::max(value, static_cast<uint8_t>(weight < 0 ? -weight : weight));
      }
    }
  });

  const uint32_t one_pixel = sparse_list_bytes(in_channels, 1, kExpectedPercent);
  const uint32_t room = (kMaxListBytes - sparse_pixel_bytes(in_channels)) / one_pixel;
  const uint32_t bands = std::max<uint32_t>((pixels + room - 1) / room, 1);
  sparse.bands = {.count = pixels, .per_unit = (pixels + bands - 1) / bands};
  sparse.list_bytes = sparse.bands.per_unit * one_pixel + sparse_pixel_bytes(in_channels);
  sparse.scratch = c.scratch(sparse_scratch_bytes(in_channels, sparse.list_bytes));
  c.emit(kernel_id::conv_2d_s8__armv6m_sparse_begin, sparse);
  c.emit(kernel_id::conv_2d_s8__armv6m_sparse, sparse,
         {.units = sparse.bands.units() * sparse.tiles(), .macs = macs});
}

}  // namespace tandem
