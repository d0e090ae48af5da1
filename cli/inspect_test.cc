#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "file_bytes.h"
#include "models/model_builder.h"
#include "test_command.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

using models::ModelBuilder;
using nlohmann::json;
using schema::BuiltinOperator;
using schema::TensorType;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

json inspect_json(const std::string& model, int code = 0) {
  const CommandResult result = run_tandem({"inspect", model, "--json"});
  EXPECT_EQ(result.code, code) << result.err;
  return json::parse(result.out);
}

// A chain of `count` RELUs over [1,8] floats.
std::vector<uint8_t> relu_chain(int count) {
  ModelBuilder b;
  int32_t last = b.tensor({.name = "x", .shape = {1, 8}});
  b.inputs({last});
  for (int i = 0; i < count; ++i) {
    const int32_t next = b.tensor({.name = "relu" + std::to_string(i), .shape = {1, 8}});
    b.op(BuiltinOperator::RELU, {last}, {next});
    last = next;
  }
  b.outputs({last});
  return b.finish();
}

// ---- what runs

TEST(Inspect, small_model_as_text) {
  const CommandResult result =
      run_tandem({"inspect", project_model("sine_int8.tflite"), "--tensors", "--arena"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, StartsWith("sine_int8.tflite: "));
  for (const char* part :
       {"input 0   INT8 [1,1], scale ", "output 0  INT8 [1,1], scale ", "FULLY_CONNECTED  dense1/output",
        "INT8 [1,16] -> [1,16]   256        320", "3 operators: 288 multiply-accumulates",
        "INT32  [16]        64  constant", "Arena for 1 worker", "Memory map of the arena"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  EXPECT_THAT(result.out, Not(HasSubstr("annot be run")));
}

TEST(Inspect, arena_map_and_tensors_come_only_when_asked_for) {
  const CommandResult result = run_tandem({"inspect", project_model("sine_int8.tflite")});
  EXPECT_THAT(result.out, Not(HasSubstr("Memory map")));
  EXPECT_THAT(result.out, Not(HasSubstr("quantization")));
}

TEST(Inspect, person_shaped_adds_up) {
  const json model = inspect_json(project_model("person_shaped.tflite"));
  ASSERT_EQ(model["operators"].size(), 31);
  EXPECT_EQ(model["macs"], 7157888);  // the reference network's
  EXPECT_TRUE(model["runs"]);
  EXPECT_TRUE(model["refused"].empty());
  uint64_t macs = 0;
  uint64_t most_alive = 0;
  for (const json& op : model["operators"]) {
    macs += op["macs"].get<uint64_t>();
    most_alive = std::max(most_alive, op["alive_bytes"].get<uint64_t>());
    for (const json& step : op["steps"]) EXPECT_GT(step["units"], 0);
  }
  EXPECT_EQ(macs, model["macs"]);
  const json& arena = model["arena"];
  const auto tensors = arena["tensor_bytes"].get<uint64_t>();
  const auto workspace = arena["workspace_bytes"].get<uint64_t>();
  EXPECT_EQ(arena["arena_bytes"].get<uint64_t>(),
            arena["plan_bytes"].get<uint64_t>() + std::max(tensors, workspace));
  EXPECT_LE(most_alive, tensors);
  EXPECT_LT(arena["arena_bytes_32bit"], arena["arena_bytes"]);
  EXPECT_LE(arena["least_arena_bytes"], arena["arena_bytes"]);
}

TEST(Inspect, places_do_not_overlap_while_both_are_alive) {
  const json model = inspect_json(project_model("person_shaped.tflite"));
  std::vector<json> blocks = model["arena"]["scratch"];
  for (const json& tensor : model["tensors"]) {
    EXPECT_EQ(tensor.contains("arena"), tensor["place"] == "arena" || tensor["place"] == "in place");
    if (!tensor.contains("arena")) continue;
    blocks.push_back(tensor["arena"]);
    blocks.back()["tensor"] = tensor["index"];
    EXPECT_GE(tensor["arena"]["bytes"], tensor["bytes"]);
    EXPECT_GE(tensor["arena"]["offset"], model["arena"]["plan_bytes"]);
    EXPECT_LE(tensor["arena"]["offset"].get<uint64_t>() + tensor["arena"]["bytes"].get<uint64_t>(),
              model["arena"]["plan_bytes"].get<uint64_t>() + model["arena"]["tensor_bytes"].get<uint64_t>());
  }
  ASSERT_GT(blocks.size(), 30);
  const auto apart = [](const json& a, const json& b) {
    return a["last"] < b["first"] || a["offset"].get<uint64_t>() + a["bytes"].get<uint64_t>() <= b["offset"];
  };
  const auto took_over = [](const json& a, const json& b) {
    return a.contains("in_place_of") && a["in_place_of"] == b["tensor"];
  };
  for (size_t i = 0; i < blocks.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      const json &a = blocks[i], &b = blocks[k];
      EXPECT_TRUE(apart(a, b) || apart(b, a) || took_over(a, b) || took_over(b, a)) << a << ' ' << b;
    }
  }
}

TEST(Inspect, a_tensor_written_over_another_is_shown_in_place) {
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {2, 4}});
  const int32_t y = b.tensor({.name = "y", .shape = {8}});
  b.op(BuiltinOperator::RESHAPE, {x}, {y}, schema::ReshapeOptionsT{});
  b.inputs({x});
  b.outputs({y});
  const TemporaryFolder folder;
  const std::string path = folder.add("reshape.tflite", b.finish());
  const json model = inspect_json(path);
  EXPECT_EQ(model["operators"][0]["steps"].size(), 0);
  EXPECT_EQ(model["tensors"][1]["place"], "in place");
  EXPECT_EQ(model["tensors"][1]["arena"]["in_place_of"], 0);
  const CommandResult text = run_tandem({"inspect", path, "--arena", "--tensors"});
  EXPECT_THAT(text.out, HasSubstr("none: in place"));
  EXPECT_THAT(text.out, HasSubstr("tensor 1 y (over 0)"));
  EXPECT_THAT(text.out, HasSubstr("in place of 0, at "));
  EXPECT_THAT(text.out, HasSubstr("##."));
  EXPECT_THAT(text.out, HasSubstr(".=="));
}

TEST(Inspect, bars_of_many_operators_stay_narrow) {
  const TemporaryFolder folder;
  const CommandResult result =
      run_tandem({"inspect", folder.add("chain.tflite", relu_chain(500)), "--arena"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("A column is 8 operators"));
  const std::string map = result.out.substr(result.out.find("Memory map"));
  size_t longest = 0;
  for (size_t at = 0; at < map.size();) {
    const size_t end = map.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LT(longest, 130);
}

TEST(Inspect, workers_need_scratch_each) {
  const json one = inspect_json(project_model("person_shaped.tflite"));
  const CommandResult result =
      run_tandem({"inspect", project_model("person_shaped.tflite"), "--json", "--workers", "4"});
  const json four = json::parse(result.out);
  EXPECT_EQ(four["arena"]["workers"], 4);
  EXPECT_GE(four["arena"]["tensor_bytes"], one["arena"]["tensor_bytes"]);
}

TEST(Inspect, metadata_and_description_are_mentioned) {
  ModelBuilder b("what it is");
  const int32_t x = b.tensor({.name = "x", .shape = {1}});
  b.inputs({x});
  b.outputs({x});
  b.metadata("min_runtime_version", std::vector<uint8_t>(16, '1'));
  const TemporaryFolder folder;
  const CommandResult result = run_tandem({"inspect", folder.add("m.tflite", b.finish())});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"what it is\""));
  EXPECT_THAT(result.out, HasSubstr("metadata  \"min_runtime_version\", 16 bytes"));
  EXPECT_THAT(result.out, HasSubstr("0 operators"));
}

TEST(Inspect, names_cannot_steer_the_terminal) {
  ModelBuilder b("\x1b[2J");
  const int32_t x = b.tensor({.name = "a\x1b[31mb\xff", .shape = {1}});
  const int32_t y = b.tensor({.name = "c\nd", .shape = {1}});
  b.custom_op("\x1b]0;x", {x}, {y});
  b.inputs({x});
  b.outputs({y});
  const TemporaryFolder folder;
  const std::string path = folder.add("names.tflite", b.finish());
  const CommandResult text = run_tandem({"inspect", path, "--tensors"});
  EXPECT_THAT(text.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text.err, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text.out, HasSubstr("c?d"));
  EXPECT_EQ(inspect_json(path, 1)["tensors"][1]["name"], "c\nd");
}

// ---- what does not

TEST(Inspect, every_operator_that_cannot_be_run_is_listed) {
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .type = TensorType::UINT8, .shape = {1, 4}});
  std::vector<int32_t> y;
  for (int i = 0; i < 5; ++i) {
    y.push_back(b.tensor({.name = "y" + std::to_string(i), .type = TensorType::UINT8, .shape = {1, 4}}));
  }
  b.custom_op("NoSuchOperator", {x}, {y[0]});
  b.op(BuiltinOperator::RESHAPE, {y[0]}, {y[1]}, schema::ReshapeOptionsT{});
  b.custom_op("NoSuchOperator", {y[1]}, {y[2]});
  b.op(BuiltinOperator::SOFTMAX, {y[2]}, {y[3]}, schema::SoftmaxOptionsT{});
  b.custom_op("AnotherOne", {y[3]}, {y[4]});
  b.inputs({x});
  b.outputs({y[4]});
  const TemporaryFolder folder;
  const std::string path = folder.add("refused.tflite", b.finish());

  const CommandResult text = run_tandem({"inspect", path, "--arena", "--tensors"});
  EXPECT_EQ(text.code, 1);
  EXPECT_EQ(text.err, "refused.tflite: 4 operators cannot be run: AnotherOne, NoSuchOperator, SOFTMAX\n");
  EXPECT_THAT(text.out, HasSubstr("2 x NoSuchOperator: operator is not supported (op 0, 2)"));
  EXPECT_THAT(text.out, HasSubstr("1 x SOFTMAX: input 0 has type UINT8"));
  EXPECT_THAT(text.out, HasSubstr("1 x AnotherOne: operator is not supported (op 4)"));
  EXPECT_THAT(text.out, HasSubstr("RESHAPE"));

  const json model = inspect_json(path, 1);
  EXPECT_FALSE(model["runs"]);
  EXPECT_FALSE(model.contains("arena"));
  ASSERT_EQ(model["refused"].size(), 3);
  EXPECT_EQ(model["refused"][0]["count"], 2);
  EXPECT_THAT(model["operators"][3]["refused"].get<std::string>(), StartsWith("op 3 SOFTMAX \"y3\": "));
  EXPECT_FALSE(model["operators"][1].contains("refused"));
}

// A model that calls subgraph 1 once, and subgraph 2 never.
std::vector<uint8_t> calling_model(const std::function<void(ModelBuilder&)>& called) {
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {1}});
  schema::CallOnceOptionsT options;
  options.init_subgraph_index = 1;
  b.op(BuiltinOperator::CALL_ONCE, {}, {}, options);
  b.inputs({x});
  b.outputs({x});
  b.add_subgraph("called");
  called(b);
  b.add_subgraph("idle");
  const int32_t in = b.tensor({.name = "in", .shape = {1}});
  const int32_t out = b.tensor({.name = "out", .shape = {1}});
  b.custom_op("NobodyCares", {in}, {out});
  b.inputs({in});
  b.outputs({out});
  return b.finish();
}

TEST(Inspect, called_subgraphs_are_shown_and_others_mentioned) {
  const TemporaryFolder folder;
  const std::string path = folder.add(
      "calls.tflite", calling_model([](ModelBuilder& b) {
        const int32_t one = b.constant({.name = "one", .shape = {6}}, {1.F, 2.F, 3.F, 4.F, 5.F, 6.F});
        const int32_t sum = b.tensor({.name = "sum", .shape = {6}});
        b.op(BuiltinOperator::ADD, {one, one}, {sum}, schema::AddOptionsT{});
      }));
  const CommandResult text = run_tandem({"inspect", path, "--arena"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("subgraph 1 \"called\": 1 operator (ADD), 2 tensors\n"));
  EXPECT_THAT(text.out, HasSubstr("subgraph 2 \"idle\": 1 operator (NobodyCares), 2 tensors, never called"));
  EXPECT_THAT(text.out, HasSubstr("Subgraph 1 \"called\""));
  EXPECT_THAT(text.out, HasSubstr("add_f32__ref"));
  EXPECT_THAT(text.out, HasSubstr("24  of them shared by the tensors of called subgraphs"));
  EXPECT_THAT(text.out, HasSubstr("called subgraphs"));

  const json model = inspect_json(path);
  EXPECT_EQ(model["arena"]["called_bytes"], 24);
  EXPECT_EQ(model["subgraphs"][1]["ops"][0]["operator"], "ADD");
  EXPECT_TRUE(model["subgraphs"][1]["called"]);
  EXPECT_FALSE(model["subgraphs"][2]["called"]);
}

TEST(Inspect, called_subgraphs_are_searched) {
  const TemporaryFolder folder;
  const std::string path = folder.add("calls.tflite", calling_model([](ModelBuilder& b) {
                                        const int32_t in = b.constant({.name = "in", .shape = {1}}, {1.F});
                                        const int32_t out = b.tensor({.name = "out", .shape = {1}});
                                        b.custom_op("NoSuchOperator", {in}, {out});
                                      }));
  const CommandResult result = run_tandem({"inspect", path});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("1 operator cannot be run: NoSuchOperator"));
  EXPECT_THAT(result.out, HasSubstr("(op 0 of subgraph 1)"));
}

TEST(Inspect, graph_out_of_order_is_still_shown) {
  ModelBuilder b;
  const int32_t x = b.tensor({.name = "x", .shape = {1, 4}});
  const int32_t a = b.tensor({.name = "a", .shape = {1, 4}});
  const int32_t y = b.tensor({.name = "y", .shape = {1, 4}});
  b.op(BuiltinOperator::SOFTMAX, {a}, {y}, schema::SoftmaxOptionsT{});
  b.op(BuiltinOperator::SOFTMAX, {y}, {a}, schema::SoftmaxOptionsT{});
  b.inputs({x});
  b.outputs({y});
  const TemporaryFolder folder;
  const std::string path = folder.add("cycle.tflite", b.finish());
  const CommandResult result = run_tandem({"inspect", path, "--arena", "--tensors"});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err,
              StartsWith("cycle.tflite: op 0 SOFTMAX \"y\": tensor 1 is read before any operator"));
  EXPECT_THAT(result.out, HasSubstr("SOFTMAX   a"));
  EXPECT_TRUE(inspect_json(path, 1).contains("refused_graph"));
}

TEST(Inspect, what_is_no_model_is_refused_with_a_sentence) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, const char*>> cases = {
      {(folder.path() / "none.tflite").string(), "no such file"},
      {folder.path().string(), "is a folder"},
      {folder.add("empty.tflite", ""), "the file has 0 bytes"},
      {folder.add("text.tflite", "This is not a model."), "identifier TFL3 is missing"},
  };
  for (const auto& [path, sentence] : cases) {
    const CommandResult result = run_tandem({"inspect", path});
    EXPECT_EQ(result.code, 1) << path;
    EXPECT_EQ(result.out, "") << path;
    EXPECT_THAT(result.err, HasSubstr(sentence)) << path;
  }
}

TEST(Inspect, cut_files_are_refused_or_shown_never_worse) {
  const TemporaryFolder folder;
  const Outcome<std::vector<uint8_t>> whole = read_file(project_model("sine_int8.tflite"));
  ASSERT_TRUE(whole.ok());
  for (size_t size = 0; size < whole->size(); size += 97) {
    const std::string path = folder.add("cut.tflite", std::span(*whole).first(size));
    const CommandResult result = run_tandem({"inspect", path, "--arena", "--tensors"});
    EXPECT_TRUE(result.code == 0 || (result.code == 1 && !result.err.empty())) << size << ' ' << result.code;
  }
}

TEST(Inspect, wrong_usage_has_exit_code_2) {
  const std::vector<std::vector<std::string>> cases = {
      {"inspect"}, {"inspect", "a", "b"}, {"inspect", "a", "--bogus"}, {"inspect", "a", "--workers", "0"}};
  for (const auto& arguments : cases)
    EXPECT_EQ(run_tandem(arguments).code, 2) << testing::PrintToString(arguments);
}

}  // namespace
}  // namespace tandem::cli
