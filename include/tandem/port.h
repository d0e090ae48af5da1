#pragma once

#include <cstdint>

namespace tandem {

/// Everything the runtime asks of a machine. A port is a struct of functions, made once; the default is one
/// worker, no clock.
struct Port {
  /// Work on units [begin, end) of a step, as worker `worker`.
  using Work = void (*)(void* arg, uint32_t worker, uint32_t begin, uint32_t end);

  static constexpr uint32_t kMaxWorkers = 8;

  uint32_t workers = 1;  ///< cores or threads that take part, 1 to kMaxWorkers
  void* context = nullptr;
  /// Has all workers take units from a shared counter until `units` are done, and returns when they are.
  /// Memory written by any of them is then visible to the caller. Not called when workers is 1.
  void (*parallel_for)(void* context, uint32_t units, Work work, void* arg) = nullptr;
  /// A free-running clock; null where there is none.
  uint64_t (*ticks)(void* context) = nullptr;
  uint32_t ticks_per_second = 0;

  /// Copies that run beside the workers, one at a time: constants of the model on their way from slow memory
  /// to the arena, ahead of need. Null where there are none; kernels then read constants where they lie.
  struct Stream {
    uintptr_t reach_begin = 0;  ///< addresses that may be copied from: [reach_begin, reach_end)
    uintptr_t reach_end = 0;
    /// Starts a copy; none is running. Both places are 4-aligned, and the destination has room for `bytes`
    /// rounded up to 4.
    void (*start)(void* context, void* destination, const void* source, uint32_t bytes) = nullptr;
    /// Whether the copy that was started last has ended, so that all workers see it; `wait` until then.
    bool (*ended)(void* context, bool wait) = nullptr;
    /// How many bytes of the copy that was started last may not have arrived yet, so that the worker that
    /// asks sees those before them; any worker may ask. Null: that is not known before the end.
    uint32_t (*left)(void* context) = nullptr;
  };
  Stream stream;
};

}  // namespace tandem
