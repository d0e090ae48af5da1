#pragma once
#include <stdint.h>
extern "C" uint64_t time_us_64(void);
