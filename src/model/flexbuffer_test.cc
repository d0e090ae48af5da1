#include "model/flexbuffer.h"

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

// FlatBuffers' own flexbuffers.h writes the buffers and says what they hold.
namespace tandem {
namespace {

using flex::Value;

// A map as custom operators have it, with every kind of value.
std::vector<uint8_t> options() {
  flexbuffers::Builder builder;
  builder.Map([&] {
    builder.Int("small", -5);
    builder.Int("large", int64_t{-1} << 40);
    builder.UInt("unsigned", 70000);
    builder.Bool("flag", true);
    builder.Float("scale", 0.125F);
    builder.Double("pi", 3.141592653589793);
    builder.Key("indirect");
    builder.IndirectInt(12345);
    builder.Key("indirect_float");
    builder.IndirectFloat(2.5F);
    builder.String("text", "hello");
    builder.Null("nothing");
    builder.Vector("mixed", [&] {
      builder.Int(1);
      builder.Double(2.5);
    });
    builder.TypedVector("ints", [&] {
      for (const int i : {300, -2, 3}) builder.Int(i);
    });
  });
  builder.Finish();
  return builder.GetBuffer();
}

TEST(FlexBuffer, ReadsMapsAsTheLibraryDoes) {
  const std::vector<uint8_t> bytes = options();
  const Value map = Value::root(bytes);
  const flexbuffers::Map oracle = flexbuffers::GetRoot(bytes).AsMap();
  ASSERT_EQ(map.size(), oracle.size());
  for (const char* key :
       {"small", "large", "unsigned", "flag", "scale", "pi", "indirect", "indirect_float", "nothing"}) {
    EXPECT_EQ(map.find(key).integer(), oracle[key].AsInt64()) << key;
    EXPECT_EQ(map.find(key).number(), oracle[key].AsDouble()) << key;
    EXPECT_EQ(map.find(key).null(), oracle[key].IsNull()) << key;
  }
  EXPECT_TRUE(map.find("flag").boolean());
  EXPECT_TRUE(map.find("scale").boolean());
  EXPECT_TRUE(map.find("absent").null());
  EXPECT_TRUE(map.find("sma").null()) << "a key's beginning is another key";
  EXPECT_EQ(map.find("text").integer(), 0);
  for (uint32_t i = 0; i < map.size(); ++i) {
    if (oracle.Values()[i].IsNumeric()) {
      EXPECT_EQ(map[i].number(), oracle.Values()[i].AsDouble()) << i;
    }
  }
}

TEST(FlexBuffer, ReadsVectors) {
  const std::vector<uint8_t> bytes = options();
  const Value map = Value::root(bytes);
  const Value mixed = map.find("mixed");
  ASSERT_EQ(mixed.size(), 2U);
  EXPECT_EQ(mixed[0].integer(), 1);
  EXPECT_EQ(mixed[1].number(), 2.5);
  EXPECT_TRUE(mixed[2].null());
  const Value ints = map.find("ints");
  ASSERT_EQ(ints.size(), 3U);
  EXPECT_EQ(ints[0].integer(), 300);
  EXPECT_EQ(ints[1].integer(), -2);
  EXPECT_EQ(ints.find("small").integer(), 0) << "only maps have keys";
}

TEST(FlexBuffer, ReadsFloatsOutOfTheRangeOfIntegersAsZero) {
  for (const double value : {1e300, -1e300, std::numeric_limits<double>::quiet_NaN()}) {
    flexbuffers::Builder builder;
    builder.Double(value);
    builder.Finish();
    EXPECT_EQ(Value::root(builder.GetBuffer()).integer(), 0) << value;
  }
}

TEST(FlexBuffer, ReadsNothingFromBytesThatAreNone) {
  EXPECT_TRUE(Value::root({}).null());
  for (const std::vector<uint8_t>& bytes : std::vector<std::vector<uint8_t>>{
           {1}, {4, 1}, {0, 4, 3}, {0, 4, 8}, {0, 0xff, 1}, {200, 36, 1}, {0, 36, 1}, {1, 36, 1}}) {
    const Value value = Value::root(bytes);
    EXPECT_EQ(value.integer(), 0);
    EXPECT_TRUE(value.find("x").null());
  }
}

// Every value reached from damaged bytes stays inside them: the sanitizers would tell.
int64_t read_all(const Value& value, int depth) {
  int64_t sum = value.integer() + value.find("pi").integer() + (value.number() > 0 ? 1 : 0);
  if (depth == 0) return sum;
  for (uint32_t i = 0; i < value.size() && i < 16; ++i) sum ^= read_all(value[i], depth - 1);
  return sum;
}

TEST(FlexBuffer, StaysInsideDamagedBytes) {
  const std::vector<uint8_t> sound = options();
  const uint32_t seed = 20261123;
  std::mt19937 random(seed);
  int64_t sum = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> bytes = sound;
    for (int change = 0; change < 4; ++change)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    if (round % 3 == 0)
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(random() % bytes.size()));
    // A vector of its own, exactly as long as the bytes: sanitizers see what lies behind.
    const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
    sum ^= read_all(Value::root(exact), 3);
  }
  RecordProperty("sum", static_cast<int>(sum));
  for (size_t length = 0; length < sound.size(); ++length) {
    const std::vector<uint8_t> cut(sound.begin(), sound.begin() + static_cast<ptrdiff_t>(length));
    (void)read_all(Value::root(cut), 3);
  }
}

}  // namespace
}  // namespace tandem
