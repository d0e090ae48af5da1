#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <ostream>
#include <vector>

#include "core.h"
#include "observer.h"
#include "sim_functions.h"
#include "sim_profile.h"

namespace tandem::cli {

/// Function calls, exceptions and sleep of both cores and the DMA's transfers, as nested slices of time.
/// Calls are told from jumps by the link register; a function that calls itself is one slice. Memory is
/// bounded: when a track is full, its shortest slices go, and ones as short aren't kept from then on; the
/// time still shows in the slices around them.
class Trace final : public sim::Observer {
 public:
  struct Slice {
    enum class Kind : uint8_t { kFunction, kSleep, kException, kDma };
    Kind kind = Kind::kFunction;
    uint32_t what = 0;  ///< function, exception's number, or DMA channel
    sim::Cycles start = 0, end = 0;
    sim::StallCycles stalls{};  ///< in the slice, callees included
    uint32_t transfers = 0;     ///< of DMA
  };
  /// The value of the link register of `core`.
  using LinkRegister = std::function<uint32_t(int core)>;

  Trace(FunctionIndex& functions, LinkRegister link_register, size_t max_slices = kDefaultSlices)
      : functions_(functions), link_register_(std::move(link_register)), max_slices_(max_slices) {}

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;
  void on_exception(int core, unsigned number, bool entry, sim::Cycles now) override;
  void on_sleep(int core, uint32_t pc, sim::Cycles start, sim::Cycles end) override;
  void on_reset(int core, sim::Cycles now) override;
  void on_dma(unsigned channel, sim::Cycles start, sim::Cycles end, uint32_t transfers) override;

  /// Closes what is still open. Call once, at the end.
  void finish();

  enum Track : uint8_t { kCore0, kCore1, kDma };
  const std::vector<Slice>& slices(Track track) const { return tracks_[track].slices; }
  /// Slices that found no room.
  uint64_t dropped(Track track) const { return tracks_[track].dropped; }

  /// Chrome's JSON trace format, which Perfetto reads. Times are cycles at `clock_hz`, in microseconds.
  void write(std::ostream& out, uint64_t clock_hz, const Marks* marks) const;

 private:
  static constexpr size_t kDefaultSlices = 100'000;  // of each track: about 60 MB of JSON when all are full
  static constexpr size_t kMaxDepth = 128;           // of calls: stacks that are switched would never end

  static constexpr uint32_t kNoFunction = ~0u;
  static constexpr uint32_t kNoCall = ~0u;  // an address that no link register points behind

  struct Frame {
    Slice slice;           ///< stalls: of the core when it began
    size_t outer = 0;      ///< of an exception: the base of what it interrupted
    uint32_t last_pc = 0;  ///< of an exception: before it
  };
  struct PerCore {
    std::vector<Frame> stack;
    size_t base = 0;  ///< frames below belong to what an exception interrupted
    uint32_t last_pc = 0;
    uint32_t last_function = kNoFunction;
    bool leaving = false;  ///< the exception that the stack's base belongs to
    sim::Cycles now = 0;
    sim::StallCycles stalls{};
  };
  struct Keep {
    std::vector<Slice> slices;
    sim::Cycles shortest = 0;
    uint64_t dropped = 0;
  };

  void enter(PerCore& core, uint32_t function, sim::Cycles start, uint32_t link);
  void push(PerCore& core, Slice::Kind kind, uint32_t what, sim::Cycles start);
  void pop(PerCore& core, sim::Cycles end);
  void close(PerCore& core);
  void leave_exception(PerCore& core);
  void keep(Track track, const Slice& slice);
  Track track_of(const PerCore& core) const { return &core == &cores_[0] ? kCore0 : kCore1; }

  FunctionIndex& functions_;
  LinkRegister link_register_;
  size_t max_slices_;
  std::array<PerCore, 2> cores_;
  std::array<Keep, 3> tracks_;
};

}  // namespace tandem::cli
