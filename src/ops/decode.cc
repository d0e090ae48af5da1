#include "kernels/decode.h"

#include <algorithm>
#include <bit>

#include "ops/data_movement.h"

// TFLM_DECODE, TensorFlow Lite Micro's operator for constants stored compressed: inputs are pairs of codes
// and what is needed to decode them, each pair giving an output. The second of a pair begins with a header of
// 16 bytes: which compression, its version, that of the rest of the header, and two bytes of parameters.
namespace tandem {
namespace {

constexpr uint32_t kHeaderBytes = 16;
enum HeaderByte { kCompression, kVersion, kCompressionVersion = 4, kParameters, kTableStride };
enum Compression : uint8_t { kLookUpTable, kHuffman, kPruning };

// An output and the pair of inputs that it is decoded from.
struct Compressed {
  uint32_t index;  // among the outputs
  TensorInfo codes;
  TensorInfo coding;
  TensorInfo out;

  [[nodiscard]] int32_t codes_input() const { return static_cast<int32_t>(2 * index); }
  [[nodiscard]] int32_t coding_input() const { return static_cast<int32_t>(2 * index + 1); }
  [[nodiscard]] int32_t output() const { return static_cast<int32_t>(index); }
  // What follows the header.
  [[nodiscard]] uint32_t table_bytes() const { return coding.bytes - kHeaderBytes; }
};

Ref table_ref(OpContext& c, const Compressed& t) {
  const Ref coding = c.ref(t.coding);
  return {.bits = coding.bits + kHeaderBytes};
}

Status expect_codes(const OpContext& c, const Compressed& t, uint64_t bits) {
  const bool enough = uint64_t{t.codes.bytes} * 8 >= bits;
  return enough ? Status{}
                : c.error(Code::kCompressedSize, t.codes_input(), static_cast<int32_t>(t.codes.bytes));
}

Status expect_type(const OpContext& c, const Compressed& t, std::initializer_list<Type> types) {
  for (const Type type : types) {
    if (t.out.type == type) return {};
  }
  return c.error(Code::kOutputType, t.output(), static_cast<int32_t>(t.out.type));
}

// The output's channels: those of its quantization, along its first dimension or its last.
Result<DecodedChannels> plan_channels(const OpContext& c, const Compressed& t) {
  const Quantization& quantization = t.out.quantization;
  const uint32_t count = quantization.present() ? quantization.scales.count : 1;
  const bool along_last = count > 1 && quantization.axis == static_cast<int32_t>(t.out.shape.rank) - 1;
  if ((quantization.present() && quantization.axis != 0 && !along_last) || t.out.elements % count != 0) {
    return c.error(Code::kCompressedChannels, t.output(), quantization.axis);
  }
  return DecodedChannels{.count = count, .elements = along_last ? 1 : t.out.elements / count};
}

Status plan_lut(OpContext& c, const Compressed& t) {
  TANDEM_TRY(expect_type(
      c, t, {Type::kBool, Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32}));
  const Result<DecodedChannels> channels = plan_channels(c, t);
  TANDEM_TRY(channels.status());
  const uint32_t bits = t.coding.data[kParameters] & 7;
  if (bits == 0) return c.error(Code::kCompression, t.output(), kLookUpTable);
  TANDEM_TRY(expect_codes(c, t, uint64_t{t.out.elements} * bits));
  if (t.out.elements == 0) return {};
  const Blocks elements = cut_into_blocks(t.out.elements, 8);
  const uint32_t element = element_bytes(t.out.type);
  c.emit(kernel_id::decode_lut__ref,
         {.codes = c.ref(t.codes),
          .table = table_ref(c, t),
          .out = c.ref(t.out),
          .bits = bits,
          .element_bytes = element,
          .stride = t.coding.data[kTableStride],
          .table_elements = t.table_bytes() / element,
          .channels = *channels,
          .elements = elements},
         {.units = elements.units()});
  return {};
}

// The int8 that stands for zero in each channel; none if it is 0 in all of them.
Result<Ref> plan_zero_points(OpContext& c, const Compressed& t, uint32_t channels) {
  const Quantization& quantization = t.out.quantization;
  bool all_zero = true;
  for (uint32_t i = 0; i < channels && quantization.present(); ++i) {
    const int32_t point = quantization.zero_point(i);
    all_zero = all_zero && point == 0;
    if (point != 0 && t.out.type != Type::kInt8) return c.error(Code::kOutputZeroPoint, t.output(), 0);
    if (point < INT8_MIN || point > INT8_MAX) return c.error(Code::kOutputQuantization, t.output());
  }
  if (all_zero) return Ref{};
  return c.prepared<int8_t>(channels, [&](std::span<int8_t> to) {
    for (uint32_t i = 0; i < channels; ++i) to[i] = static_cast<int8_t>(quantization.zero_point(i));
  });
}

Status plan_prune(OpContext& c, const Compressed& t) {
  TANDEM_TRY(expect_type(
      c, t, {Type::kBool, Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32}));
  const Result<DecodedChannels> channels = plan_channels(c, t);
  TANDEM_TRY(channels.status());
  const Result<Ref> zero_points = plan_zero_points(c, t, channels->count);
  TANDEM_TRY(zero_points.status());
  TANDEM_TRY(expect_codes(c, t, t.out.elements));
  if (t.out.elements == 0) return {};
  Blocks elements = cut_into_blocks(t.out.elements, 4);
  elements.per_unit = align_up(elements.per_unit, 8);  // whole bytes of `kept`
  const auto kept_in = [&](Blocks::Range range) {
    uint32_t kept = 0;
    for (uint32_t at = range.begin; at < range.end; at += 8) {
      const uint32_t beyond = 8 - std::min<uint32_t>(8, range.end - at);
      kept += static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(t.codes.data[at / 8] >> beyond)));
    }
    return kept;
  };
  const uint32_t element = element_bytes(t.out.type);
  if (kept_in({.begin = 0, .end = t.out.elements}) > t.table_bytes() / element) {
    return c.error(Code::kCompressedSize, t.coding_input(), static_cast<int32_t>(t.coding.bytes));
  }
  const Ref first_values = c.prepared<uint32_t>(elements.units(), [&](std::span<uint32_t> to) {
    uint32_t before = 0;
    for (uint32_t unit = 0; unit < to.size(); ++unit) {
      to[unit] = before;
      before += kept_in(elements.block(unit));
    }
  });
  c.emit(kernel_id::decode_prune__ref,
         {.kept = c.ref(t.codes),
          .values = table_ref(c, t),
          .zero_points = *zero_points,
          .first_values = first_values,
          .out = c.ref(t.out),
          .element_bytes = element,
          .channels = *channels,
          .elements = elements},
         {.units = elements.units()});
  return {};
}

Status plan_huffman(OpContext& c, const Compressed& t) {
  const uint8_t parameters = t.coding.data[kParameters];
  const bool wide = (parameters & 1) != 0;
  TANDEM_TRY(wide ? expect_type(c, t, {Type::kInt8, Type::kInt16}) : expect_type(c, t, {Type::kInt8}));
  if (t.out.elements == 0) return {};
  const auto entry_bytes = static_cast<uint32_t>(wide ? sizeof(uint32_t) : sizeof(uint16_t));
  c.emit(t.out.type == Type::kInt8 ? kernel_id::decode_huffman_s8__ref : kernel_id::decode_huffman_s16__ref,
         {.codes = c.ref(t.codes),
          .table = table_ref(c, t),
          .out = c.ref(t.out),
          .code_bytes = t.codes.bytes,
          .table_entries = t.table_bytes() / entry_bytes,
          .wide = wide ? 1U : 0U,
          .first_bits = (parameters >> 4) + 1U,
          .elements = t.out.elements});
  return {};
}

Status plan_decode(OpContext& c) {
  const uint32_t outputs = c.output_count();
  if (outputs == 0) return c.error(Code::kOperandCount, 0, 1);
  TANDEM_TRY(c.expect_operands(2 * outputs, 2 * outputs, outputs));
  for (uint32_t i = 0; i < 2 * outputs; ++i) {
    if (!c.input(i).constant()) return c.error(Code::kInputNotConstant, static_cast<int32_t>(i));
  }
  for (uint32_t i = 0; i < outputs; ++i) {
    const Compressed t{.index = i, .codes = c.input(2 * i), .coding = c.input(2 * i + 1), .out = c.output(i)};
    if (t.coding.bytes < kHeaderBytes) {
      return c.error(Code::kCompressedSize, t.coding_input(), static_cast<int32_t>(t.coding.bytes));
    }
    const uint8_t compression = t.coding.data[kCompression];
    const bool known =
        compression <= kPruning && t.coding.data[kVersion] == 1 && t.coding.data[kCompressionVersion] == 1;
    if (!known) return c.error(Code::kCompression, t.output(), compression);
    TANDEM_TRY(compression == kLookUpTable ? plan_lut(c, t)
               : compression == kHuffman   ? plan_huffman(c, t)
                                           : plan_prune(c, t));
  }
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("TFLM_DECODE", decode, plan_decode, decode_huffman_s16__ref, decode_huffman_s8__ref,
                        decode_lut__ref, decode_prune__ref)

}  // namespace tandem
