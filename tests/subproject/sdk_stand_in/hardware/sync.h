#pragma once
#include <stdint.h>
// As in the SDK: what may be called from SRAM is inlined always, the rest is a function in flash.
#define ALWAYS static inline __attribute__((always_inline))
typedef volatile uint32_t spin_lock_t;
extern "C" {
ALWAYS void __sev(void) { __asm__ volatile("sev" ::: "memory"); }
ALWAYS void __wfe(void) { __asm__ volatile("wfe" ::: "memory"); }
ALWAYS void __dmb(void) { __asm__ volatile("dmb" ::: "memory"); }
ALWAYS void spin_lock_unsafe_blocking(spin_lock_t* lock) {
  while (!*lock) {
  }
  __dmb();
}
ALWAYS void spin_unlock_unsafe(spin_lock_t* lock) {
  __dmb();
  *lock = 0;
}
int spin_lock_claim_unused(bool required);
spin_lock_t* spin_lock_init(unsigned number);
void spin_lock_unclaim(unsigned number);
}
