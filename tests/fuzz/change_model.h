#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace tandem::test {

using Random = std::minstd_rand;

/// Numbers at which sizes, indices, offsets, scales and zero points turn bad.
uint32_t bad_number(Random& random);

/// Changes a part of the model as the schema has it, and what has to change with it for the file to stay
/// sound: a constant's bytes with its shape and type, scales with channels, a graph's inputs with its
/// constants. Single numbers seldom get past the checks of loading. Returns the new size; 0 if the file is no
/// FlatBuffer or grows beyond `max_size`.
size_t change_model(uint8_t* data, size_t size, size_t max_size, Random& random);

}  // namespace tandem::test
