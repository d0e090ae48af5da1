#pragma once

#include <cstdint>

namespace tandem::models {

/// Seeded random numbers that are the same with every compiler and standard library, so that a model made
/// here is the same file everywhere. (SplitMix64: Steele, Lea, Flood, OOPSLA 2014.)
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Uniform in [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53;
  }

  /// Bell-shaped around 0 with standard deviation 1, never beyond ±3.5: the sum of four uniform numbers.
  double bell() {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += uniform(-0.8660254037844386, 0.8660254037844386);
    return sum;
  }

 private:
  uint64_t state_;
};

}  // namespace tandem::models
