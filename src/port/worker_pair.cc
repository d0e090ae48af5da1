#include "port_sync.h"
#include "tandem/cores.h"

// Two cores that share the units of a step: one shared counter under one lock. Used by ports whose
// port_sync.h has lock, unlock, barrier, notify (an event to the other core), wait (for such an event), and
// kStream, which may be empty.
//
// A core helps with a job exactly if it has taken a unit of it, and it says so under the lock in which it
// took the first one. So core 0, when no unit is left, needs to wait only while `helping` is set; whether
// core 1 serves at all is nothing it has to know.
namespace tandem {
namespace {

struct Job {
  uint32_t next = 0;
  uint32_t units = 0;
  Port::Work work = nullptr;
  void* arg = nullptr;
  bool helping = false;
};
// Read without the lock too, in loops that wait.
volatile Job job;

// A core takes so small a share of the units that are left at a time, but one at least: it costs some hundred
// cycles to take some, and at the end nobody shall wait long for the other.
constexpr uint32_t kShare = 8;

}  // namespace

namespace port {

// In SRAM, so that a parked core touches no flash, and may stay parked while the program writes to it.
#define TANDEM_PAIR_CODE(name) __attribute__((section(".time_critical.tandem_" name), noinline))

// Takes units until none is left.
TANDEM_PAIR_CODE("work") void work_on_units(uint32_t worker) {
  for (;;) {
    lock();
    const uint32_t begin = job.next;
    const uint32_t left = job.units - begin;
    const uint32_t taken = left < 2 * kShare ? 1 : left / kShare;
    if (left != 0) {
      job.next = begin + taken;
      if (worker != 0) job.helping = true;
    }
    unlock();
    if (left == 0) break;
    job.work(job.arg, worker, begin, begin + taken);
  }
}

// Until core 1 has finished its last unit.
TANDEM_PAIR_CODE("wait") void wait_for_helper() {
  while (job.helping) wait();
  barrier();
}

TANDEM_PAIR_CODE("for") void parallel_for(void*, uint32_t units, Port::Work work, void* arg) {
  lock();
  job.work = work;
  job.arg = arg;
  job.units = units;
  job.next = 0;
  unlock();
  notify();
  work_on_units(0);
  wait_for_helper();
}

TANDEM_PAIR_CODE("serve") void serve_until(const StopRequest& stop) {
  while (!stop.requested()) {
    if (job.next >= job.units) {
      wait();
      continue;
    }
    work_on_units(1);
    barrier();
    job.helping = false;
    notify();
  }
}

}  // namespace port

void StopRequest::request() {
  __atomic_store_n(&requested_, true, __ATOMIC_RELEASE);
  port::notify();
}

void serve(const StopRequest& stop) {
  port::prepare_lock();
  port::serve_until(stop);
}

namespace {
constexpr auto kTicks = [](void*) { return port::ticks(); };
}  // namespace

// Ports are not constant, so that they lie in SRAM: the step loop reads them in every step.
const Port& two_cores() {
  port::prepare_lock();
  static constinit Port pair{.workers = 2,
                             .parallel_for = port::parallel_for,
                             .ticks = kTicks,
                             .ticks_per_second = port::kTicksPerSecond,
                             .stream = port::kStream};
  return pair;
}

const Port& one_core() {
  static constinit Port single{
      .workers = 1, .ticks = kTicks, .ticks_per_second = port::kTicksPerSecond, .stream = port::kStream};
  return single;
}

}  // namespace tandem
