#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

// Constants stored compressed, for TFLM_DECODE. Codes are packed from the most significant bit of each byte.
namespace tandem {

/// The channel of element e is e / elements % count.
struct DecodedChannels {
  uint32_t count = 1;
  uint32_t elements = 1;  ///< in a row, of one channel

  [[nodiscard]] uint32_t channel(uint32_t element) const { return element / elements % count; }
};

/// y[e] = table[channel(e) · stride + code e],  codes of `bits` ∈ [1, 7] bits
/// Layout       table: elements of element_bytes (1, 2, 4 or 8), at any alignment.
/// Precondition  there are codes for all elements.
/// Data error   a code that leads to table_elements or beyond.
/// Units        blocks of elements.
struct DecodeLutParams {
  Ref codes;
  Ref table;
  Ref out;
  uint32_t bits = 0;
  uint32_t element_bytes = 0;
  uint32_t stride = 0;
  uint32_t table_elements = 0;
  DecodedChannels channels;
  Blocks elements;
};

/// y[e] = the next of `values` if bit e of `kept` is set, else zero_points[channel(e)]
/// Layout        values: elements of element_bytes (1, 2, 4 or 8), at any alignment; first_values[u]: how
/// many
///               of them are before unit u.
/// Precondition  there are bits for all elements and values for all bits that are set.
/// Units         blocks of elements.
struct DecodePruneParams {
  Ref kept;
  Ref values;
  Ref zero_points;   ///< int8[channels.count], only with element_bytes 1; absent: all are 0
  Ref first_values;  ///< uint32[elements.units()]
  Ref out;
  uint32_t element_bytes = 0;
  DecodedChannels channels;
  Blocks elements;
};

/// y[e] = the symbol of Huffman code e. `first_bits` bits of the code choose an entry of the table. An entry
/// is a flag (found) in its top bit, four bits, and a value. If found, the value is the symbol, and the four
/// bits say how many of the bits looked at last belong to the code; the others belong to the next. Else the
/// four bits + 1 are how many bits to look at next: together with the value they are the distance to the next
/// entry. Layout      table: uint16, or uint32 if `wide`, at any alignment. Data error  an entry beyond the
/// table; a code that ends beyond code_bytes. Units       one: where a code begins only the one before it
/// tells.
struct DecodeHuffmanParams {
  Ref codes;
  Ref table;
  Ref out;
  uint32_t code_bytes = 0;
  uint32_t table_entries = 0;
  uint32_t wide = 0;
  uint32_t first_bits = 0;  ///< 1 to 16
  uint32_t elements = 0;
};

}  // namespace tandem
