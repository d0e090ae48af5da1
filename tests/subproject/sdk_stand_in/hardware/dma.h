#pragma once
#define PICO_RP2040 1
#define XIP_MAIN_BASE 0x10000000u
#define XIP_CTRL_BASE 0x14000000u
extern "C" int dma_claim_unused_channel(bool required);
