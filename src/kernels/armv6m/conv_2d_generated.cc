#include "kernels/conv_2d_generated.h"

#include "base/placement.h"
#include "kernels/portable/requantizer.h"

namespace tandem {
namespace {

struct ExactContext {
  const LevelChannel* levels;  // of the pass
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  int32_t out_zero_point;
  Clamp clamp;
};

// What conv_generated_row is given: its frame, in its order.
struct GeneratedRow {
  uint32_t gap;
  const void* tails[ConvGenerated::kUnitChannels];
  const void* end;
  uintptr_t code;
  const uint32_t* column;
  uint32_t column_step;
  int8_t* pixel;
  uint32_t pixel_step;
  uint32_t pairs;
  uint32_t lane;
  int32_t top;
  const ExactContext* exact;
};
static_assert(sizeof(void*) != 4 || (offsetof(GeneratedRow, tails) == ConvGenerated::kTailWord * 4 &&
                                     offsetof(GeneratedRow, end) == ConvGenerated::kEndWord * 4));

extern "C" {
void conv_generated_row(const GeneratedRow* row);
extern const void* const conv_generated_entries[];
int32_t conv_generated_exact(int32_t x, uint32_t channel, const ExactContext* c);
}

// For sums that x alone does not decide.
TANDEM_HOT("conv_generated_exact")
int32_t conv_generated_exact(int32_t x, uint32_t channel, const ExactContext* c) {
  const portable::Requantizer f({c->multipliers[channel], c->shifts[channel]}, c->out_zero_point, c->clamp);
  const int32_t bias = c->bias != nullptr ? c->bias[channel] : 0;
  return f(wrapping_add(wrapping_sub(x, c->levels[channel].offset), bias));
}

// ---------------------------------------------------------------------------------------------------------
// Code

// What conv_generated_terms is given, in its order.
struct UnitJob {
  const int8_t* weights[ConvGenerated::kUnitChannels];
  uint32_t run;
  uint32_t rows;
  uint16_t* to;
  uint32_t groups[ConvGenerated::kUnitChannels];
};
extern "C" void conv_generated_terms(UnitJob* job);

// The code of a unit up to its constants. Registers: r2–r4 the sums, r8, r10, r12 T, r9, r11, lr H, r7
// kGroupBias.
TANDEM_HOT("conv_generated_unit")
uint32_t* write_unit(UnitJob& job, uint32_t channels) {
  conv_generated_terms(&job);
  uint16_t* to = job.to;
  const auto put = [&](uint32_t instruction) { *to++ = static_cast<uint16_t>(instruction); };
  for (uint32_t c = 0; c < channels; ++c) {
    const uint32_t sum = 2 + c;
    if (job.groups[c] == 0) {
      put(0x1c38 | sum);  // adds sum, r7, #0
      job.groups[c] = 1;
    }
    const bool first = job.groups[c] == 1;
    const uint32_t store = first ? 0x4680 : 0x4480;  // mov or add to r8 …
    put(store | sum << 3 | 2 * c);
    put(0x1400 | sum << 3 | sum);  // asrs sum, sum, #16
    if (c < 2) {
      put(store | sum << 3 | (2 * c + 1));
    } else if (!first) {
      put(0x4474);  // add r4, lr
    }
  }
  if (reinterpret_cast<uintptr_t>(to) % 4 != 0) put(0xbf00);
  put(0x9800 | (ConvGenerated::kTailWord + channels - 1));  // ldr r0, [sp, #tail]
  put(0x4780);                                              // blx r0
  return reinterpret_cast<uint32_t*>(to);
}

TANDEM_HOT("conv_generated_sum")
int32_t sum_of(const int8_t* weights, uint32_t count) {
  int32_t sum = 0;
  for (; count >= 4; count -= 4, weights += 4) sum += weights[0] + weights[1] + weights[2] + weights[3];
  for (; count != 0; --count) sum += *weights++;
  return sum;
}

TANDEM_HOT("conv_generated_code")
KernelResult generate(const GenerateConv2dParams& p, const Task& task) {
  const auto* const starts = task.in<uint16_t>(p.starts);
  const auto* const levels = task.in<LevelChannel>(p.levels);
  const auto* const slacks = task.in<uint16_t>(p.slacks);
  auto* const code = task.out<uint32_t>(p.code);
  const uint32_t filter = p.rows * p.run;
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const uint32_t first = p.first_channel + unit * ConvGenerated::kUnitChannels;
    const uint32_t left = p.end_channel - first;
    const uint32_t channels = left < ConvGenerated::kUnitChannels ? left : ConvGenerated::kUnitChannels;
    const int8_t* const weights = task.in<int8_t>(p.weights) + first * filter;
    UnitJob job{.weights = {weights, channels > 1 ? weights + filter : nullptr,
                            channels > 2 ? weights + 2 * filter : nullptr},
                .run = p.run,
                .rows = p.rows,
                .to = reinterpret_cast<uint16_t*>(code + starts[unit]),
                .groups = {}};
    uint32_t* to = write_unit(job, channels);
    for (uint32_t c = channels; c-- > 0;) {
      const LevelChannel& level = levels[first + c];
      const int32_t sum = sum_of(weights + c * filter, filter);
      const uint32_t offset =
          static_cast<uint32_t>(level.offset) - static_cast<uint32_t>(sum * p.in_zero_point);
      to[0] = offset - job.groups[c] * ConvGenerated::kGroupBias;
      to[1] = offset;
      to[2] = level.limit;
      to[3] = level.scale;
      to[4] = uint32_t{slacks[first + c]} << 16;
      to += ConvGenerated::kConstantWords;
    }
    static_assert(ConvGenerated::kEndWord == 4);
    if (left <= ConvGenerated::kUnitChannels) {
      to[0] = 0x47009804;  // ldr r0, [sp, #end]; bx r0
    }
  }
  return KernelResult::kOk;
}

// ---------------------------------------------------------------------------------------------------------
// The plane of pairs

constexpr uint32_t pair_of(int32_t p, int32_t q) {
  return static_cast<uint32_t>(p) + (static_cast<uint32_t>(q) << 16);
}

// v = p + 2^16·q of n inputs; p and q go on by their steps.
TANDEM_HOT("conv_generated_edge")
uint32_t* edge_run(const int8_t* p, int32_t p_step, const int8_t* q, int32_t q_step, uint32_t* to,
                   uint32_t n) {
  for (; n != 0; --n, p += p_step, q += q_step) *to++ = pair_of(*p, *q);
  return to;
}

// The same of whole words of inputs, 4-aligned, n > 0. 8.5 cycles a word of the plane.
TANDEM_HOT("conv_generated_words")
uint32_t* run_of_words(const int8_t* p, const int8_t* q, uint32_t* to, uint32_t n) {
  const auto* a = reinterpret_cast<const uint32_t*>(p);
  const auto* const end = reinterpret_cast<const uint32_t*>(p + n);
  const auto* b = reinterpret_cast<const uint32_t*>(q);
  const auto low = [](uint32_t word) {
    return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(word)));
  };
  const auto high = [](uint32_t word) {
    return static_cast<uint32_t>(static_cast<int32_t>(word << 24) >> 8);
  };
  do {
    uint32_t x = *a++;
    uint32_t y = *b++;
    to[0] = low(x) + high(y);
    x >>= 8;
    y >>= 8;
    to[1] = low(x) + high(y);
    x >>= 8;
    y >>= 8;
    to[2] = low(x) + high(y);
    x >>= 8;
    y >>= 8;
    to[3] = low(x) + high(y);
    to += 4;
  } while (a != end);
  return to;
}

// [begin, end) of the positions first, first + 1, … that lie in [0, size), of `count`.
struct Inside {
  int32_t begin;
  int32_t end;

  Inside(int32_t first, int32_t size, int32_t count)
      : begin(first < 0 ? -first : 0), end(size - first < count ? size - first : count) {}
  [[nodiscard]] bool has(int32_t i) const { return i >= begin && i < end; }
  // How many from i on are alike, inside or not; at most `room`.
  [[nodiscard]] int32_t alike(int32_t i, int32_t room) const {
    const int32_t to = i < begin ? begin : i < end ? end : i + room;
    return to - i < room ? to - i : room;
  }
};

// A part of the plane: what the pairs [y0, y1) × [x0, x1) of a batch look at.
struct Part {
  const int8_t* image;
  int32_t y0;
  int32_t y1;
  int32_t x0;
  int32_t x1;
};

TANDEM_HOT("conv_generated_plane")
void make_plane(const GeneratedConv2dParams& p, const Part& part, uint32_t* to) {
  const Window2d& w = p.window;
  const int32_t depth = p.in_channels;
  const auto zero = static_cast<int8_t>(p.in_zero_point);
  const int32_t rows = (part.y1 - part.y0 - 1) * w.stride.h + w.filter.h;
  const int32_t columns = (part.x1 - part.x0 - 1) * w.stride.w + w.filter.w;
  const int32_t p_row = part.y0 * w.stride.h - w.pad.h;
  const int32_t q_row = p_row + p.lane.h * w.stride.h;
  const int32_t p_column = part.x0 * w.stride.w - w.pad.w;
  const int32_t q_column = p_column + p.lane.w * w.stride.w;
  const Inside p_rows(p_row, w.in.h, rows);
  const Inside q_rows(q_row, w.in.h, rows);
  const Inside p_columns(p_column, w.in.w, columns);
  const Inside q_columns(q_column, w.in.w, columns);
  const bool words = depth % 4 == 0;
  for (int32_t i = 0; i < rows; ++i) {
    const int8_t* const p_at = part.image + ((p_row + i) * w.in.w + p_column) * depth;
    const int8_t* const q_at = part.image + ((q_row + i) * w.in.w + q_column) * depth;
    for (int32_t j = 0; j < columns;) {
      const int32_t n = q_columns.alike(j, p_columns.alike(j, columns - j));
      const bool has_p = p_rows.has(i) && p_columns.has(j);
      const bool has_q = q_rows.has(i) && q_columns.has(j);
      const auto count = static_cast<uint32_t>(n * depth);
      if (has_p && has_q && words) {
        to = run_of_words(p_at + j * depth, q_at + j * depth, to, count);
      } else {
        to = edge_run(has_p ? p_at + j * depth : &zero, has_p ? 1 : 0, has_q ? q_at + j * depth : &zero,
                      has_q ? 1 : 0, to, count);
      }
      j += n;
    }
  }
}

// The lowest level, where outputs below it are not stored.
TANDEM_HOT("conv_generated_fill")
void fill_lowest(int8_t* to, uint32_t count) {
  constexpr uint32_t kLowest = 0x80808080;
  for (; count != 0 && reinterpret_cast<uintptr_t>(to) % 4 != 0; --count) *to++ = INT8_MIN;
  auto* words = reinterpret_cast<uint32_t*>(to);
  for (; count >= 32; count -= 32, words += 8) {
    words[0] = kLowest;
    words[1] = kLowest;
    words[2] = kLowest;
    words[3] = kLowest;
    words[4] = kLowest;
    words[5] = kLowest;
    words[6] = kLowest;
    words[7] = kLowest;
  }
  to = reinterpret_cast<int8_t*>(words);
  for (; count != 0; --count) {
    *to++ = INT8_MIN;
    __asm__("" : "+r"(to));  // no memset, which lies in flash
  }
}

TANDEM_HOT("conv_generated_band")
KernelResult run(const GeneratedConv2dParams& p, const Task& task) {
  const Window2d& w = p.window;
  const auto depth = static_cast<uint32_t>(p.in_channels);
  const auto out_channels = static_cast<uint32_t>(p.out_channels);
  const auto out_columns = static_cast<uint32_t>(w.out.w);
  auto* const plane = task.scratch<uint32_t>(p.scratch);
  const ExactContext exact{.levels = task.in<LevelChannel>(p.levels) + p.first_channel,
                           .bias = p.bias.present() ? task.in<int32_t>(p.bias) + p.first_channel : nullptr,
                           .multipliers = task.in<int32_t>(p.multipliers) + p.first_channel,
                           .shifts = task.in<int8_t>(p.shifts) + p.first_channel,
                           .out_zero_point = p.out_zero_point,
                           .clamp = p.clamp};
  GeneratedRow row{.gap = 0,
                   .tails = {conv_generated_entries[0], conv_generated_entries[1], conv_generated_entries[2]},
                   .end = conv_generated_entries[ConvGenerated::kUnitChannels],
                   .code = reinterpret_cast<uintptr_t>(task.in<uint32_t>(p.code)) | 1,
                   .column = plane,
                   .column_step = static_cast<uint32_t>(w.stride.w) * depth * sizeof(uint32_t),
                   .pixel = nullptr,
                   .pixel_step = out_channels,
                   .pairs = 0,
                   .lane = (static_cast<uint32_t>(p.lane.h) * out_columns + static_cast<uint32_t>(p.lane.w)) *
                           out_channels,
                   .top = p.clamp.max,
                   .exact = &exact};
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const GeneratedConv2dParams::Place place = p.place(unit);
    const auto y0 = static_cast<int32_t>(place.rows.begin);
    const auto y1 = static_cast<int32_t>(place.rows.end);
    const auto x0 = static_cast<int32_t>(place.columns.begin);
    const auto x1 = static_cast<int32_t>(place.columns.end);
    const uint32_t pairs = place.columns.end - place.columns.begin;
    make_plane(
        p,
        {.image = task.in<int8_t>(p.in) + static_cast<int32_t>(place.batch) * w.in.h * w.in.w * p.in_channels,
         .y0 = y0,
         .y1 = y1,
         .x0 = x0,
         .x1 = x1},
        plane);
    const uint32_t columns =
        (pairs - 1) * static_cast<uint32_t>(w.stride.w) + static_cast<uint32_t>(w.filter.w);
    const uint32_t pitch = columns * depth;  // words
    row.gap = (pitch - (static_cast<uint32_t>(w.filter.w) * depth + 1) / 2 * 2) * sizeof(uint32_t);
    const uint32_t* column = plane;
    int8_t* pixels = task.out<int8_t>(p.out) +
                     ((place.batch * static_cast<uint32_t>(w.out.h) + place.rows.begin) * out_columns +
                      place.columns.begin) *
                         out_channels;
    for (uint32_t y = place.rows.begin; y != place.rows.end; ++y) {
      if (p.first_channel == 0) {
        fill_lowest(pixels, pairs * out_channels);
        fill_lowest(pixels + row.lane, pairs * out_channels);
      }
      row.column = column;
      row.pixel = pixels + p.first_channel;
      row.pairs = pairs;
      conv_generated_row(&row);
      column += static_cast<uint32_t>(w.stride.h) * pitch;
      pixels += out_columns * out_channels;
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_generate, GenerateConv2dParams, generate)
TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_generated, GeneratedConv2dParams, run)

}  // namespace tandem
