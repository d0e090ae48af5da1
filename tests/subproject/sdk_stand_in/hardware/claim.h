#pragma once
#include <stdint.h>
extern "C" {
uint32_t hw_claim_lock(void);
void hw_claim_unlock(uint32_t saved);
}
