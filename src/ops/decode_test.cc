#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using models::TensorSpec;
using schema::TensorType;

using Bytes8 = std::vector<uint8_t>;

// A header of 16 bytes and what follows it.
Bytes8 coding(uint8_t compression, uint8_t parameter, uint8_t stride, const Bytes8& table) {
  Bytes8 bytes = {compression, 1, 0, 0, 1, parameter, stride};
  bytes.resize(16);
  bytes.insert(bytes.end(), table.begin(), table.end());
  return bytes;
}

constexpr uint8_t kLut = 0;
constexpr uint8_t kHuffman = 1;
constexpr uint8_t kPruning = 2;

struct Compressed {
  Bytes8 codes;
  Bytes8 coding;
  TensorSpec out;
};

std::vector<uint8_t> decode(const std::vector<Compressed>& tensors) {
  ModelBuilder b;
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
  for (const Compressed& tensor : tensors) {
    for (const Bytes8* bytes : {&tensor.codes, &tensor.coding}) {
      inputs.push_back(b.constant_bytes(
          {.type = TensorType::UINT8, .shape = {static_cast<int32_t>(bytes->size())}}, *bytes));
    }
    outputs.push_back(b.tensor(tensor.out));
  }
  b.custom_op("TFLM_DECODE", inputs, outputs);
  b.inputs({});
  b.outputs(outputs);
  return b.finish();
}

TensorSpec int8(std::vector<int32_t> shape) {
  return {.name = "y", .type = TensorType::INT8, .shape = std::move(shape)};
}

std::vector<int8_t> decoded(const Compressed& tensor, uint32_t workers = 1) {
  test::LoadedModel model(decode({tensor}), workers);
  model.invoke();
  return model.output<int8_t>(0);
}

Code refusal_of(const Compressed& tensor) { return test::LoadedModel(decode({tensor})).status().code; }

Outcome::Kind outcome_of(const Compressed& tensor) {
  test::LoadedModel model(decode({tensor}));
  EXPECT_TRUE(model.status().ok()) << model.refusal();
  return model.interpreter().invoke().kind;
}

using Elements = std::vector<int8_t>;

TEST(DecodeLut, LooksUpCodesFromTheTopBitOn) {
  EXPECT_EQ(decoded({{0b00'01'10'11, 0b11'00'00'00}, coding(kLut, 2, 4, {10, 20, 30, 40}), int8({5})}),
            (Elements{10, 20, 30, 40, 40}));
  // Codes of 3 bits cross bytes.
  EXPECT_EQ(decoded({{0b000'001'01, 0b0'011'100'1, 0b01'110'111},
                     coding(kLut, 3, 8, {0, 1, 2, 3, 4, 5, 6, 7}),
                     int8({8})}),
            (Elements{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(DecodeLut, HasATableForEachChannel) {
  TensorSpec rows = int8({2, 2});
  rows.scale = {1, 2};
  const Compressed by_row{{0b0101'0000}, coding(kLut, 1, 2, {1, 2, 3, 4}), rows};
  EXPECT_EQ(decoded(by_row), (Elements{1, 2, 3, 4}));
  Compressed by_column = by_row;
  by_column.out.axis = 1;
  EXPECT_EQ(decoded(by_column), (Elements{1, 4, 1, 4}));
}

TEST(DecodeLut, MakesElementsOfEverySize) {
  const Compressed t{{0b1000'0000},
                     coding(kLut, 1, 2, {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 128}),
                     {.name = "y", .type = TensorType::INT64, .shape = {2}}};
  test::LoadedModel model(decode({t}));
  model.invoke();
  EXPECT_EQ(model.output<int64_t>(0), (std::vector<int64_t>{INT64_MIN + 2, 1}));
}

TEST(DecodeLut, GivesTheSameWithSeveralWorkers) {
  Bytes8 codes(5 * 5000 / 8);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(i * 37);
  Bytes8 table(32);
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<uint8_t>(i * 3);
  const Compressed t{codes, coding(kLut, 5, 32, table), int8({5000})};
  EXPECT_EQ(decoded(t, 4), decoded(t));
}

TEST(DecodeLut, CodesBeyondTheTableAreADataError) {
  EXPECT_EQ(outcome_of({{0b00'01'10'00}, coding(kLut, 2, 4, {1, 2, 3}), int8({3})}), Outcome::Kind::kOk);
  EXPECT_EQ(outcome_of({{0b00'01'11'00}, coding(kLut, 2, 4, {1, 2, 3}), int8({3})}),
            Outcome::Kind::kDataError);
}

TEST(DecodePrune, PutsZeroPointsWhereNothingWasKept) {
  Compressed t{{0b1010'0000}, coding(kPruning, 0, 0, {5, 6}), int8({4})};
  EXPECT_EQ(decoded(t), (Elements{5, 0, 6, 0}));
  t.out.scale = {1};
  t.out.zero_point = {-3};
  EXPECT_EQ(decoded(t), (Elements{5, -3, 6, -3}));
}

TEST(DecodePrune, HasAZeroPointForEachChannel) {
  Compressed t{{0b1000'0000}, coding(kPruning, 0, 0, {5}), int8({2, 2})};
  t.out.scale = {1, 1};
  t.out.zero_point = {1, 2};
  EXPECT_EQ(decoded(t), (Elements{5, 1, 2, 2}));
  t.out.axis = 1;
  EXPECT_EQ(decoded(t), (Elements{5, 2, 1, 2}));
}

TEST(DecodePrune, GivesTheSameWithSeveralWorkers) {
  Bytes8 kept(5003 / 8 + 1);
  for (size_t i = 0; i < kept.size(); ++i) kept[i] = static_cast<uint8_t>(i * 91);
  Bytes8 values(5003);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint8_t>(i % 101 + 1);
  const Compressed t{kept, coding(kPruning, 0, 0, values), int8({5003})};
  const Elements y = decoded(t);
  EXPECT_EQ(decoded(t, 4), y);
  size_t next = 0;
  for (size_t e = 0; e < y.size(); ++e) {
    const bool is_kept = (kept[e / 8] >> (7 - e % 8) & 1) != 0;
    EXPECT_EQ(y[e], is_kept ? static_cast<int8_t>(values[next++]) : 0) << "element " << e;
  }
}

TEST(DecodePrune, RefusesTooFewValuesAndZeroPointsOfOtherTypes) {
  EXPECT_EQ(refusal_of({{0b1110'0000}, coding(kPruning, 0, 0, {5, 6}), int8({4})}), Code::kCompressedSize);
  // What follows the last element does not count.
  EXPECT_EQ(refusal_of({{0b1100'1111}, coding(kPruning, 0, 0, {5, 6}), int8({4})}), Code::kOk);
  const TensorSpec int16{
      .name = "y", .type = TensorType::INT16, .shape = {1}, .scale = {1}, .zero_point = {1}};
  EXPECT_EQ(refusal_of({{0}, coding(kPruning, 0, 0, {}), int16}), Code::kOutputZeroPoint);
}

// Symbols 'a' = 0, 'b' = 10, 'c' = 110, 'd' = 111, looked up 2 bits first.
constexpr uint16_t found(uint16_t bits, uint16_t symbol) {
  return static_cast<uint16_t>(0x8000 | bits << 11 | symbol);
}
constexpr uint16_t next(uint16_t bits, uint16_t distance) {
  return static_cast<uint16_t>((bits - 1) << 11 | distance);
}
Bytes8 abcd_coding() {
  const uint16_t entries[] = {found(1, 'a'), found(1, 'a'), found(2, 'b'),
                              next(1, 1),    found(1, 'c'), found(1, 'd')};
  Bytes8 table;
  for (const uint16_t entry : entries) {
    table.push_back(static_cast<uint8_t>(entry));
    table.push_back(static_cast<uint8_t>(entry >> 8));
  }
  return coding(kHuffman, 1 << 4, 0, table);
}

TEST(DecodeHuffman, FollowsTheTables) {
  EXPECT_EQ(decoded({{0b0'10'110'11, 0b1'0'10'110'0, 0, 0}, abcd_coding(), int8({7})}),
            (Elements{'a', 'b', 'c', 'd', 'a', 'b', 'c'}));
}

TEST(DecodeHuffman, MayEndWithTheLastBit) {
  EXPECT_EQ(decoded({{0b110'111'10}, abcd_coding(), int8({3})}), (Elements{'c', 'd', 'b'}));
  EXPECT_EQ(decoded({{0b110'111'00}, abcd_coding(), int8({4})}), (Elements{'c', 'd', 'a', 'a'}));
}

TEST(DecodeHuffman, CodesThatEndTooEarlyOrLeadAnywhereAreADataError) {
  EXPECT_EQ(outcome_of({{0b110'111'11}, abcd_coding(), int8({3})}), Outcome::Kind::kDataError);
  EXPECT_EQ(outcome_of({{0}, abcd_coding(), int8({9})}), Outcome::Kind::kDataError);
  // An entry that leads to itself, and one that leads beyond the table.
  EXPECT_EQ(outcome_of({{0, 0}, coding(kHuffman, 0, 0, {0, 0, 0, 0}), int8({1})}), Outcome::Kind::kDataError);
  EXPECT_EQ(outcome_of({{0, 0}, coding(kHuffman, 0, 0, {0xff, 0x07}), int8({1})}), Outcome::Kind::kDataError);
}

TEST(DecodeHuffman, MakesInt16WithTheWideTableOnly) {
  const Bytes8 table = {0x34, 0xf2, 0, 0x88, 0, 0, 0, 0x88};  // found, 1 bit: -3532 and 0
  const TensorSpec int16{.name = "y", .type = TensorType::INT16, .shape = {2}};
  test::LoadedModel model(decode({{{0b1000'0000}, coding(kHuffman, 1, 0, table), int16}}));
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), (std::vector<int16_t>{0, -3532}));
  EXPECT_EQ(refusal_of({{0}, coding(kHuffman, 0, 0, table), int16}), Code::kOutputType);
}

TEST(Decode, DecodesSeveralTensors) {
  const Compressed lut{{0b0110'0000}, coding(kLut, 1, 2, {1, 2}), int8({3})};
  const Compressed pruned{{0b0100'0000}, coding(kPruning, 0, 0, {9}), int8({2})};
  test::LoadedModel model(decode({lut, pruned}));
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (Elements{1, 2, 2}));
  EXPECT_EQ(model.output<int8_t>(1), (Elements{0, 9}));
}

TEST(Decode, RefusesWhatItDoesNotKnow) {
  const Compressed good{{0}, coding(kLut, 1, 2, {1, 2}), int8({3})};
  Compressed bad = good;
  bad.coding[0] = 127;
  EXPECT_EQ(
      test::LoadedModel(decode({bad})).refusal(),
      "op 0 \"TFLM_DECODE\" \"y\": output 0 is compressed in a way (127) that is not supported; supported: "
      "look-up tables (0) of 1 to 7 bits, Huffman codes (1) and pruning (2), each of version 1");
  for (const size_t version : {1U, 4U}) {
    bad = good;
    bad.coding[version] = 2;
    EXPECT_EQ(refusal_of(bad), Code::kCompression);
  }
  bad = good;
  bad.coding[5] = 8;  // 0 bits
  EXPECT_EQ(refusal_of(bad), Code::kCompression);
  bad = good;
  bad.coding.resize(15);
  EXPECT_EQ(refusal_of(bad), Code::kCompressedSize);
  bad = good;
  bad.out = int8({9});
  EXPECT_EQ(refusal_of(bad), Code::kCompressedSize);
  bad = good;
  bad.out = int8({1, 3, 1});
  bad.out.scale = {1, 1, 1};
  bad.out.axis = 1;
  EXPECT_EQ(refusal_of(bad), Code::kCompressedChannels);
}

}  // namespace
}  // namespace tandem
