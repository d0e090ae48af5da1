#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// The array of a NumPy .npy file, whatever its order and endianness there: C order, little endian here.
struct NpyArray {
  Type type = Type::kFloat32;
  std::vector<int64_t> shape;  ///< empty: one number without dimensions
  std::vector<uint8_t> bytes;
};

/// "(96, 96)", as NumPy writes it.
std::string npy_shape_text(std::span<const int64_t> shape);

/// Reads .npy version 1, 2 or 3 with elements b1, i1-i8, u1-u8, f2, f4 or f8. Total: any bytes give an array
/// or a Problem (without the file's name), and memory is asked for only once the data is known to be there.
Outcome<NpyArray> parse_npy(std::span<const uint8_t> file);

/// A .npy file (version 1) of a tensor's stored values; INT4 is widened to i1. Complex numbers are written,
/// too; types that NumPy has not (STRING, RESOURCE, VARIANT) are a Problem.
Outcome<std::vector<uint8_t>> write_npy(const TensorView& tensor);

}  // namespace tandem::cli
