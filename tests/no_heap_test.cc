// The library takes no memory but what it is given: every allocation between arm() and disarm() is counted,
// whoever makes it (operator new here, malloc and its family through the linker's --wrap).
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "run_model.h"

namespace {

bool armed = false;
unsigned allocations = 0;

void count() {
  if (armed) ++allocations;
}

}  // namespace

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* memory, size_t size);
void* __wrap_malloc(size_t size) {
  count();
  return __real_malloc(size);
}
void* __wrap_calloc(size_t number, size_t size) {
  count();
  return __real_calloc(number, size);
}
void* __wrap_realloc(void* memory, size_t size) {
  count();
  return __real_realloc(memory, size);
}
}

void* operator new(size_t size) {
  count();
  if (void* memory = __real_malloc(size)) return memory;
  throw std::bad_alloc();
}
// Not inlined: g++ would take the pair for a mismatch.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace tandem {
namespace {

alignas(16) uint8_t arena[512 * 1024];
alignas(16) uint8_t workspace[64 * 1024];

void run_counted(const std::string& path) {
  const std::vector<uint8_t> tflite = test::read_file(path);
  ASSERT_FALSE(tflite.empty());
  char text[256];
  Interpreter interpreter;
  armed = true;
  const Result<Model> model = Model::load(tflite);
  const Result<ArenaNeed> need = arena_need(*model, all_ops(), workspace);
  const Status too_small = interpreter.prepare(*model, all_ops(), std::span(arena).first(64));
  const size_t described = describe(too_small, &*model, text);
  const Status prepared = interpreter.prepare(*model, all_ops(), arena);
  if (!prepared.ok()) (void)describe(prepared, &*model, text);
  const Outcome outcome = interpreter.invoke();
  interpreter.reset_variables();
  armed = false;
  EXPECT_TRUE(model.ok() && need.ok() && prepared.ok() && outcome.ok()) << path << ": " << text;
  EXPECT_FALSE(too_small.ok());
  EXPECT_GT(described, 0U);
  EXPECT_EQ(allocations, 0U) << path;
}

TEST(NoHeap, TheCounterCounts) {
  armed = true;
  ::operator delete(::operator new(1));
  void* volatile memory = std::malloc(1);  // volatile: or the compiler leaves out both calls
  std::free(memory);
  armed = false;
  EXPECT_EQ(allocations, 2U);
  allocations = 0;
}

TEST(NoHeap, LoadPlanRunDescribe) {
  for (const char* model : {"sine_int8", "sine_float", "person_shaped"}) {
    run_counted(std::string(TANDEM_MODELS "/") + model + ".tflite");
  }
}

TEST(NoHeap, ReferenceModels) {
  const std::string shared = test::reference_data();
  if (shared.empty()) GTEST_SKIP() << "skipped: no reference data";
  for (const char* model : {"person_detect", "keyword_scrambled", "pretrainedResnet_quant", "vww_96_float"}) {
    run_counted(shared + "/models/" + model + ".tflite");
  }
}

}  // namespace
}  // namespace tandem
