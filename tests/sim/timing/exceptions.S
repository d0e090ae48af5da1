@ Exceptions. Vector, frame and code lie in SRAM: no wait states.
@
@ [M0+ 3.6] gives the interrupt latency: 15 cycles from the interrupt to its handler's first instruction. Nothing
@ gives the return: it reads the frame's 8 words at one a cycle and then branches, so 1 + 8 and a branch's 2 at least;
@ the entry's 15 for the same words and a vector is an upper bound.
#define HANDLER handler
#include "measure.inc"
  .equ ICSR, 0xe000ed04
  .equ PENDSV, 1 << 28
  .equ ENTRY, 15
  .equ LEAST_RETURN, 1 + 8 + 2
  .equ MOST_RETURN, 15

  .text
handler:                          @ r4, r5 are not in the frame: the case has them afterwards
  ldr r4, [r7]
  ldr r5, [r7]
  bx lr

@ From the end of STR, which pends it, to the handler's LDR: the sum is STR's 2 and the latency. The interrupt may be
@ seen in STR's last cycle already: one less.
  .macro PEND register, value
  ldr r0, =\register
  ldr r1, =\value
  START
  str r1, [r0]
  nop
  nop
  .endm
CASE "PendSV, store to handler", 2 + ENTRY - 1, 2 + ENTRY
  PEND ICSR, PENDSV
  subs r0, r6, r4
  subs r0, #2
  END
@ From the handler's second LDR: LDR 2 (taken off), BX 2 and the return; 1 and 1 of the NOPs if they weren't done yet.
CASE "PendSV, bx lr and return", 2 + LEAST_RETURN, 2 + MOST_RETURN + 2
  PEND ICSR, PENDSV
  mov r6, r5
  STOP
  subs r0, #1                     @ the MOV
  END
  .macro IRQ26                    @ no device has it
  ldr r0, =0xe000e100             @ ISER
  ldr r1, =1 << 26
  str r1, [r0]
  .endm
CASE "interrupt, store to handler", 2 + ENTRY - 1, 2 + ENTRY
  IRQ26
  PEND 0xe000e200, 1 << 26        @ ISPR
  subs r0, r6, r4
  subs r0, #2
  END
@ STR 2, entry, LDR 2, LDR 2, BX 2, return, NOP, NOP
CASE "interrupt, all of it", 2 + ENTRY - 1 + 6 + LEAST_RETURN + 2, 2 + ENTRY + 6 + MOST_RETURN + 2
  IRQ26
  PEND 0xe000e200, 1 << 26
  STOP
  END
@ Masked: as if it weren't there. CPSIE then lets it in before the next instruction.
CASE "interrupt, masked", 2 + 1 + 1
  IRQ26
  cpsid i
  PEND 0xe000e200, 1 << 26
  STOP
  cpsie i
  END
