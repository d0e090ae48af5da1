#pragma once
extern "C" {
void multicore_launch_core1(void (*entry)(void));
void multicore_reset_core1(void);
void multicore_lockout_victim_init(void);
}
