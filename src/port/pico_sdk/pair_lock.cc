#include "hardware/claim.h"
#include "port_sync.h"

namespace tandem::port {

spin_lock_t* pair_lock = nullptr;

void prepare_lock() {
  if (pair_lock != nullptr) return;
  const auto number = static_cast<uint32_t>(spin_lock_claim_unused(true));
  // Both cores may have come this far: the first one's lock is the pair's.
  const uint32_t saved = hw_claim_lock();
  const bool first = pair_lock == nullptr;
  if (first) pair_lock = spin_lock_init(number);
  hw_claim_unlock(saved);
  if (!first) spin_lock_unclaim(number);
}

}  // namespace tandem::port
