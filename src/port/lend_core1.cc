#include "port_sync.h"
#include "tandem/cores.h"

// Core 1 for programs that have no other use for it. Used by ports whose port_sync.h has, besides what
// worker_pair.cc needs, start_core1, stop_core1 and prepare_core1.
namespace tandem {
namespace {

StopRequest stop;
volatile bool lent = false;
// Core 1 holds no lock any more: resetting it is safe.
volatile bool left = false;

void serve_until_taken_back() {
  port::prepare_core1();
  serve(stop);
  left = true;
  port::notify();
}

}  // namespace

void lend_core1() {
  if (lent) return;
  stop.clear();
  left = false;
  port::start_core1(serve_until_taken_back);
  lent = true;
}

void take_core1_back() {
  if (!lent) return;
  stop.request();
  while (!left) port::wait();
  port::stop_core1();
  lent = false;
}

}  // namespace tandem
