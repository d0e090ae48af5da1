@ FULLY_CONNECTED of int8: the loops of fully_connected.cc.
@
@ Maths        sums[i] = Σ_d rows[i][d]·u[d] modulo 2^32, u = x − zero point in [−255, 255].
@ Layout       WeightRows<4> (portable/fully_connected.h): x, four rows, depth, zero point, four sums.
@ Cost         four rows: 22 cycles for an input that is not zero, 7 for one that is, and 2 for four of them:
@              5.6 and 1.9 a MAC; two rows: 14 and 7.
  .syntax unified
  .cpu cortex-m0plus
  .thumb

@ One input. r0-r3 ends of the rows, r4 −(inputs left), r5 end of x, r12 −zero point, r8-r11 sums.
  .macro INPUT rows
  ldrsb r6, [r5, r4]              @ 2
  add r6, r12                     @ 1
  cmp r6, #0                      @ 1
  beq 1f                          @ 1   2 if taken
  ldrsb r7, [r0, r4]              @ 2
  muls r7, r6                     @ 1
  add r8, r7                      @ 1
  .if \rows == 2
  ldrsb r7, [r1, r4]              @ 2
  muls r7, r6                     @ 1
  add r9, r7                      @ 1
  .else
  ldrsb r7, [r1, r4]              @ 2
  muls r7, r6                     @ 1
  add r9, r7                      @ 1
  ldrsb r7, [r2, r4]              @ 2
  muls r7, r6                     @ 1
  add r10, r7                     @ 1
  ldrsb r7, [r3, r4]              @ 2
  muls r7, r6                     @ 1
  add r11, r7                     @ 1
  .endif
1:
  adds r4, #1                     @ 1   two rows: 14; four: 22; sets Z at the end
  .endm

@ void NAME(WeightRows<4>*)
  .macro FUNCTION name, rows
  .section .time_critical.\name, "ax"
  .global \name
  .type \name, %function
  .thumb_func
  .balign 4
\name:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r0, r4-r7}
  ldm r0!, {r1-r7}                @ x, rows, depth, zero point
  rsbs r7, r7, #0
  mov r12, r7
  movs r0, r2
  movs r2, r4
  movs r4, r6
  movs r6, r3
  movs r3, r5
  movs r5, r1
  movs r1, r6
  adds r0, r0, r4
  adds r1, r1, r4
  adds r2, r2, r4
  adds r3, r3, r4
  adds r5, r5, r4
  movs r6, #0
  mov r8, r6
  mov r9, r6
  mov r10, r6
  mov r11, r6
  mov lr, r4
  rsbs r4, r4, #0
  beq .Lend_\name
  @ What is beyond a multiple of four first.
  mov r7, lr
  lsls r7, r7, #30
  beq .Lfours_\name
.Lone_\name:
  INPUT \rows
  lsls r7, r4, #30
  bne .Lone_\name
  cmp r4, #0
  beq .Lend_\name
.Lfours_\name:
  INPUT \rows
  INPUT \rows
  INPUT \rows
  INPUT \rows
  bne .Lfours_\name               @ 2
.Lend_\name:
  ldr r0, [sp]
  adds r0, #28
  mov r1, r8
  mov r2, r9
  mov r3, r10
  mov r4, r11
  stm r0!, {r1-r4}
  pop {r0, r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
  .size \name, . - \name
  .endm

  FUNCTION tandem_fully_connected_two, 2
  FUNCTION tandem_fully_connected_four, 4
