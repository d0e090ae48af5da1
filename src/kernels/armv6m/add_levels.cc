#include <cstddef>

#include "base/placement.h"
#include "kernels/portable/add_levels.h"

// ADD and SUB of int8 by tables of levels. The loop is in add_levels.S.
namespace tandem {

extern "C" {
void tandem_add_s8_levels(const portable::LevelRun* run);
int32_t tandem_add_s8_exact(const AddParams& p, int8_t a, int8_t b);
}
static_assert(offsetof(portable::LevelRun, slack) == 24 && offsetof(portable::LevelRun, exact) == 40);

TANDEM_HOT("add_s8_exact")
int32_t tandem_add_s8_exact(const AddParams& p, int8_t a, int8_t b) { return portable::exact_sum(p, a, b); }

namespace {

KernelResult add_by_levels(const AddParams& p, const Task& task) {
  return portable::add_by_levels(p, task, [](const portable::LevelRun& run) {
    if (run.a_stride + run.b_stride == 2) {
      tandem_add_s8_levels(&run);
    } else {
      portable::add_levels(run, tandem_add_s8_exact);
    }
  });
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(add_s8__armv6m_levels, AddParams, add_by_levels)

}  // namespace tandem
