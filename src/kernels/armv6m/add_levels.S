@ ADD and SUB of int8 by tables of levels: the loop of add_levels.cc.
@
@ Maths        out[i] = level of p = a_table[a[i]] + b_table[b[i]]: min where p < 0, max from limit on, else
@              p >> 20 and min, unless p's lower 20 bits are below the slack; then what the exact function says.
@ Layout       LevelRun (portable/add_levels.h); strides of 1.
@ Cost         25 cycles an output in range, 19 one below it, 21 one above.
#include "registers.inc"
  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ kExact, 40

@ void tandem_add_s8_levels(const LevelRun*)
@ r0, r1 ends of a and b; r2 -(outputs left); r3, r4 tables; r7 end of out; r8 slack; r9 min; r10 limit; r11 max
  .section .time_critical.tandem_add_s8_levels, "ax"
  .global tandem_add_s8_levels
  .type tandem_add_s8_levels, %function
  .thumb_func
  .balign 4
tandem_add_s8_levels:
  save_registers
  push {r0}                       @ of .Lask; with the nine saved words it keeps SP 8-aligned
  movs r7, r0
  adds r7, #24
  ldm r7!, {r3-r6}                @ slack, limit, min, max
  mov r8, r3
  mov r10, r4
  mov r9, r5
  mov r11, r6
  ldm r0!, {r1, r2, r5, r6}       @ a, b, out, count
  ldm r0!, {r3, r4}               @ tables
  adds r0, r1, r6
  adds r1, r2, r6
  adds r7, r5, r6
  rsbs r2, r6, #0
  b .Lnext
.Lbelow:
  mov r5, r9                      @ 1
  strb r5, [r7, r2]               @ 2
  adds r2, #1                     @ 1
  beq .Lend                       @ 1   19 with what is before
.Lnext:
  ldrb r5, [r0, r2]               @ 2
  lsls r5, r5, #2                 @ 1
  ldr r5, [r3, r5]                @ 2
  ldrb r6, [r1, r2]               @ 2
  lsls r6, r6, #2                 @ 1
  ldr r6, [r4, r6]                @ 2
  adds r5, r5, r6                 @ 1
  bmi .Lbelow                     @ 1   2 if taken
  cmp r5, r10                     @ 1
  bge .Labove                     @ 1
  lsls r6, r5, #12                @ 1
  cmp r6, r8                      @ 1
  blo .Lask                       @ 1
  lsrs r5, r5, #20                @ 1
  add r5, r9                      @ 1
.Lstore:
  strb r5, [r7, r2]               @ 2
  adds r2, #1                     @ 1
  bne .Lnext                      @ 2   25
.Lend:
  pop {r0}
  restore_registers_and_return
.Labove:
  mov r5, r11
  b .Lstore
.Lask:
  push {r0-r3}
  ldr r3, [sp, #16]
  ldrsb r6, [r1, r2]
  ldrsb r1, [r0, r2]
  movs r2, r6
  ldr r0, [r3, #kExact]
  bl tandem_add_s8_exact
  movs r5, r0
  pop {r0-r3}
  b .Lstore
  .size tandem_add_s8_levels, . - tandem_add_s8_levels
