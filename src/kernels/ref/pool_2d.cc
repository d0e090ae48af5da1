#include "kernels/pool_2d.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace tandem {
namespace {

// Sums fit int32: planning refuses windows with more taps inside than that takes.
template <class Element>
struct Average {
  using Sum = std::conditional_t<std::is_same_v<Element, float>, float, int32_t>;
  Sum sum = 0;
  int32_t count = 0;

  void tap(Element x) {
    sum += x;
    ++count;
  }
  [[nodiscard]] Sum finish() const {
    if constexpr (std::is_same_v<Element, float>) {
      return sum / static_cast<float>(count);
    } else {
      // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): every window has a tap inside, or planning refused it
      return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
    }
  }
};

template <class Element>
struct Maximum {
  Element maximum = std::numeric_limits<Element>::lowest();

  void tap(Element x) { maximum = std::max(maximum, x); }
  [[nodiscard]] auto finish() const {
    if constexpr (std::is_same_v<Element, float>) {
      return maximum;
    } else {
      return int32_t{maximum};
    }
  }
};

template <class Element>
struct RootMeanSquare {
  Average<Element> squares;

  void tap(Element x) { squares.tap(x * x); }
  [[nodiscard]] Element finish() const { return std::sqrt(squares.finish()); }
};

template <class Element, template <class> class Pool>
void run_tile(const Pool2dParams& p, const Pool2dTile& tile, const Element* in, Element* out) {
  const Window2d& w = p.window;
  for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const int32_t batch = static_cast<int32_t>(row) / w.out.h;
    const int32_t y0 = static_cast<int32_t>(row) % w.out.h * w.stride.h - w.pad.h;
    const Taps rows = taps_inside(y0, w.in.h, w.filter.h, 1);
    for (int32_t x = 0; x < w.out.w; ++x) {
      const int32_t x0 = x * w.stride.w - w.pad.w;
      const Taps columns = taps_inside(x0, w.in.w, w.filter.w, 1);
      Element* const pixel = out + (static_cast<int32_t>(row) * w.out.w + x) * p.channels;
      for (uint32_t c = tile.channels.begin; c < tile.channels.end; ++c) {
        const auto channel = static_cast<int32_t>(c);
        Pool<Element> pool;
        for (int32_t r = rows.begin; r < rows.end; ++r) {
          const int32_t first = (batch * w.in.h + y0 + r) * w.in.w + x0;
          for (int32_t s = columns.begin; s < columns.end; ++s)
            pool.tap(in[(first + s) * p.channels + channel]);
        }
        if constexpr (std::is_same_v<Element, float>) {
          pixel[c] = p.clamp_f32.apply(pool.finish());
        } else {
          pixel[c] = static_cast<Element>(p.clamp.apply(pool.finish()));
        }
      }
    }
  }
}

template <class Element, template <class> class Pool>
KernelResult run(const Pool2dParams& p, const Task& task) {
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    run_tile<Element, Pool>(p, p.tile(unit), task.in<Element>(p.in), task.out<Element>(p.out));
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(average_pool_2d_s8__ref, Pool2dParams, (run<int8_t, Average>))
TANDEM_DEFINE_KERNEL(average_pool_2d_s16__ref, Pool2dParams, (run<int16_t, Average>))
TANDEM_DEFINE_KERNEL(average_pool_2d_f32__ref, Pool2dParams, (run<float, Average>))
TANDEM_DEFINE_KERNEL(l2_pool_2d_f32__ref, Pool2dParams, (run<float, RootMeanSquare>))
TANDEM_DEFINE_KERNEL(max_pool_2d_s8__ref, Pool2dParams, (run<int8_t, Maximum>))
TANDEM_DEFINE_KERNEL(max_pool_2d_s16__ref, Pool2dParams, (run<int16_t, Maximum>))
TANDEM_DEFINE_KERNEL(max_pool_2d_f32__ref, Pool2dParams, (run<float, Maximum>))

}  // namespace tandem
