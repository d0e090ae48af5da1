#include "kernels/conv_2d_dense_lanes.h"

#include <algorithm>

#include "base/placement.h"
#include "kernels/portable/requantizer.h"

// Where programs have generated code, few layers are left to this kernel: memory is worth more than their
// time.
#ifdef TANDEM_NO_GENERATED_CODE
#define TANDEM_DENSE_HOT(name) TANDEM_HOT(name)
#else
#define TANDEM_DENSE_HOT(name)
#endif

namespace tandem {
namespace {

using Lanes = ConvDenseLanes;
constexpr uint32_t kPairs = Lanes::kTilePixels / 2;

struct ExactContext {
  const int8_t* out;  // the tile's first pixel's channel 0
  const LevelChannel* levels;
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  int32_t out_zero_point;
  Clamp clamp;
};

// What conv_dense_lanes_tile is given: its frame, in its order.
struct DenseTile {
  const uint32_t* stream;
  const uint32_t* stream_end;
  const uint32_t* columns;
  uint32_t* sums;
  int8_t* out;  // the first pixel's first channel
  uint32_t out_stride;
  uint32_t slack;  // << 8
  int32_t top;
  const ExactContext* exact;
};

extern "C" {
void conv_dense_lanes_tile(const DenseTile* tile);
// For sums that x alone does not decide; `next` is the first pixel's channel after theirs.
int32_t conv_dense_lanes_exact(int32_t x, const int8_t* next, const ExactContext* c);
extern const int16_t conv_dense_lanes_jump[];
}

TANDEM_DENSE_HOT("conv_dense_lanes_exact")
int32_t conv_dense_lanes_exact(int32_t x, const int8_t* next, const ExactContext* c) {
  const auto o = static_cast<uint32_t>(next - 1 - c->out);
  const portable::Requantizer f({c->multipliers[o], c->shifts[o]}, c->out_zero_point, c->clamp);
  const int32_t bias = c->bias != nullptr ? c->bias[o] : 0;
  return f(wrapping_add(wrapping_sub(x, c->levels[o].offset), bias));
}

// ---------------------------------------------------------------------------------------------------------
// Packing

// A channel's groups, cut where Σ|w| passes kMaxGroupWeight, as while planning; from `w`, with its header and
// the weights four to a word. Returns Σ w, which makes its offset.
TANDEM_DENSE_HOT("conv_dense_lanes_pack")
int32_t pack_channel(const int8_t* w, uint32_t filter, uint32_t* out) {
  constexpr auto kMost = static_cast<int32_t>(Lanes::kMaxGroupWeight);
  uint32_t* const header = out++;
  const int8_t* const end = w + filter;
  uint32_t groups = 0;
  int32_t sum = 0;
  do {
    const int8_t* const begin = w;
    constexpr int32_t kMostTerms = Lanes::kMaxGroupTerms;
    const int8_t* const longest = end - w < kMostTerms ? end : w + kMostTerms;
    int32_t room = kMost;
    do {
      const int32_t weight = *w;
      room -= weight < 0 ? -weight : weight;
      if (room < 0) break;
      sum += weight;
    } while (++w != longest);
    const auto left = static_cast<uint32_t>(w - begin) - 1U;
    const int8_t* from = begin;
    *out++ = static_cast<uint32_t>(int32_t{*from++});
    // The first packed word: its weights end at the top, shifted back as the code for them expects.
    const uint32_t first = left == 0 ? 0 : (left - 1) % 4 + 1;
    uint32_t word = 0;
    for (uint32_t k = 0; k < first; ++k) word = word >> 8 | static_cast<uint32_t>(*from++) << 24;
    if (first == 2) word = static_cast<uint32_t>(static_cast<int32_t>(word) >> 8);
    if (first == 1) word = static_cast<uint32_t>(static_cast<int32_t>(word) >> 16);
    *out++ = word;
    *out++ = static_cast<uint32_t>(int32_t{conv_dense_lanes_jump[left]});
    for (; from != w; from += 4) {
      *out++ = uint32_t{static_cast<uint8_t>(from[0])} | uint32_t{static_cast<uint8_t>(from[1])} << 8 |
               uint32_t{static_cast<uint8_t>(from[2])} << 16 | static_cast<uint32_t>(from[3]) << 24;
    }
    ++groups;
  } while (w != end);
  *header = (groups - 1) * Lanes::kSumsBytes;
  return sum;
}

KernelResult pack(const PackDenseLanesParams& p, const Task& task) {
  const auto* const starts = task.in<uint16_t>(p.starts);
  const auto* const levels = task.in<LevelChannel>(p.levels);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Blocks::Range block = p.channels.block(unit);
    for (uint32_t i = block.begin; i < block.end; ++i) {
      const uint32_t channel = p.first_channel + i;
      const auto place = [&](uint32_t o) {
        return task.out<uint32_t>(p.stream) + static_cast<uint16_t>(starts[o] - starts[p.first_channel]);
      };
      const int32_t sum =
          pack_channel(task.in<int8_t>(p.weights) + channel * p.filter, p.filter, place(channel));
      uint32_t* const constants = place(channel + 1) - Lanes::kConstantWords;
      constants[0] =
          static_cast<uint32_t>(levels[channel].offset) - static_cast<uint32_t>(sum * p.in_zero_point);
      constants[1] = levels[channel].limit;
      constants[2] = levels[channel].scale;
    }
  }
  return KernelResult::kOk;
}

// ---------------------------------------------------------------------------------------------------------
// Columns

// Where an output pixel's filter begins in the input.
struct Origin {
  const int8_t* image;  // its batch's
  int32_t y;
  int32_t x;
};

struct Geometry {
  const Window2d& window;
  int32_t pixel;  // bytes from one input pixel to the next
  int32_t row;
  int8_t zero_point;
  bool words;           // runs of inputs are whole words
  const int8_t* zeros;  // an input pixel of zero points

  [[nodiscard]] bool row_inside(const Origin& o, int32_t r) const {
    return static_cast<uint32_t>(o.y + r) < static_cast<uint32_t>(window.in.h);
  }
  [[nodiscard]] bool column_inside(const Origin& o, int32_t s) const {
    return static_cast<uint32_t>(o.x + s) < static_cast<uint32_t>(window.in.w);
  }
  // Where from column s on, before `end`, one of two pixels' columns comes to lie inside of the input, or
  // outside.
  [[nodiscard]] int32_t run_end(const Origin& p, const Origin& q, int32_t s, int32_t end) const {
    for (const int32_t first : {-p.x, -q.x}) {
      const int32_t last = first + window.in.w;
      const int32_t next = s < first ? first : last;
      if (s < next && next < end) end = next;
    }
    return end;
  }
  [[nodiscard]] bool rows_inside(const Origin& o) const {
    return o.y >= 0 && o.y + window.filter.h <= window.in.h;
  }
  [[nodiscard]] bool columns_inside(const Origin& o) const {
    return o.x >= 0 && o.x + window.filter.w <= window.in.w;
  }
  [[nodiscard]] const int8_t* at(const Origin& o, int32_t r, int32_t s) const {
    return o.image + (o.y + r) * row + (o.x + s) * pixel;
  }
};

// v[k] = p[k] + 2^16·q[k] for k ∈ [0, n), each kPairs words after the one before; p and q go on by their
// steps.
TANDEM_DENSE_HOT("conv_dense_lanes_edge")
uint32_t* edge_run(const int8_t* p, int32_t p_step, const int8_t* q, int32_t q_step, uint32_t* to,
                   int32_t n) {
  for (; n > 0; --n, p += p_step, q += q_step, to += kPairs) {
    *to = static_cast<uint32_t>(int32_t{*p}) + (static_cast<uint32_t>(int32_t{*q}) << 16);
  }
  return to;
}

constexpr uint32_t pair_of(int32_t p, int32_t q) {
  return static_cast<uint32_t>(p) + (static_cast<uint32_t>(q) << 16);
}

// The same for two runs of inputs, n > 0. 10.8 cycles a word.
TANDEM_DENSE_HOT("conv_dense_lanes_run")
uint32_t* run(const int8_t* p, const int8_t* q, uint32_t* to, int32_t n) {
  p += n;
  q += n;
  int32_t i = -n;
  const auto step = [&] {
    *to = pair_of(p[i], q[i]);
    ++i;
    to += kPairs;
    __asm__("" : "+r"(i), "+r"(to));
  };
  for (int32_t left = n & 3; left != 0; --left) step();
  while (i != 0) {
    step();
    step();
    step();
    step();
  }
  return to;
}

// The same again for whole words of inputs, 4-aligned. 9 cycles a word of the columns.
TANDEM_DENSE_HOT("conv_dense_lanes_run4")
uint32_t* run_of_words(const int8_t* p, const int8_t* q, uint32_t* to, int32_t n) {
  const auto* a = reinterpret_cast<const uint32_t*>(p);
  const auto* const end = reinterpret_cast<const uint32_t*>(p + n);
  const auto* b = reinterpret_cast<const uint32_t*>(q);
  const auto high = [](uint32_t word) {
    return static_cast<uint32_t>(static_cast<int32_t>(word << 24) >> 8);
  };
  do {
    uint32_t x = *a++;
    uint32_t y = *b++;
    to[0] = static_cast<uint32_t>(static_cast<int8_t>(x)) + high(y);
    x >>= 8;
    y >>= 8;
    to[kPairs] = static_cast<uint32_t>(static_cast<int8_t>(x)) + high(y);
    x >>= 8;
    y >>= 8;
    to[2 * kPairs] = static_cast<uint32_t>(static_cast<int8_t>(x)) + high(y);
    x >>= 8;
    y >>= 8;
    to[3 * kPairs] = static_cast<uint32_t>(static_cast<int8_t>(x)) + high(y);
    to += 4 * kPairs;
  } while (a != end);
  return to;
}

// One pair's column.
TANDEM_DENSE_HOT("conv_dense_lanes_column")
void column(const Geometry& g, const Origin& p, const Origin& q, uint32_t* to) {
  const Window2d& w = g.window;
  const auto whole = g.words ? run_of_words : run;
  const bool whole_rows = g.columns_inside(p) && g.columns_inside(q);
  const int32_t row_bytes = w.filter.w * g.pixel;
  if (whole_rows && g.rows_inside(p) && g.rows_inside(q)) {
    const int8_t* from_p = g.at(p, 0, 0);
    const int8_t* from_q = g.at(q, 0, 0);
    for (int32_t r = w.filter.h; r > 0; --r, from_p += g.row, from_q += g.row) {
      to = whole(from_p, from_q, to, row_bytes);
    }
    return;
  }
  // Else in runs of taps of which both, one or none are inside.
  for (int32_t r = 0; r < w.filter.h; ++r) {
    const bool p_row = g.row_inside(p, r);
    const bool q_row = g.row_inside(q, r);
    for (int32_t s = 0; s < w.filter.w;) {
      const int32_t end = g.run_end(p, q, s, w.filter.w);
      const int32_t n = (end - s) * g.pixel;
      const bool has_p = p_row && g.column_inside(p, s);
      const bool has_q = q_row && g.column_inside(q, s);
      if (has_p && has_q) {
        to = whole(g.at(p, r, s), g.at(q, r, s), to, n);
      } else {
        to = edge_run(has_p ? g.at(p, r, s) : &g.zero_point, has_p ? 1 : 0,
                      has_q ? g.at(q, r, s) : &g.zero_point, has_q ? 1 : 0, to, n);
      }
      s = end;
    }
  }
}

// Of inputs of one channel neighbouring pixels' filters share most taps: first the words of a row of the
// input, v_j = x_p[j] + 2^16·x_q[j] for all taps of pixels i and i + 4, i < 4, which have to be neighbours in
// a row; then the columns out of those. About 10 cycles a word v_j and 3.5 a word of the columns.
constexpr int32_t kMostLine = 40;
constexpr uint32_t kMostRuns = 5;  // each of two pixels comes inside and goes outside once
constexpr int32_t line_length(const Window2d& w) {
  return static_cast<int32_t>(kPairs - 1) * w.stride.w + w.filter.w;
}
TANDEM_DENSE_HOT("conv_dense_lanes_line")
void columns_of_line(const Geometry& g, const Origin& p, const Origin& q, uint32_t* to) {
  const Window2d& w = g.window;
  const auto stride = static_cast<uint32_t>(w.stride.w);
  uint32_t line[kMostLine];
  // Which taps are inside is the same in all rows.
  struct Run {
    const int8_t* p;  // in the filter's first row
    const int8_t* q;
    uint32_t* end;
    bool has_p;
    bool has_q;
  };
  Run runs[kMostRuns];
  Run* runs_end = runs;
  const int32_t length = line_length(w);
  for (int32_t j = 0; j < length; ++runs_end) {
    const bool has_p = g.column_inside(p, j);
    const bool has_q = g.column_inside(q, j);
    *runs_end = {.p = has_p ? g.at(p, 0, j) : nullptr,
                 .q = has_q ? g.at(q, 0, j) : nullptr,
                 .end = line,
                 .has_p = has_p,
                 .has_q = has_q};
    j = g.run_end(p, q, j, length);
    runs_end->end += j;
  }
  int32_t row = 0;
  for (int32_t r = 0; r < w.filter.h; ++r, row += g.row) {
    const bool p_row = g.row_inside(p, r);
    const bool q_row = g.row_inside(q, r);
    uint32_t* v = line;
    for (const Run* run = runs; run != runs_end; ++run) {
      const uint32_t p_step = run->has_p && p_row ? 1 : 0;
      const uint32_t q_step = run->has_q && q_row ? 1 : 0;
      const int8_t* from_p = p_step != 0 ? run->p + row : &g.zero_point;
      const int8_t* from_q = q_step != 0 ? run->q + row : &g.zero_point;
      for (uint32_t* const end = run->end; v != end; from_p += p_step, from_q += q_step) {
        *v++ = pair_of(*from_p, *from_q);
      }
    }
    v = line;
    for (int32_t s = w.filter.w; s > 0; --s, ++v, to += kPairs) {
      to[0] = v[0];
      to[1] = v[stride];
      to[2] = v[2 * stride];
      to[3] = v[3 * stride];
    }
  }
}

// Where v of a pair of inputs goes when filters lie side by side: tap s of pair i sees what tap s − 1 of pair
// i + 1 does.
struct Spread {
  uint32_t* to;
  uint32_t step;  // words
  uint32_t count;
};

// n words of pairs, each to `count` places. 5 + 2·count cycles a word and about 3 for the loop.
TANDEM_DENSE_HOT("conv_dense_lanes_spread")
void spread_run(const int8_t* p, const int8_t* q, const Spread& spread, int32_t n) {
  p += n;
  q += n;
  const auto copy = [&](auto store) __attribute__((always_inline)) {
    uint32_t* to = spread.to;
    const uint32_t step = spread.step;
    int32_t i = -n;
    do {
      const uint32_t v = pair_of(p[i], q[i]);
      store(to, step, v);
      ++i;
      to += kPairs;
      __asm__("" : "+r"(i), "+r"(to));
    } while (i != 0);
  };
  if (spread.count == 1) {
    copy([](uint32_t * to, uint32_t, uint32_t v) __attribute__((always_inline)) { to[0] = v; });
  } else if (spread.count == 2) {
    copy([](uint32_t * to, uint32_t step, uint32_t v) __attribute__((always_inline)) {
      to[0] = v;
      to[step] = v;
    });
  } else if (spread.count == 3) {
    copy([](uint32_t * to, uint32_t step, uint32_t v) __attribute__((always_inline)) {
      to[0] = v;
      to[step] = v;
      to[2 * step] = v;
    });
  } else {
    copy([](uint32_t * to, uint32_t step, uint32_t v) __attribute__((always_inline)) {
      to[0] = v;
      to[step] = v;
      to[2 * step] = v;
      to[3 * step] = v;
    });
  }
}

// The columns of 8 pixels side by side under filters that move by one input.
TANDEM_DENSE_HOT("conv_dense_lanes_row")
void columns_of_row(const Geometry& g, const Origin& first, uint32_t* to) {
  const Window2d& w = g.window;
  const auto depth = static_cast<uint32_t>(g.pixel);
  const auto taps = static_cast<uint32_t>(w.filter.w);
  for (int32_t r = 0; r < w.filter.h; ++r, to += taps * depth * kPairs) {
    if (!g.row_inside(first, r)) {
      const uint32_t v = pair_of(g.zero_point, g.zero_point);
      uint32_t* fill = to;
      for (uint32_t i = taps * depth; i != 0; --i, fill += kPairs) {
        fill[0] = v;
        fill[1] = v;
        fill[2] = v;
        fill[3] = v;
      }
      continue;
    }
    // Input j is what tap s of pair j − s sees.
    for (uint32_t j = 0; j < taps + kPairs - 1; ++j) {
      const auto p = static_cast<int32_t>(j);
      const int32_t q = p + static_cast<int32_t>(kPairs);
      const uint32_t s0 = j < kPairs ? 0 : j - (kPairs - 1);
      const uint32_t s1 = j < taps ? j : taps - 1;
      spread_run(
          g.column_inside(first, p) ? g.at(first, r, p) : g.zeros,
          g.column_inside(first, q) ? g.at(first, r, q) : g.zeros,
          {.to = to + s0 * depth * kPairs + (j - s0), .step = depth * kPairs - 1, .count = s1 - s0 + 1},
          g.pixel);
    }
  }
}

// Walks over output pixels.
struct Walk {
  const Window2d& window;
  uint32_t image_bytes;
  int32_t column;
  int32_t row;
  Origin origin;

  void next() {
    origin.x += window.stride.w;
    if (++column != window.out.w) return;
    column = 0;
    origin.x = -window.pad.w;
    origin.y += window.stride.h;
    if (++row != window.out.h) return;
    row = 0;
    origin.y = -window.pad.h;
    origin.image += image_bytes;
  }
};

TANDEM_DENSE_HOT("conv_dense_lanes")
KernelResult dense(const ConvDenseLanesParams& p, const Task& task) {
  const Window2d& w = p.window;
  auto* const columns = task.scratch<uint32_t>(p.scratch);
  auto* const zeros = reinterpret_cast<int8_t*>(columns) + p.zeros_at;
  for (int32_t i = 0; i < p.in_channels; ++i) zeros[i] = static_cast<int8_t>(p.in_zero_point);
  const Geometry g{.window = w,
                   .pixel = p.in_channels,
                   .row = w.in.w * p.in_channels,
                   .zero_point = static_cast<int8_t>(p.in_zero_point),
                   .words = p.in_channels % 4 == 0,
                   .zeros = zeros};
  const auto image_bytes = static_cast<uint32_t>(w.in.h * g.row);
  ExactContext exact{.out = nullptr,
                     .levels = task.in<LevelChannel>(p.levels),
                     .bias = task.in<int32_t>(p.bias),
                     .multipliers = task.in<int32_t>(p.multipliers),
                     .shifts = task.in<int8_t>(p.shifts),
                     .out_zero_point = p.out_zero_point,
                     .clamp = p.clamp};
  DenseTile tile{.stream = task.in<uint32_t>(p.stream),
                 .stream_end = task.in<uint32_t>(p.stream) + p.stream_words,
                 .columns = columns,
                 .sums = columns + p.sums_at / sizeof(uint32_t),
                 .out = nullptr,
                 .out_stride = static_cast<uint32_t>(p.out_channels),
                 .slack = p.slack << 8,
                 .top = p.clamp.max,
                 .exact = &exact};
  const bool one_tap = is_one_tap_inside(w);
  const auto whole = g.words ? run_of_words : run;
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Blocks::Range block = p.tiles.block(unit);
    for (uint32_t t = block.begin; t < block.end; ++t) {
      uint32_t first = t * Lanes::kTilePixels;
      if (first + Lanes::kTilePixels > p.out_pixels) first = p.out_pixels - Lanes::kTilePixels;
      // Row and column without a division, which would lie in flash: first < 2^16, the quotient is never too
      // large.
      uint32_t row = first * p.column_reciprocal >> 16;
      uint32_t column_at = first - row * static_cast<uint32_t>(w.out.w);
      for (; column_at >= static_cast<uint32_t>(w.out.w); column_at -= static_cast<uint32_t>(w.out.w)) ++row;
      const int8_t* image = task.in<int8_t>(p.in);
      for (; row >= static_cast<uint32_t>(w.out.h); row -= static_cast<uint32_t>(w.out.h))
        image += image_bytes;
      Walk walk{.window = w,
                .image_bytes = image_bytes,
                .column = static_cast<int32_t>(column_at),
                .row = static_cast<int32_t>(row),
                .origin = {.image = image,
                           .y = static_cast<int32_t>(row) * w.stride.h - w.pad.h,
                           .x = static_cast<int32_t>(column_at) * w.stride.w - w.pad.w}};
      Origin origins[Lanes::kTilePixels];
      for (Origin& origin : origins) {
        origin = walk.origin;
        walk.next();
      }
      const Origin& last = origins[Lanes::kTilePixels - 1];
      const bool side_by_side =
          w.stride.w == 1 && w.filter.w > 1 && last.image == origins[0].image && last.y == origins[0].y;
      const auto in_a_row = [&](const Origin& a, const Origin& b) {
        return a.image == b.image && a.y == b.y;
      };
      const bool line = !side_by_side && g.pixel == 1 && line_length(w) <= kMostLine &&
                        in_a_row(origins[0], origins[kPairs - 1]) && in_a_row(origins[kPairs], last);
      if (side_by_side) columns_of_row(g, origins[0], columns);
      if (line) columns_of_line(g, origins[0], origins[kPairs], columns);
      for (uint32_t pair = 0; pair < kPairs && !side_by_side && !line; ++pair) {
        const Origin& low = origins[pair];
        const Origin& high = origins[pair + kPairs];
        if (one_tap) {
          whole(g.at(low, 0, 0), g.at(high, 0, 0), columns + pair, g.pixel);
        } else {
          column(g, low, high, columns + pair);
        }
      }
      exact.out = task.out<int8_t>(p.out) + first * tile.out_stride;
      tile.out = task.out<int8_t>(p.out) + first * tile.out_stride + p.first_channel;
      conv_dense_lanes_tile(&tile);
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_dense_pack, PackDenseLanesParams, pack)
TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_dense, ConvDenseLanesParams, dense)

}  // namespace tandem
