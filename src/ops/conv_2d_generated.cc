#include "ops/conv_2d_generated.h"

#include <algorithm>
#include <cstdlib>

#include "kernels/conv_2d_generated.h"
#include "tandem/port.h"

namespace tandem {
namespace {

// Code of one pass over the output, in SRAM beside the pairs of inputs.
constexpr uint32_t kMaxCodeWords = 13 * 1024;
constexpr uint32_t kMaxFilter = 1 << 12;
// Of pairs of inputs, for each worker.
constexpr uint32_t kMaxPlaneBytes = 8 * 1024;
// Enough units for workers to share evenly.
constexpr uint32_t kUnits = 12;

// A 1x1 convolution sees its input as one row of pixels.
Window2d flattened(const Window2d& w) {
  if (w.filter.h != 1 || w.filter.w != 1 || w.stride.h != 1 || w.stride.w != 1 || w.pad.h != 0 ||
      w.pad.w != 0) {
    return w;
  }
  const int32_t pixels = w.batches * w.out.h * w.out.w;
  return {.batches = 1, .in = {1, pixels}, .out = {1, pixels}, .filter = {1, 1}};
}

// Where the pairs are: p's part of the output, and how far q is from it.
struct Pairs {
  Size2d part;
  Size2d lane;
};
Pairs pairs_of(const Window2d& w) {
  const Size2d half = {w.out.h / 2, w.out.w / 2};
  const Size2d rest = {w.out.h - half.h, w.out.w - half.w};
  // The other axis has to be done whole; less is done twice where a size is even.
  const bool by_columns = rest.w * w.out.h <= rest.h * w.out.w;
  return by_columns ? Pairs{{w.out.h, rest.w}, {0, half.w}} : Pairs{{rest.h, w.out.w}, {half.h, 0}};
}

// How an output is cut into units: blocks of rows by columns.
struct Cut {
  Size2d unit;
  uint64_t cycles = UINT64_MAX;  // until the last worker is done
};

// The cut with which workers that take units in turn are done first, with units of `most` to a quarter of
// that.
template <class UnitCycles>
Cut soonest_done(Size2d most, Size2d size, int32_t batches, uint32_t workers, UnitCycles unit_cycles) {
  Cut best;
  for (const int32_t x : {most.w, (most.w + 1) / 2}) {
    for (int32_t y = most.h; y >= (most.h + 1) / 2; --y) {
      uint64_t busy[Port::kMaxWorkers] = {};
      for (int32_t batch = 0; batch < batches; ++batch) {
        for (int32_t row = 0; row < size.h; row += y) {
          for (int32_t column = 0; column < size.w; column += x) {
            *std::min_element(busy, busy + workers) +=
                unit_cycles(std::min(y, size.h - row), std::min(x, size.w - column));
          }
        }
      }
      const uint64_t cycles = *std::max_element(busy, busy + workers);
      if (cycles < best.cycles) best = {.unit = {y, x}, .cycles = cycles};
    }
  }
  return best;
}

// Words of a unit of code, as conv_2d_generated.h has it.
uint32_t unit_words(const ConvFilters& filters, uint32_t rows, uint32_t first, uint32_t channels) {
  constexpr auto kMost = static_cast<int32_t>(ConvGenerated::kMaxGroupWeight);
  uint32_t instructions = 0;
  for (uint32_t c = 0; c < channels; ++c) {
    uint32_t groups = 0;
    int32_t room = -1;
    for (uint32_t k = 0; k < filters.filter; ++k) {
      const int32_t magnitude = std::abs(filters(first + c, k));
      if (magnitude == 0) continue;
      room -= magnitude;
      if (room < 0) {
        ++groups;
        room = kMost - magnitude;
      }
      instructions += magnitude == 1 ? 1 : (magnitude & (magnitude - 1)) == 0 ? 2 : 3;
    }
    instructions += groups == 0 ? 3 + 1 : 3 * groups;
    if (c == 2 && groups <= 1) --instructions;
  }
  const uint32_t run = filters.filter / rows;
  uint32_t skipped = 0;
  const auto skip = [&] {
    instructions += (skipped + ConvGenerated::kMostSkipped - 1) / ConvGenerated::kMostSkipped;
    skipped = 0;
  };
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t k = 0; k < run; k += 2) {
      const uint32_t at = row * run + k;
      int32_t all = 0;
      for (uint32_t c = first; c < first + channels && all == 0; ++c) {
        all = filters(c, at);
        if (all == 0 && k + 1 < run) all = filters(c, at + 1);
      }
      if (all == 0) {
        skipped += 2;
      } else {
        skip();
        ++instructions;
      }
    }
    if (row + 1 < rows) {
      skip();
      instructions += 2;
    }
  }
  constexpr uint32_t kBranch = 2;
  return (instructions + kBranch + 1) / 2 + channels * ConvGenerated::kConstantWords;
}

// Calls on_unit(first channel, words) for each unit of code.
template <class OnUnit>
void for_each_unit(const Conv2dParams& conv, const ConvFilters& filters, OnUnit on_unit) {
  for (uint32_t first = 0; first < filters.channels; first += ConvGenerated::kUnitChannels) {
    const uint32_t channels = std::min(ConvGenerated::kUnitChannels, filters.channels - first);
    on_unit(first, unit_words(filters, static_cast<uint32_t>(conv.window.filter.h), first, channels));
  }
}

}  // namespace

std::optional<GeneratedConv2d> suits_generated_conv_2d(const OpContext& c, const Conv2dParams& conv,
                                                       const ConvFilters& filters) {
  if (!c.has(kernel_id::conv_2d_s8__armv6m_generated) || !c.has(kernel_id::conv_2d_s8__armv6m_generate)) {
    return std::nullopt;
  }
  const Window2d w = flattened(conv.window);
  const auto pixels = static_cast<uint32_t>(w.batches * w.out.h * w.out.w);
  if (w.dilation.h != 1 || w.dilation.w != 1 || conv.clamp.min != INT8_MIN || pixels == 0 ||
      pixels > UINT16_MAX || filters.filter == 0 || filters.filter > kMaxFilter || filters.channels == 0) {
    return std::nullopt;
  }
  GeneratedConv2d generated;
  uint32_t words = ConvGenerated::kEndWords;
  bool fits = true;
  for_each_unit(conv, filters, [&](uint32_t, uint32_t unit) {
    fits &= unit + ConvGenerated::kEndWords <= kMaxCodeWords;
    if (words + unit > kMaxCodeWords) words = ConvGenerated::kEndWords;
    words += unit;
    generated.code_words = std::max(generated.code_words, words);
  });
  if (!fits) return std::nullopt;
  return generated;
}

void emit_generated_conv_2d(OpContext& c, const Conv2dParams& conv, const ConvFilters& filters,
                            const GeneratedConv2d& generated, const LevelFactors& level, uint64_t macs) {
  constexpr uint32_t kUnitChannels = ConvGenerated::kUnitChannels;
  const Window2d w = flattened(conv.window);
  const Pairs pairs = pairs_of(w);
  const auto depth = static_cast<uint32_t>(conv.in_channels);
  const auto rows = static_cast<uint32_t>(pairs.part.h);
  const auto columns = static_cast<uint32_t>(pairs.part.w);

  // Bands of rows, or of one row's columns.
  const auto most = [&](uint32_t units, uint32_t size, uint32_t fit) {
    return std::clamp((size + units - 1) / units, uint32_t{1}, std::max(fit, uint32_t{1}));
  };
  const auto plane_bytes = [&](uint32_t y, uint32_t x) {
    const uint32_t plane_rows =
        (y - 1) * static_cast<uint32_t>(w.stride.h) + static_cast<uint32_t>(w.filter.h);
    const uint32_t plane_columns =
        (x - 1) * static_cast<uint32_t>(w.stride.w) + static_cast<uint32_t>(w.filter.w);
    return plane_rows * plane_columns * depth * static_cast<uint32_t>(sizeof(uint32_t));
  };
  // The longest part of a row that fits, then as many rows as fit.
  const auto fitting = [](uint32_t size, auto bytes) {
    uint32_t fit = 1;
    while (fit < size && bytes(fit + 1) <= kMaxPlaneBytes) ++fit;
    return fit;
  };
  const uint32_t most_across =
      most(rows == 1 ? kUnits : 1, columns, fitting(columns, [&](uint32_t x) { return plane_bytes(1, x); }));
  const uint32_t column_units = (columns + most_across - 1) / most_across;
  const uint32_t most_down =
      most(std::max(kUnits / column_units / static_cast<uint32_t>(w.batches), uint32_t{1}), rows,
           fitting(rows, [&](uint32_t y) { return plane_bytes(y, most_across); }));
  // Pairing an input takes 6 cycles, a product of two pixels about 4.
  const uint64_t pixel_cycles = uint64_t{4} * filters.channels * filters.filter;
  const auto unit_cycles = [&](int32_t y, int32_t x) {
    const auto down = static_cast<uint32_t>(y), across = static_cast<uint32_t>(x);
    return 6 * (plane_bytes(down, across) / sizeof(uint32_t)) + down * across * pixel_cycles;
  };
  const Size2d band = soonest_done({static_cast<int32_t>(most_down), static_cast<int32_t>(most_across)},
                                   pairs.part, w.batches, c.workers(), unit_cycles)
                          .unit;
  const auto down = static_cast<uint32_t>(band.h), across = static_cast<uint32_t>(band.w);
  const Blocks row_blocks{.count = rows, .per_unit = down};
  const Blocks column_blocks{.count = columns, .per_unit = across};
  const uint32_t units = row_blocks.units() * column_blocks.units() * static_cast<uint32_t>(w.batches);

  Ref code;
  const Scratch scratch = c.scratch(plane_bytes(std::min(down, rows), std::min(across, columns)),
                                    generated.code_words * static_cast<uint32_t>(sizeof(uint32_t)), code);
  // Where a pass ends and where each of its units of code begins.
  const uint32_t code_units = (filters.channels + kUnitChannels - 1) / kUnitChannels;
  uint16_t* starts = nullptr;
  const Ref starts_ref =
      c.prepared<uint16_t>(code_units, [&](std::span<uint16_t> values) { starts = values.data(); });
  uint32_t pass_first = 0;
  uint32_t words = 0;
  const auto emit_pass = [&](uint32_t end) {
    const uint32_t first_unit = pass_first / kUnitChannels;
    const uint32_t pass_units = (end - pass_first + kUnitChannels - 1) / kUnitChannels;
    c.emit(kernel_id::conv_2d_s8__armv6m_generate,
           GenerateConv2dParams{.weights = conv.weights,
                                .starts = Ref::make(static_cast<Ref::Region>(starts_ref.region()),
                                                    starts_ref.offset() +
                                                        first_unit * static_cast<uint32_t>(sizeof(uint16_t))),
                                .levels = level.levels,
                                .slacks = level.slacks,
                                .code = code,
                                .first_channel = pass_first,
                                .end_channel = end,
                                .rows = static_cast<uint32_t>(w.filter.h),
                                .run = static_cast<uint32_t>(w.filter.w) * depth,
                                .in_zero_point = conv.in_zero_point},
           {.units = pass_units});
    c.emit(kernel_id::conv_2d_s8__armv6m_generated,
           GeneratedConv2dParams{.in = conv.in,
                                 .out = conv.out,
                                 .code = code,
                                 .levels = level.levels,
                                 .bias = conv.bias,
                                 .multipliers = conv.multipliers,
                                 .shifts = conv.shifts,
                                 .window = w,
                                 .lane = pairs.lane,
                                 .rows = row_blocks,
                                 .columns = column_blocks,
                                 .scratch = scratch,
                                 .first_channel = pass_first,
                                 .in_channels = conv.in_channels,
                                 .out_channels = conv.out_channels,
                                 .in_zero_point = conv.in_zero_point,
                                 .out_zero_point = conv.out_zero_point,
                                 .clamp = conv.clamp,
                                 .row_units = row_blocks.units(),
                                 .column_units = column_blocks.units()},
           {.units = units, .macs = macs / filters.channels * (end - pass_first)});
    pass_first = end;
    words = 0;
  };
  for_each_unit(conv, filters, [&](uint32_t first, uint32_t unit) {
    if (words + unit + ConvGenerated::kEndWords > kMaxCodeWords) emit_pass(first);
    if (starts != nullptr) starts[first / kUnitChannels] = static_cast<uint16_t>(words);
    words += unit;
  });
  emit_pass(filters.channels);
}

}  // namespace tandem
