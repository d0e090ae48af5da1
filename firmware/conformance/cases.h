#pragma once

#include <cstdint>

// What `tandem conform --board` lays into the board's flash behind the conformance firmware: cases, one after
// the other, and what they refer to. Offsets count from kCasesAddress; both sides are little endian.
namespace tandem::conformance {

constexpr uint32_t kCasesAddress = 0x10200000;  ///< behind the 2 MB that programs may have
constexpr uint32_t kMaxCasesBytes = 14 << 20;   ///< the rest of the flash window
constexpr uint32_t kModelAlignment = 16;

struct Header {
  uint32_t first = 0;  ///< the case to begin with
  uint32_t cases = 0;
  uint32_t cores = 1;
  uint32_t table = 0;  ///< offset of Case[cases]
};

struct Case {
  uint32_t model = 0;  ///< offset, kModelAlignment-aligned
  uint32_t model_bytes = 0;
  uint32_t inputs = 0;  ///< offset of Input[input_count], in the order of invocations
  uint32_t input_count = 0;
  uint32_t invocations = 0;
};

struct Input {
  uint32_t invocation = 0;
  uint32_t index = 0;  ///< of the model's inputs
  uint32_t data = 0;   ///< offset
  uint32_t bytes = 0;
};

}  // namespace tandem::conformance
