#pragma once

// Where code lies. The build sets TANDEM_HOT_SECTION on targets that run loops faster from another memory
// than from the one that programs lie in: SRAM instead of flash on an RP2040.
//
// TANDEM_HOT("name") stands before a function, never before a template (GCC drops sections of those). Such a
// function calls nothing that lies elsewhere, the compiler's own library included: no 64-bit product, no
// division.
#ifdef TANDEM_HOT_SECTION
#define TANDEM_HOT(name) __attribute__((noinline, section(TANDEM_HOT_SECTION "." name)))
#else
#define TANDEM_HOT(name)
#endif
