#include "npy.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tensor_values.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

std::vector<uint8_t> npy(std::string_view header, const std::vector<uint8_t>& data, int version = 1) {
  std::vector<uint8_t> file{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<uint8_t>(version), 0};
  for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte) {
    file.push_back(static_cast<uint8_t>(header.size() >> (8 * byte)));
  }
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

TEST(npy, versions_1_to_3) {
  for (const int version : {1, 2, 3}) {
    const auto array = parse_npy(npy("{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }    \n",
                                     {1, 2, 3, 4, 5, 0xff}, version));
    ASSERT_TRUE(array.ok()) << version << ": " << array.problem().sentence;
    EXPECT_EQ(array->type, Type::kInt8);
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(array->bytes, (std::vector<uint8_t>{1, 2, 3, 4, 5, 0xff}));
  }
}

TEST(npy, dtypes) {
  struct {
    const char* descr;
    Type type;
  } const cases[] = {{"|b1", Type::kBool},    {"|i1", Type::kInt8},    {"<i2", Type::kInt16},
                     {"<i4", Type::kInt32},   {"<i8", Type::kInt64},   {"|u1", Type::kUInt8},
                     {"=u2", Type::kUInt16},  {"<u4", Type::kUInt32},  {"<u8", Type::kUInt64},
                     {"<f2", Type::kFloat16}, {"<f4", Type::kFloat32}, {"<f8", Type::kFloat64}};
  for (const auto& [descr, type] : cases) {
    const std::vector<uint8_t> data(type_bits(type) / 8, 1);
    const auto array =
        parse_npy(npy(fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ()}}", descr), data));
    ASSERT_TRUE(array.ok()) << descr << ": " << array.problem().sentence;
    EXPECT_EQ(array->type, type) << descr;
    EXPECT_EQ(array->bytes, data) << descr;
  }
}

TEST(npy, big_endian) {
  const auto array =
      parse_npy(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", {1, 2, 3, 4}));
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(array->bytes, (std::vector<uint8_t>{2, 1, 4, 3}));
}

TEST(npy, fortran_order) {
  // [[0 1 2] [3 4 5]], columns one after the other.
  const auto array =
      parse_npy(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", {0, 3, 1, 4, 2, 5}));
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(array->bytes, (std::vector<uint8_t>{0, 1, 2, 3, 4, 5}));
  const auto big =
      parse_npy(npy("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 2), }", {0, 0, 0, 2, 0, 1, 0, 3}));
  ASSERT_TRUE(big.ok());
  EXPECT_EQ(big->bytes, (std::vector<uint8_t>{0, 0, 1, 0, 2, 0, 3, 0}));
}

TEST(npy, header_as_other_writers_format_it) {
  const auto array = parse_npy(npy("{\"shape\":(3L,),\"fortran_order\":False,\"descr\":\"|u1\"}", {7, 8, 9}));
  ASSERT_TRUE(array.ok()) << array.problem().sentence;
  EXPECT_EQ(array->shape, (std::vector<int64_t>{3}));
}

TEST(npy, hostile_headers_are_refused) {
  struct {
    const char* name;
    const char* header;
  } const cases[] = {
      {"empty", ""},
      {"unterminated", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,"},
      {"unterminated_string", "{'descr': '<f4"},
      {"no_shape", "{'descr': '<f4', 'fortran_order': False}"},
      {"huge_dimension", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"},
      {"product_overflows", "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 1)}"},
      {"product_overflows_to_size",
       "{'descr': '|u1', 'fortran_order': False, 'shape': (6148914691236517208, 6)}"},
      {"bytes_overflow", "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693953,)}"},
      {"negative_dimension", "{'descr': '|u1', 'fortran_order': False, 'shape': (-8, -1)}"},
      {"shape_not_a_tuple", "{'descr': '|u1', 'fortran_order': False, 'shape': [8]}"},
      {"objects", "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"},
      {"structure", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}"},
      {"complex", "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}"},
      {"empty_descr", "{'descr': '', 'fortran_order': False, 'shape': (8,)}"},
      {"unknown_order", "{'descr': '?u1', 'fortran_order': False, 'shape': (8,)}"},
      {"too_short", "{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}"},
      {"too_long", "{'descr': '|u1', 'fortran_order': False, 'shape': (7,)}"},
      {"zero_times_huge", "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 9223372036854775807)}"},
  };
  for (const auto& [name, header] : cases) {
    EXPECT_FALSE(parse_npy(npy(header, std::vector<uint8_t>(8))).ok()) << name;
  }
  std::string deep = "{'descr': '|u1', 'fortran_order': True, 'shape': (8";
  for (int i = 0; i < 20000; ++i) deep += ",1";
  EXPECT_FALSE(parse_npy(npy(deep + ")}", std::vector<uint8_t>(8))).ok()) << "20000 dimensions";
  std::vector<uint8_t> length_past_end = npy("{}", {}, 2);
  length_past_end[11] = 0xff;
  EXPECT_FALSE(parse_npy(length_past_end).ok());
  EXPECT_FALSE(parse_npy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", {1}, 4)).ok())
      << "version 4";
}

TEST(npy, damaged_files_never_crash) {
  OwnedTensor tensor(Type::kFloat32, {2, 3});
  const std::vector<uint8_t> file = *write_npy(tensor.view);
  size_t accepted = 0;
  for_damaged_copies(file, file.size(),
                     [&](std::span<const uint8_t> copy) { accepted += parse_npy(copy).ok(); });
  EXPECT_GE(accepted, 8 * tensor.bytes.size()) << "changes in the data are not seen";
}

TEST(npy, what_is_written_can_be_read) {
  for (const Type type :
       {Type::kFloat32, Type::kFloat16, Type::kFloat64, Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64,
        Type::kUInt8, Type::kUInt16, Type::kUInt32, Type::kUInt64, Type::kBool}) {
    OwnedTensor tensor(type, {1, 2, 5});
    const auto file = write_npy(tensor.view);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ((file->size() - tensor.bytes.size()) % 64, 0u);
    const auto array = parse_npy(*file);
    ASSERT_TRUE(array.ok()) << type_name(type) << ": " << array.problem().sentence;
    EXPECT_EQ(array->type, type);
    EXPECT_EQ(array->shape, (std::vector<int64_t>{1, 2, 5}));
    EXPECT_EQ(array->bytes, tensor.bytes);
  }
}

TEST(npy, writes_scalars_int4_and_refuses_strings) {
  OwnedTensor scalar(Type::kInt32, {});
  EXPECT_TRUE(parse_npy(*write_npy(scalar.view))->shape.empty());
  OwnedTensor nibbles(Type::kInt4, {3});
  nibbles.bytes = {0x8f, 0x07};
  const auto array = parse_npy(*write_npy(nibbles.view));
  EXPECT_EQ(array->type, Type::kInt8);
  EXPECT_EQ(array->bytes, (std::vector<uint8_t>{0xff, 0xf8, 7}));
  EXPECT_FALSE(write_npy({.type = Type::kString, .dims = {}, .bytes = {}}).ok());
}

}  // namespace
}  // namespace tandem::cli
