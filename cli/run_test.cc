#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "file_bytes.h"
#include "models/model_builder.h"
#include "npy.h"
#include "tensor_values.h"
#include "test_command.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

using models::ModelBuilder;
using nlohmann::json;
using schema::BuiltinOperator;
using schema::TensorType;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

json run_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "run");
  arguments.emplace_back("--json");
  const CommandResult result = run_tandem(arguments);
  EXPECT_EQ(result.code, 0) << result.err;
  return result.code == 0 ? json::parse(result.out) : json{};
}

// left - right of two FLOAT32 [1,2]. SUB, so that swapped inputs are seen.
std::vector<uint8_t> subtraction() {
  ModelBuilder b;
  const int32_t left = b.tensor({.name = "left", .shape = {1, 2}});
  const int32_t right = b.tensor({.name = "right", .shape = {1, 2}});
  const int32_t out = b.tensor({.name = "difference", .shape = {1, 2}});
  b.op(BuiltinOperator::SUB, {left, right}, {out}, schema::SubOptionsT{});
  b.inputs({left, right});
  b.outputs({out});
  return b.finish();
}

// INT8 [1,4,4,1] with a picture's usual scale, given back under another shape.
std::vector<uint8_t> picture_reshape() {
  ModelBuilder b;
  const auto tensor = [&](const char* name, std::vector<int32_t> shape) {
    return b.tensor({.name = name,
                     .type = TensorType::INT8,
                     .shape = std::move(shape),
                     .scale = {2 / 255.0F},
                     .zero_point = {-1}});
  };
  const int32_t in = tensor("picture", {1, 4, 4, 1});
  const int32_t out = tensor("list", {16});
  b.op(BuiltinOperator::RESHAPE, {in}, {out}, schema::ReshapeOptionsT{});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

Image ramp() {
  Image image{.width = 4, .height = 4, .channels = 1};
  for (int i = 0; i < 16; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 17));
  return image;
}

// ---- inputs and outputs

TEST(Run, sine_gives_the_sine) {
  const TemporaryFolder folder;
  for (const char* model : {"sine_float.tflite", "sine_int8.tflite"}) {
    for (const double x : {0.0, 1.0, 2.5, 4.0, 6.0}) {
      const std::string file = folder.add("x.csv", std::to_string(x));
      const json result = run_json({project_model(model), "--input", file});
      EXPECT_NEAR(result["outputs"][0]["real"][0].get<double>(), std::sin(x), 0.06) << model << ' ' << x;
    }
  }
}

TEST(Run, text_shows_what_was_done_and_the_outputs_raw_and_real) {
  const TemporaryFolder folder;
  const std::string file = folder.add("x.csv", "1.5");
  const CommandResult result = run_tandem({"run", project_model("sine_int8.tflite"), "--input", file});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, StartsWith("input 0 \"x\": INT8 [1,1], scale "));
  EXPECT_THAT(result.out, HasSubstr(file + ": 1 number, quantized to INT8"));
  EXPECT_THAT(result.out,
              ContainsRegex("\noutput 0 \".*\": INT8 \\[1,1\\], scale .*\n  raw  .*\n  real .*\n"));
}

TEST(Run, inputs_by_order_by_name_and_by_number) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::string big = folder.add("big.csv", "10 20");
  const std::string small = folder.add("small.csv", "1 2");
  const std::vector<std::vector<std::string>> cases = {
      {"--input", big, small},
      {"--input", big, "--input", small},
      {"--input", "right=" + small, "left=" + big},
      {"--input", "1=" + small, "0=" + big},
      {"--input", "right=" + small, big},
      {"--input", small, "left=" + big},
  };
  for (std::vector<std::string> arguments : cases) {
    arguments.insert(arguments.begin(), model);
    EXPECT_EQ(run_json(arguments)["outputs"][0]["real"], json({9.0, 18.0}))
        << testing::PrintToString(arguments);
  }
}

TEST(Run, a_file_may_have_an_equals_sign_in_its_name) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::string odd = folder.add("a=b.csv", "5 5");
  EXPECT_EQ(run_json({model, "--input", odd, odd})["outputs"][0]["real"], json({0.0, 0.0}));
}

TEST(Run, the_model_may_follow_its_inputs) {
  const TemporaryFolder folder;
  const CommandResult result =
      run_tandem({"run", "--input", folder.add("x.csv", "1"), project_model("sine_int8.tflite")});
  EXPECT_EQ(result.code, 0) << result.err;
}

TEST(Run, missing_inputs_are_asked_for) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const CommandResult none = run_tandem({"run", model});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, StartsWith("sub.tflite: needs --input FILE"));
  EXPECT_THAT(none.err, HasSubstr("input 0 \"left\": FLOAT32 [1,2]"));
  EXPECT_THAT(none.err, HasSubstr("--input random:1 random:2"));
  const CommandResult one = run_tandem({"run", model, "--input", "random:1"});
  EXPECT_EQ(one.code, 1);
  EXPECT_THAT(one.err, HasSubstr("needs 1 more --input FILE"));
}

TEST(Run, wrong_inputs_are_refused) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases = {
      {{"random:1", "random:2", "random:3"}, "got 3 files"},
      {{"left=random:1", "0=random:2"}, "already has \"random:1\""},
      {{"middle=random:1"}, "has no input \"middle\""},
      {{"2=random:1"}, "has no input \"2\""},
      {{"left="}, "names no file"},
      {{""}, "names no file"},
      {{"random:1", "random:x"}, "not a whole number"},
      {{"none.csv", "random:1"}, "none.csv: no such file"},
      {{folder.path().string(), "random:1"}, "is a folder"},
      {{folder.add("three.csv", "1 2 3"), "random:1"}, "has 3 numbers"},
      {{folder.add("words.csv", "one two"), "random:1"}, "not a number"},
  };
  for (const auto& [inputs, sentence] : cases) {
    std::vector<std::string> arguments = {"run", model, "--input"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    const CommandResult result = run_tandem(arguments);
    EXPECT_EQ(result.code, 1) << sentence;
    EXPECT_EQ(result.out, "") << sentence;
    EXPECT_THAT(result.err, HasSubstr(sentence));
  }
}

TEST(Run, outputs_are_written_as_files) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::vector<std::string> start = {"run", model, "--input", folder.add("a.csv", "3 5"),
                                          folder.add("b.csv", "1 1")};
  const auto written = [&](const std::string& name) {
    const std::string path = (folder.path() / name).string();
    std::vector<std::string> arguments = start;
    arguments.insert(arguments.end(), {"--output", path});
    const CommandResult result = run_tandem(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("wrote " + path));
    return *read_file(path);
  };
  const std::vector<uint8_t> raw = written("out.raw");
  EXPECT_EQ(load<float>(raw, 0), 2.0F);
  EXPECT_EQ(load<float>(raw, 1), 4.0F);
  const Outcome<NpyArray> npy = parse_npy(written("out.npy"));
  ASSERT_TRUE(npy.ok());
  EXPECT_EQ(npy->bytes, raw);
  EXPECT_EQ(json::parse(written("out.json"))[0]["real"], json({2.0, 4.0}));

  std::vector<std::string> arguments = start;
  arguments.insert(arguments.end(), {"--output", (folder.path() / "out.doc").string()});
  const CommandResult result = run_tandem(arguments);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr(".npy, .json, .raw or .bin"));
}

TEST(Run, labels_and_top) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::vector<std::string> start = {"run", model, "--input", folder.add("a.csv", "3 5"),
                                          folder.add("b.csv", "1 1")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), start.begin(), start.end());
    return run_tandem(more);
  };
  const std::string labels = folder.add("labels.txt", "cat\ndog\n");
  EXPECT_THAT(with({"--labels", labels}).out, ContainsRegex("  4 +dog\n  2 +cat\n"));
  const CommandResult best = with({"--labels", labels, "--top", "1"});
  EXPECT_THAT(best.out, HasSubstr("dog"));
  EXPECT_THAT(best.out, Not(HasSubstr("cat")));
  EXPECT_THAT(with({"--top", "2"}).out, ContainsRegex("  4 +#1\n  2 +#0\n"));
  const CommandResult none = with({"--labels", (folder.path() / "none.txt").string()});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no such file"));
}

TEST(Run, show_input_writes_what_the_network_is_given) {
  const TemporaryFolder folder;
  const std::string model = folder.add("picture.tflite", picture_reshape());
  const std::string picture = folder.add("ramp.png", encode_image(ramp(), "png"));
  const std::string shown = (folder.path() / "shown.png").string();
  const json result = run_json({model, "--input", picture, "--show-input", shown});
  for (int i = 0; i < 16; ++i) EXPECT_EQ(result["outputs"][0]["raw"][static_cast<size_t>(i)], i * 17 - 128);
  const Outcome<Image> image = decode_image(*read_file(shown));
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->width, 4);
  EXPECT_EQ(image->pixels, ramp().pixels);
}

TEST(Run, show_input_of_two_floats) {
  const TemporaryFolder folder;
  const std::string model = folder.add("sub.tflite", subtraction());
  const std::string shown = (folder.path() / "shown.png").string();
  const CommandResult result = run_tandem({"run", model, "--input", folder.add("a.csv", "0 1"),
                                           folder.add("b.csv", "-3 nan"), "--show-input", shown});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(decode_image(*read_file(folder.path() / "shown.0.png"))->pixels, (std::vector<uint8_t>{0, 255}));
  EXPECT_EQ(decode_image(*read_file(folder.path() / "shown.1.png"))->pixels, (std::vector<uint8_t>{0, 0}));
}

// ---- workers, repeats, profiles, arenas

TEST(Run, workers_do_not_change_the_outputs) {
  const std::string model = project_model("person_shaped.tflite");
  const json one = run_json({model, "--input", "random:7"});
  ASSERT_EQ(one["outputs"].size(), 1);
  for (const char* workers : {"2", "4", "8"}) {
    const json more = run_json({model, "--input", "random:7", "--workers", workers});
    EXPECT_EQ(more["outputs"], one["outputs"]) << workers;
  }
}

TEST(Run, repeating_gives_the_same_outputs_and_times) {
  const std::string model = project_model("sine_int8.tflite");
  const json once = run_json({model, "--input", "random:3"});
  const json often = run_json({model, "--input", "random:3", "--repeat", "50"});
  EXPECT_EQ(often["outputs"], once["outputs"]);
  EXPECT_EQ(often["invocations"], 50);
  EXPECT_LE(often["host_seconds"]["min"], often["host_seconds"]["mean"]);
  const CommandResult text = run_tandem({"run", model, "--input", "random:3", "--repeat", "50"});
  EXPECT_THAT(text.out, HasSubstr("50 invocations"));
  EXPECT_THAT(text.out, HasSubstr("host time, not a microcontroller's"));
  EXPECT_EQ(text.err, "");  // no progress bar: not a terminal
}

TEST(Run, profile_has_every_step) {
  const std::string model = project_model("person_shaped.tflite");
  const json result = run_json({model, "--input", "random:1", "--profile", "--workers", "2"});
  uint64_t macs = 0;
  int16_t last_op = -1;
  for (const json& step : result["profile"]) {
    macs += step["macs"].get<uint64_t>();
    EXPECT_GE(step["op"], last_op);
    last_op = step["op"];
    EXPECT_GE(step["host_seconds"], 0.0);
  }
  EXPECT_EQ(macs, 7157888);
  EXPECT_EQ(last_op, 30);
  const CommandResult text = run_tandem({"run", model, "--input", "random:1", "--profile"});
  EXPECT_THAT(text.out, HasSubstr("DEPTHWISE_CONV_2D"));
  EXPECT_THAT(text.out, ContainsRegex("all +100.0 % +7,157,888  100.0 %"));
}

TEST(Run, arena_of_a_given_size) {
  const std::string model = project_model("person_shaped.tflite");
  const json inspected = json::parse(run_tandem({"inspect", model, "--json"}).out);
  const auto needed = inspected["arena"]["least_arena_bytes"].get<size_t>();
  const auto with = [&](size_t bytes) {
    return run_tandem({"run", model, "--input", "random:1", "--arena", std::to_string(bytes)});
  };
  EXPECT_EQ(with(needed).code, 0);
  EXPECT_EQ(with(needed + 13).code, 0);
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100}, needed / 2, needed - 1}) {
    const CommandResult result = with(bytes);
    EXPECT_EQ(result.code, 1) << bytes;
    EXPECT_THAT(result.err, StartsWith("person_shaped.tflite: needs " + std::to_string(needed) +
                                       " bytes of arena, " + std::to_string(bytes) + " given"));
  }
}

// ---- refusals

TEST(Run, a_model_that_cannot_be_run_names_its_operator) {
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {1}});
  const int32_t y = b.tensor({.name = "y", .shape = {1}});
  b.custom_op("NoSuchOperator", {x}, {y});
  b.inputs({x});
  b.outputs({y});
  const TemporaryFolder folder;
  const CommandResult result =
      run_tandem({"run", folder.add("custom.tflite", b.finish()), "--input", "random:1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("custom.tflite: op 0 \"NoSuchOperator\" \"y\": "));
}

TEST(Run, wrong_usage_has_exit_code_2) {
  const std::string model = project_model("sine_int8.tflite");
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"bogus"},
      {"run"},
      {"run", model, "--bogus"},
      {"run", model, "--input"},
      {"run", model, "--input", "random:1", "--workers", "9"},
      {"run", model, "--input", "random:1", "--workers", "two"},
      {"run", model, "--input", "random:1", "--repeat", "0"},
      {"run", model, "--input", "random:1", "--repeat", "-1"},
      {"run", model, "--input", "random:1", "--top", "0"},
      {"run", model, "--input", "random:1", "--arena", "99999999999999999999"},
      {"run", model, "--input", "random:1", "--arena", "-1"},
      {"run", model, "--input", "random:1", "--fit", "squeeze"},
      {"run", model, "--input", "random:1", "--normalize", "0..2"},
      {"run", model, "--input", "random:1", "--rate", "0"},
  };
  for (const auto& arguments : cases) {
    const CommandResult result = run_tandem(arguments);
    EXPECT_EQ(result.code, 2) << testing::PrintToString(arguments);
    EXPECT_NE(result.err, "") << testing::PrintToString(arguments);
    EXPECT_EQ(result.out, "") << testing::PrintToString(arguments);
  }
}

TEST(Run, help_and_version) {
  EXPECT_THAT(run_tandem({"--version"}).out, ContainsRegex("^tandem [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
  for (const char* command : {"run", "inspect", "conform"}) {
    const CommandResult help = run_tandem({command, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr(std::string("Examples:\n  tandem ") + command));
  }
}

TEST(Run, a_full_disk_is_noticed) {
  const CommandResult result =
      run_tandem_into("/dev/full", {"run", project_model("sine_int8.tflite"), "--input", "random:1"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, StartsWith("tandem: "));
}

// ---- reference data

TEST(Run, person_detect_sees_the_person) {
  const std::string model = (reference_folder() / "models/person_detect.tflite").string();
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "skipped: no reference data";
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, json>> cases = {{"person", {-113, 113}}, {"no_person", {57, -57}}};
  for (const auto& [name, scores] : cases) {
    const std::string bytes = (reference_folder() / "models/images" / (name + ".bmp")).string();
    EXPECT_EQ(run_json({model, "--input", bytes, "--bytes"})["outputs"][0]["raw"], scores) << name;
    // The file holds the tensor's bytes; a camera's picture is grey values, 128 more.
    Image picture = convert_channels(*decode_image(*read_file(bytes)), 1);
    for (uint8_t& pixel : picture.pixels) pixel ^= 0x80;
    const std::string grey = folder.add(name + ".png", encode_image(picture, "png"));
    EXPECT_EQ(run_json({model, "--input", grey})["outputs"][0]["raw"], scores) << name;
  }
}

}  // namespace
}  // namespace tandem::cli
