#include "kernels/fft.h"

#include <bit>
#include <limits>
#include <type_traits>

#include "base/fixed_point.h"

namespace tandem {
namespace {

// Numbers of a transform: products that round, sums that wrap, as far as the type does either.
template <class T>
struct Number {
  using Product = std::conditional_t<std::is_same_v<T, int16_t>, int32_t, int64_t>;
  static constexpr int kFractionBits = 8 * sizeof(T) - 1;
  static constexpr T kOne = std::numeric_limits<T>::max();

  static T round(Product product) {
    return static_cast<T>((product + (Product{1} << (kFractionBits - 1))) >> kFractionBits);
  }
  static Product product(T a, T b) { return Product{a} * b; }
  // Sums of int16 keep all bits until they are stored.
  static int32_t sum(int32_t a, int32_t b) { return wrapping_add(a, b); }
  static int32_t difference(int32_t a, int32_t b) { return wrapping_sub(a, b); }
  static T half(int32_t x) { return static_cast<T>(x >> 1); }
  static T over(T x, uint32_t divisor) {
    return round(product(x, static_cast<T>(kOne / static_cast<int32_t>(divisor))));
  }
};

template <>
struct Number<float> {
  static float round(float product) { return product; }
  static float product(float a, float b) { return a * b; }
  static float sum(float a, float b) { return a + b; }
  static float difference(float a, float b) { return a - b; }
  static float half(float x) { return x * 0.5F; }
  static float over(float x, uint32_t /*divisor*/) { return x; }
};

template <class T>
T times(T a, T b) {
  return Number<T>::round(Number<T>::product(a, b));
}

template <class T>
struct Complex {
  using N = Number<T>;

  T re;
  T im;

  friend Complex operator+(Complex a, Complex b) {
    return {static_cast<T>(N::sum(a.re, b.re)), static_cast<T>(N::sum(a.im, b.im))};
  }
  friend Complex operator-(Complex a, Complex b) {
    return {static_cast<T>(N::difference(a.re, b.re)), static_cast<T>(N::difference(a.im, b.im))};
  }
  friend Complex operator*(Complex a, Complex b) {
    return {N::round(N::product(a.re, b.re) - N::product(a.im, b.im)),
            N::round(N::product(a.re, b.im) + N::product(a.im, b.re))};
  }
  friend Complex operator*(Complex a, T factor) { return {times(a.re, factor), times(a.im, factor)}; }
  [[nodiscard]] Complex over(uint32_t divisor) const { return {N::over(re, divisor), N::over(im, divisor)}; }
  [[nodiscard]] Complex half() const { return {N::half(re), N::half(im)}; }
  [[nodiscard]] Complex conjugate() const { return {re, static_cast<T>(N::difference(T{0}, im))}; }
  [[nodiscard]] Complex times_minus_i() const { return {im, static_cast<T>(N::difference(T{0}, re))}; }
};

// A stage: groups of radix · points numbers, in which transforms of `points` become one of all of them.
template <class T>
struct Stage {
  const Complex<T>* twiddles;
  uint32_t size;  // of the whole transform
  uint32_t radix;
  uint32_t points;
  uint32_t stride;  // size / (radix · points), also the number of groups
  bool inverse;
};

// The transforms of 2 to 5 points v, in place.
template <class T>
void transform(Complex<T> (&v)[2], const Stage<T>& /*stage*/) {
  const Complex<T> second = v[1];
  v[1] = v[0] - second;
  v[0] = v[0] + second;
}

template <class T>
void transform(Complex<T> (&v)[3], const Stage<T>& stage) {
  const T sine = stage.twiddles[stage.stride * stage.points].im;
  const Complex<T> sum = v[1] + v[2];
  const Complex<T> turned = ((v[1] - v[2]) * sine).times_minus_i();
  const Complex<T> middle = v[0] - sum.half();
  v[0] = v[0] + sum;
  v[1] = middle - turned;
  v[2] = middle + turned;
}

template <class T>
void transform(Complex<T> (&v)[4], const Stage<T>& stage) {
  const Complex<T> even = v[0] + v[2];
  const Complex<T> even_difference = v[0] - v[2];
  const Complex<T> odd = v[1] + v[3];
  const Complex<T> turned = (v[1] - v[3]).times_minus_i();
  v[0] = even + odd;
  v[2] = even - odd;
  v[1] = stage.inverse ? even_difference - turned : even_difference + turned;
  v[3] = stage.inverse ? even_difference + turned : even_difference - turned;
}

template <class T>
void transform(Complex<T> (&v)[5], const Stage<T>& stage) {
  const Complex<T> root = stage.twiddles[stage.stride * stage.points];
  const Complex<T> root2 = stage.twiddles[2 * stage.stride * stage.points];
  const Complex<T> outer = v[1] + v[4];
  const Complex<T> outer_difference = v[1] - v[4];
  const Complex<T> inner = v[2] + v[3];
  const Complex<T> inner_difference = v[2] - v[3];
  const Complex<T> first = v[0] + outer * root.re + inner * root2.re;
  const Complex<T> second = v[0] + outer * root2.re + inner * root.re;
  const Complex<T> first_turned = (outer_difference * root.im + inner_difference * root2.im).times_minus_i();
  const Complex<T> second_turned = (outer_difference * root2.im - inner_difference * root.im).times_minus_i();
  v[0] = v[0] + (outer + inner);
  v[1] = first - first_turned;
  v[4] = first + first_turned;
  v[2] = second - second_turned;
  v[3] = second + second_turned;
}

template <uint32_t kRadix, class T>
void run_stage(const Stage<T>& stage, Complex<T>* data) {
  for (uint32_t group = 0; group < stage.stride; ++group, data += kRadix * stage.points) {
    for (uint32_t k = 0; k < stage.points; ++k) {
      Complex<T> v[kRadix];
      v[0] = data[k].over(kRadix);
      for (uint32_t q = 1; q < kRadix; ++q) {
        v[q] = data[k + q * stage.points].over(kRadix) * stage.twiddles[q * k * stage.stride];
      }
      transform(v, stage);
      for (uint32_t q = 0; q < kRadix; ++q) data[k + q * stage.points] = v[q];
    }
  }
}

// Any radix: each result is a sum of all inputs, with one product each.
template <class T>
void run_any_stage(const Stage<T>& stage, Complex<T>* data, Complex<T>* v) {
  const uint32_t group_size = stage.radix * stage.points;
  for (uint32_t group = 0; group < stage.stride; ++group, data += group_size) {
    for (uint32_t k = 0; k < stage.points; ++k) {
      for (uint32_t q = 0; q < stage.radix; ++q) v[q] = data[k + q * stage.points].over(stage.radix);
      for (uint32_t to = k; to < group_size; to += stage.points) {
        Complex<T> sum = v[0];
        uint32_t angle = 0;  // to · q · stride, modulo size
        for (uint32_t q = 1; q < stage.radix; ++q) {
          angle += to * stage.stride;
          if (angle >= stage.size) angle -= stage.size;
          sum = sum + v[q] * stage.twiddles[angle];
        }
        data[to] = sum;
      }
    }
  }
}

// Where the stages want input number `index`: its digits in the mixed base of the radices, reversed.
uint32_t reversed(const FftParams& p, uint32_t index) {
  uint32_t position = 0;
  uint32_t points = p.length / 2;
  for (uint32_t i = 0; i < p.radix_count; ++i) {
    points /= p.radices[i];
    position += index % p.radices[i] * points;
    index /= p.radices[i];
  }
  return position;
}

template <class T>
void transform_in_place(const FftParams& p, const Task& task, bool inverse, Complex<T>* data) {
  const uint32_t size = p.length / 2;
  Stage<T> stage{.twiddles = task.in<Complex<T>>(p.twiddles),
                 .size = size,
                 .radix = 1,
                 .points = 1,
                 .stride = size,
                 .inverse = inverse};
  for (uint32_t i = p.radix_count; i-- > 0;) {
    stage.points *= stage.radix;
    stage.radix = p.radices[i];
    stage.stride /= stage.radix;
    switch (stage.radix) {
      case 2:
        run_stage<2>(stage, data);
        break;
      case 3:
        run_stage<3>(stage, data);
        break;
      case 4:
        run_stage<4>(stage, data);
        break;
      case 5:
        run_stage<5>(stage, data);
        break;
      default:
        run_any_stage(stage, data, task.scratch<Complex<T>>(p.scratch));
    }
  }
}

template <class T>
KernelResult rfft(const FftParams& p, const Task& task) {
  using N = Number<T>;
  const uint32_t size = p.length / 2;
  const auto* separating = task.in<Complex<T>>(p.separating);
  for (uint32_t row = task.begin; row < task.end; ++row) {
    const T* in = task.in<T>(p.in) + row * p.in_length;
    Complex<T>* out = task.out<Complex<T>>(p.out) + row * (size + 1);
    const auto sample = [&](uint32_t i) { return i < p.in_length ? in[i] : T{0}; };
    for (uint32_t k = 0; k < size; ++k) out[reversed(p, k)] = {sample(2 * k), sample(2 * k + 1)};
    transform_in_place(p, task, false, out);
    // out is the transform of even samples + i · that of odd ones; conjugate symmetry tells them apart.
    const Complex<T> first = out[0].over(2);
    out[0] = {static_cast<T>(N::sum(first.re, first.im)), T{0}};
    out[size] = {static_cast<T>(N::difference(first.re, first.im)), T{0}};
    for (uint32_t k = 1; k <= size / 2; ++k) {
      const Complex<T> a = out[k].over(2);
      const Complex<T> b = out[size - k].conjugate().over(2);
      const Complex<T> even = a + b;
      const Complex<T> odd = (a - b) * separating[k - 1];
      out[k] = {N::half(N::sum(even.re, odd.re)), N::half(N::sum(even.im, odd.im))};
      out[size - k] = {N::half(N::difference(even.re, odd.re)), N::half(N::difference(odd.im, even.im))};
    }
  }
  return KernelResult::kOk;
}

template <class T>
KernelResult irfft(const FftParams& p, const Task& task) {
  using N = Number<T>;
  const uint32_t size = p.length / 2;
  const auto* separating = task.in<Complex<T>>(p.separating);
  for (uint32_t row = task.begin; row < task.end; ++row) {
    const Complex<T>* in = task.in<Complex<T>>(p.in) + row * p.in_length;
    T* reals = task.out<T>(p.out) + row * p.length;
    auto* out = reinterpret_cast<Complex<T>*>(reals);
    out[0] = Complex<T>{static_cast<T>(N::sum(in[0].re, in[size].re)),
                        static_cast<T>(N::difference(in[0].re, in[size].re))}
                 .over(2);
    for (uint32_t k = 1; k <= size / 2; ++k) {
      const Complex<T> a = in[k].over(2);
      const Complex<T> b = in[size - k].conjugate().over(2);
      const Complex<T> even = a + b;
      const Complex<T> odd = (a - b) * separating[k - 1];
      out[reversed(p, k)] = even + odd;
      out[reversed(p, size - k)] = (even - odd).conjugate();
    }
    transform_in_place(p, task, true, out);
    if constexpr (std::is_same_v<T, float>) {
      for (uint32_t i = 0; i < p.length; ++i) reals[i] /= static_cast<float>(p.length);
    }
  }
  return KernelResult::kOk;
}

KernelResult auto_scale(const FftAutoScaleParams& p, const Task& task) {
  const auto* in = task.in<int16_t>(p.in);
  auto* out = task.out<int16_t>(p.out);
  int16_t largest = 0;
  for (uint32_t i = 0; i < p.count; ++i) {
    if (in[i] > largest) {
      largest = in[i];
    } else if (-in[i] > largest) {
      largest = static_cast<int16_t>(-in[i]);
    }
  }
  const int scale_bits = largest > 0 ? std::countl_zero(static_cast<uint16_t>(largest)) - 1 : 0;
  for (uint32_t i = 0; i < p.count; ++i) out[i] = static_cast<int16_t>(in[i] * (1 << scale_bits));
  *task.out<int32_t>(p.scale_bits) = scale_bits;
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(rfft_f32__ref, FftParams, rfft<float>)
TANDEM_DEFINE_KERNEL(rfft_s16__ref, FftParams, rfft<int16_t>)
TANDEM_DEFINE_KERNEL(rfft_s32__ref, FftParams, rfft<int32_t>)
TANDEM_DEFINE_KERNEL(irfft_f32__ref, FftParams, irfft<float>)
TANDEM_DEFINE_KERNEL(irfft_s16__ref, FftParams, irfft<int16_t>)
TANDEM_DEFINE_KERNEL(irfft_s32__ref, FftParams, irfft<int32_t>)
TANDEM_DEFINE_KERNEL(fft_auto_scale_s16__ref, FftAutoScaleParams, auto_scale)

}  // namespace tandem
