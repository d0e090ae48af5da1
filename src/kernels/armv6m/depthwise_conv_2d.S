@ DEPTHWISE_CONV_2D of int8, 3x3, two output rows in the lanes of one word: the loops of depthwise_conv_2d.cc.
@
@ Maths        A word of a plane is x_p + 2^16·x_q modulo 2^32, inputs under output rows y and y + lane; outside of the
@              input x is the zero point. Times a weight and summed over some taps that is T = A + 2^16·B with
@              |A|, |B| < 2^15 (established while planning), so B = (T >> 16, arithmetic) + (A < 0), and A < 0 is the bit
@              that the shift loses last: the carry. Then Σ B is the sum for q, and Σ T - (Σ B << 16) that for p.
@ Weights      lie on the stack as words. A product destroys one of its factors: in the order here each is destroyed
@              by its last use, so two columns' six products of a row of taps need no copies.
@ Requantization level_requantization.h. p is kept, not x: where the exact function is asked it divides.
#include "registers.inc"

  .syntax unified
  .cpu cortex-m0plus
  .thumb

@ The frame: an output channel's nine weights and LevelChannel, where its next output goes, then struct Channels
@ (depthwise_conv_2d.cc).
  .equ WEIGHTS, 0
  .equ OFFSET, 36
  .equ LIMIT, 40
  .equ SCALE, 44
  .equ OUT, 48
  .equ LANE, 52
  .equ SLACK, 56
  .equ PIXEL, 60
  .equ END, 64
  .equ FULL_END, 68
  .equ ROWS, 72
  .equ PLANE_STEP, 76
  .equ OUT_STEP, 80
  .equ MAX, 84
  .equ EXACT, 88
  .equ CHANNELS_LEFT, 92
  .equ GROUPS_LEFT, 96
  .equ NEXT_IN, 100
  .equ NEXT_OUT, 104
  .equ NEXT_WEIGHTS, 108
  .equ NEXT_LEVEL, 112
  .equ NEXT_LOOP, 116
  .equ NEXT_SLACK, 120
  .equ WEIGHTS_STRIDE, 124
  .equ ZERO_POINT, 128
  .equ PLANE, 132
  .equ PAIRS, 136                 @ END to OUT_STEP of loops of two columns
  .equ SINGLES, 156               @ and of one
  .equ GATHER, 176
  .equ GROUPS, 180
  .equ FUNCTIONS, 184
  .equ LAST_PAIRS, 188            @ of rows in the last of an odd number of columns; 0: it is done with the others
  .equ LAST_PLANE, 192
  .equ LAST_OUT, 196              @ bytes from the first column's output
  .equ OUT_ROW, 200
  .equ PLANE_BACK, 204            @ before the last of an odd number of rows: bytes to the row before
  .equ OUT_BACK, 208
  .equ LOOP, 212
  .equ FRAME, 220                 @ with a word that keeps SP 8-aligned
  .equ CHANNELS_WORDS, 40
  .equ ONE_COLUMN, 4              @ DepthwiseLoop::kFiveSums

  sa0 .req r8
  sa1 .req r9
  sa2 .req r10
  sb0 .req r11
  sb1 .req r12
  sb2 .req lr
  @ One column: five sums.
  sc0 .req r8
  sc1 .req r9
  sc2 .req r10
  sc3 .req r11
  sc4 .req r12

@ \x to sum \g of column \c: MOV for the first product of a sum.
  .macro ACCUMULATE c, g, x
  .if started_\c\g
  add s\c\g, \x
  .else
  mov s\c\g, \x
  .set started_\c\g, 1
  .endif
  .endm

@ A row of three taps, two columns. 22 cycles for six products of two.
  .macro TAPS1 row, g0, g1, g2
  ldm r7!, {r0-r3}                @ 5   columns x … x + 3
  add r4, sp, #WEIGHTS + 12 * \row @ 1
  ldm r4, {r4-r6}                 @ 4
  muls r0, r4                     @ 1
  ACCUMULATE a, \g0, r0           @ 1
  muls r4, r1                     @ 1
  ACCUMULATE b, \g0, r4           @ 1
  muls r1, r5                     @ 1
  ACCUMULATE a, \g1, r1           @ 1
  muls r5, r2                     @ 1
  ACCUMULATE b, \g1, r5           @ 1
  muls r2, r6                     @ 1
  ACCUMULATE a, \g2, r2           @ 1
  muls r6, r3                     @ 1
  ACCUMULATE b, \g2, r6           @ 1   22
  .endm

@ The same for stride 2: five columns. 24 cycles.
  .macro TAPS2 row, g0, g1, g2
  ldm r7!, {r0-r4}                @ 6   columns 2x … 2x + 4
  ldr r5, [sp, #WEIGHTS + 12 * \row] @ 2
  muls r0, r5                     @ 1
  ACCUMULATE a, \g0, r0           @ 1
  muls r5, r2                     @ 1
  ACCUMULATE b, \g0, r5           @ 1
  add r5, sp, #WEIGHTS + 12 * \row + 4 @ 1
  ldm r5, {r5, r6}                @ 3
  muls r1, r5                     @ 1
  ACCUMULATE a, \g1, r1           @ 1
  muls r5, r3                     @ 1
  ACCUMULATE b, \g1, r5           @ 1
  muls r2, r6                     @ 1
  ACCUMULATE a, \g2, r2           @ 1
  muls r6, r4                     @ 1
  ACCUMULATE b, \g2, r6           @ 1   24
  .endm

@ One column, either stride. 15 cycles.
  .macro TAPS_ALONE row, g0, g1, g2
  ldm r7!, {r0-r2}                @ 4
  add r4, sp, #WEIGHTS + 12 * \row @ 1
  ldm r4, {r4-r6}                 @ 4
  muls r0, r4                     @ 1
  ACCUMULATE c, \g0, r0           @ 1
  muls r1, r5                     @ 1
  ACCUMULATE c, \g1, r1           @ 1
  muls r2, r6                     @ 1
  ACCUMULATE c, \g2, r2           @ 1   15
  .endm

@ The \sums sums of column \c -> r0: p's, r1: q's. Changes r2. 4 a sum and 2.
  .macro RESOLVE c, sums
  mov r0, s\c\()0                 @ 1
  asrs r2, r0, #16                @ 1
  movs r1, #0                     @ 1   leaves the carry
  adcs r1, r2                     @ 1
  .irp g, 1, 2, 3, 4
  .if \g < \sums
  mov r2, s\c\g                   @ 1
  adds r0, r0, r2                 @ 1
  asrs r2, r2, #16                @ 1
  adcs r1, r2                     @ 1
  .endif
  .endr
  lsls r2, r1, #16                @ 1
  subs r0, r0, r2                 @ 1
  .endm

@ The output of sum \x -> [r6], q's: [r6 + r7]. r3 offset, r4 limit, r5 scale, r10 slack << 8. Below level 0 the output stays
@ what it was filled with. 12, and 3 where nothing is stored.
  .macro LEVEL name, x, is_q
  adds \x, \x, r3                 @ 1
  bmi .Lskip_\name                @ 1
  cmp \x, r4                      @ 1
  bhs .Lmax_\name                 @ 1
  muls \x, r5                     @ 1
  lsls r2, \x, #8                 @ 1
  cmp r2, r10                     @ 1
  blo .Lexact_\name               @ 1
  lsrs \x, \x, #24                @ 1
  subs \x, #128                   @ 1
.Lstore_\name:
  .if \is_q
  strb \x, [r6, r7]               @ 2   12
  .else
  strb \x, [r6]                   @ 2   12
  .endif
.Lskip_\name:
  .endm

  .macro LEVEL_SELDOM name, x
.Lmax_\name:
  ldr \x, [sp, #MAX]
  b .Lstore_\name
.Lexact_\name:
  movs r2, \x
  mov r9, lr
  bl ask
  mov lr, r9
  movs \x, r2
  b .Lstore_\name
  .endm

  .macro NEXT_PIXEL sums
  .if \sums == 2
  add r6, lr                      @ 1
  .else
  ldr r2, [sp, #PIXEL]            @ 2
  adds r6, r6, r2                 @ 1
  .endif
  .endm

@ All rows of a tile, one output channel, whose part of the frame is made; r7 the plane. Ends in output_done.
  .macro LOOP name, stride, columns, sums, g00, g01, g02, g10, g11, g12, g20, g21, g22
  .type \name, %function
  .thumb_func
  .balign 4
\name:
  .if \sums == 2
  ldr r0, [sp, #SLACK]
  mov r10, r0
  ldr r0, [sp, #PIXEL]
  mov lr, r0
  .endif
.Lnext_\name:
  .irpc c, abc
  .irpc g, 01234
  .set started_\c\g, 0
  .endr
  .endr
  .if \columns == 1
  .set read, 12
  .set pitch, 116 + 4 * \stride
  TAPS_ALONE 0, \g00, \g01, \g02
  adds r7, #pitch - read
  TAPS_ALONE 1, \g10, \g11, \g12
  adds r7, #pitch - read
  TAPS_ALONE 2, \g20, \g21, \g22
  subs r7, #2 * pitch + read - 4 * \stride
  .else
  .if \stride == 1
  TAPS1 0, \g00, \g01, \g02       @ 22
  adds r7, #104                   @ 1
  TAPS1 1, \g10, \g11, \g12       @ 22
  adds r7, #104                   @ 1
  TAPS1 2, \g20, \g21, \g22       @ 22
  subs r7, #248                   @ 1   69
  .else
  TAPS2 0, \g00, \g01, \g02       @ 24
  adds r7, #104                   @ 1
  TAPS2 1, \g10, \g11, \g12       @ 24
  adds r7, #104                   @ 1
  TAPS2 2, \g20, \g21, \g22       @ 24
  subs r7, #252                   @ 1   75
  .endif
  .endif

  .if \columns == 1
  RESOLVE c, \sums
  .else
  RESOLVE a, \sums                @ 14
  .endif
  mov r8, r7                      @ 1
  .if \sums > 2
  ldr r2, [sp, #SLACK]            @ 2
  mov r10, r2                     @ 1
  .endif
  add r3, sp, #OFFSET             @ 1
  ldm r3, {r3-r7}                 @ 6
  LEVEL \name\()_ap, r0, 0           @ 12
  LEVEL \name\()_aq, r1, 1           @ 12
  .if \columns == 2
  NEXT_PIXEL \sums
  RESOLVE b, \sums                @ 14
  LEVEL \name\()_bp, r0, 0           @ 12
  LEVEL \name\()_bq, r1, 1           @ 12
  .endif
  NEXT_PIXEL \sums
  str r6, [sp, #OUT]              @ 2
  mov r7, r8                      @ 1
  ldr r0, [sp, #END]              @ 2
  cmp r7, r0                      @ 1
  bhs .Lrow_\name                 @ 1
  b .Lnext_\name                  @ 2   100 and 69 or 75 for four outputs
  LEVEL_SELDOM \name\()_ap, r0
  LEVEL_SELDOM \name\()_aq, r1
  .if \columns == 2
  LEVEL_SELDOM \name\()_bp, r0
  LEVEL_SELDOM \name\()_bq, r1
  .endif
.Lrow_\name:
  .if \columns == 2
  @ Of an odd number of columns the last is done together with the one before it, again.
  ldr r0, [sp, #FULL_END]
  cmp r7, r0
  bhs .Lrow_end_\name
  subs r7, #4 * \stride
  ldr r0, [sp, #PIXEL]
  subs r6, r6, r0
  str r6, [sp, #OUT]
  b .Lnext_\name
.Lrow_end_\name:
  .endif
  ldr r0, [sp, #ROWS]
  subs r0, #1
  beq .Ldone_\name
  str r0, [sp, #ROWS]
  add r0, sp, #END
  ldm r0!, {r1, r2}
  subs r0, #8
  .if \stride == 1
  adds r1, #120
  adds r2, #120
  .else
  adds r1, #248
  adds r2, #248
  .endif
  stm r0!, {r1, r2}
  ldr r0, [sp, #PLANE_STEP]
  adds r7, r7, r0
  ldr r0, [sp, #OUT_STEP]
  adds r6, r6, r0
  str r6, [sp, #OUT]
  b .Lnext_\name
.Ldone_\name:
  bl output_done                  @ b would not reach; does not come back
  .endm

@ A row of inputs for the taps of row \row, column \c. 11 cycles.
  .macro LAST_TAPS c, row, keeps, g0, g1, g2
  add r4, sp, #WEIGHTS + 12 * \row @ 1
  ldm r4, {r4-r6}                 @ 4
  .if \keeps
  muls r4, r0                     @ 1
  ACCUMULATE \c, \g0, r4           @ 1
  muls r5, r1                     @ 1
  ACCUMULATE \c, \g1, r5           @ 1
  muls r6, r2                     @ 1
  ACCUMULATE \c, \g2, r6           @ 1   11
  .else
  muls r0, r4                     @ 1
  ACCUMULATE \c, \g0, r0           @ 1
  muls r1, r5                     @ 1
  ACCUMULATE \c, \g1, r1           @ 1
  muls r2, r6                     @ 1
  ACCUMULATE \c, \g2, r2           @ 1   11
  .endif
  .endm

  .macro NEXT_ROW
  ldr r2, [sp, #OUT_ROW]          @ 2
  adds r6, r6, r2                 @ 1
  .endm

@ Stride 1, the last of an odd number of columns, two rows at a time: a is the upper one, b the lower one.
  .macro LAST_LOOP name, sums, g00, g01, g02, g10, g11, g12, g20, g21, g22
  .type \name, %function
  .thumb_func
  .balign 4
\name:
  .irpc c, ab
  .irpc g, 012
  .set started_\c\g, 0
  .endr
  .endr
  ldm r7!, {r0-r2}                @ 4
  LAST_TAPS a, 0, 0, \g00, \g01, \g02
  adds r7, #108                   @ 1
  ldm r7!, {r0-r2}                @ 4
  LAST_TAPS a, 1, 1, \g10, \g11, \g12
  LAST_TAPS b, 0, 0, \g00, \g01, \g02
  adds r7, #108                   @ 1
  ldm r7!, {r0-r2}                @ 4
  LAST_TAPS a, 2, 1, \g20, \g21, \g22
  LAST_TAPS b, 1, 0, \g10, \g11, \g12
  adds r7, #108                   @ 1
  ldm r7!, {r0-r2}                @ 4
  LAST_TAPS b, 2, 0, \g20, \g21, \g22
  subs r7, #132                   @ 1   two rows on: 86
  RESOLVE a, \sums                @ 14
  mov r8, r7                      @ 1
  ldr r2, [sp, #SLACK]            @ 2
  mov r10, r2                     @ 1
  add r3, sp, #OFFSET             @ 1
  ldm r3, {r3-r7}                 @ 6
  LEVEL \name\()_ap, r0, 0           @ 12
  LEVEL \name\()_aq, r1, 1           @ 12
  NEXT_ROW
  RESOLVE b, \sums                @ 14
  LEVEL \name\()_bp, r0, 0           @ 12
  LEVEL \name\()_bq, r1, 1           @ 12
  NEXT_ROW
  mov r7, r8                      @ 1
  ldr r0, [sp, #ROWS]             @ 2
  subs r0, #1                     @ 1
  beq .Ldone_\name                @ 1
  str r0, [sp, #ROWS]             @ 2
  cmp r0, #1                      @ 1
  bne .Lgo_on_\name               @ 2
  ldr r1, [sp, #PLANE_BACK]
  subs r7, r7, r1
  ldr r1, [sp, #OUT_BACK]
  subs r6, r6, r1
.Lgo_on_\name:
  str r6, [sp, #OUT]              @ 2
  b \name                         @ 2   191 for four outputs of three sums
  LEVEL_SELDOM \name\()_ap, r0
  LEVEL_SELDOM \name\()_aq, r1
  LEVEL_SELDOM \name\()_bp, r0
  LEVEL_SELDOM \name\()_bq, r1
.Ldone_\name:
  bl last_done                    @ b would not reach; does not come back
  .endm

  .section .time_critical.depthwise_conv_2d, "ax"

@ void tandem_depthwise_channels(const Channels*): a unit's channels, one after the other, and all outputs of each. An
@ output's share of the frame takes 120 cycles.
  .global tandem_depthwise_channels
  .type tandem_depthwise_channels, %function
  .thumb_func
tandem_depthwise_channels:
  save_registers
  sub sp, #FRAME
  add r1, sp, #LANE
  .rept CHANNELS_WORDS / 5
  ldm r0!, {r2-r6}
  stm r1!, {r2-r6}
  .endr
next_channel:
  ldr r0, [sp, #GATHER]           @ 2
  ldr r1, [sp, #NEXT_IN]          @ 2
  adds r2, r1, #1                 @ 1
  str r2, [sp, #NEXT_IN]          @ 2
  bl tandem_depthwise_gather      @ 3
  ldr r0, [sp, #GROUPS]           @ 2
  str r0, [sp, #GROUPS_LEFT]      @ 2
next_output:
  ldr r1, [sp, #NEXT_WEIGHTS]     @ 2
  ldr r2, [sp, #WEIGHTS_STRIDE]   @ 2
  adds r0, r1, #1                 @ 1
  str r0, [sp, #NEXT_WEIGHTS]     @ 2
  mov r3, sp                      @ 1
  movs r4, #0                     @ 1
  movs r5, #0                     @ 1
  .rept 9
  ldrsb r7, [r1, r4]              @ 2
  stm r3!, {r7}                   @ 2
  adds r5, r5, r7                 @ 1
  adds r1, r1, r2                 @ 1   54
  .endr
  ldr r6, [sp, #ZERO_POINT]       @ 2
  muls r5, r6                     @ 1   zero point · Σ w
  ldr r6, [sp, #NEXT_LEVEL]       @ 2
  ldm r6!, {r0, r1, r2}           @ 4
  str r6, [sp, #NEXT_LEVEL]       @ 2
  subs r0, r0, r5                 @ 1
  ldr r4, [sp, #NEXT_OUT]         @ 2
  stm r3!, {r0, r1, r2, r4}       @ 5
  adds r4, #1                     @ 1
  str r4, [sp, #NEXT_OUT]         @ 2
  ldr r0, [sp, #NEXT_SLACK]       @ 2
  ldrh r1, [r0]                   @ 2
  adds r0, #2                     @ 1
  str r0, [sp, #NEXT_SLACK]       @ 2
  lsls r1, r1, #16                @ 1
  str r1, [sp, #SLACK]            @ 2
  ldr r0, [sp, #NEXT_LOOP]        @ 2
  ldrb r2, [r0]                   @ 2
  adds r0, #1                     @ 1
  str r0, [sp, #NEXT_LOOP]        @ 2
  str r2, [sp, #LOOP]             @ 2
  add r0, sp, #PAIRS              @ 1
  cmp r2, #ONE_COLUMN             @ 1
  bne 1f                          @ 2
  add r0, sp, #SINGLES
1:
  ldm r0!, {r1, r3-r6}            @ 6
  add r0, sp, #END                @ 1
  stm r0!, {r1, r3-r6}            @ 6
  ldr r0, [sp, #FUNCTIONS]        @ 2
  lsls r2, r2, #2                 @ 1
  ldr r0, [r0, r2]                @ 2
  ldr r7, [sp, #PLANE]            @ 2
  bx r0                           @ 2
output_done:
  ldr r3, [sp, #LAST_PAIRS]       @ 2
  cmp r3, #0                      @ 1
  beq last_done                   @ 2
  ldr r2, [sp, #LOOP]
  cmp r2, #ONE_COLUMN
  beq last_done
  str r3, [sp, #ROWS]
  ldr r0, [sp, #NEXT_OUT]
  subs r0, #1
  ldr r1, [sp, #LAST_OUT]
  adds r0, r0, r1
  str r0, [sp, #OUT]
  ldr r7, [sp, #LAST_PLANE]
  adr r0, last_loops
  lsls r2, r2, #2
  ldr r0, [r0, r2]
  bx r0                           @ 24
@ The loop of kSilent: the output is filled with that.
  .type tandem_depthwise_silent, %function
  .thumb_func
tandem_depthwise_silent:
last_done:
  ldr r0, [sp, #GROUPS_LEFT]      @ 2
  subs r0, #1                     @ 1
  str r0, [sp, #GROUPS_LEFT]      @ 2
  bne next_output                 @ 2
  ldr r0, [sp, #CHANNELS_LEFT]    @ 2
  subs r0, #1                     @ 1
  str r0, [sp, #CHANNELS_LEFT]    @ 2
  bne next_channel                @ 2
  add sp, #FRAME
  restore_registers_and_return

  .balign 4
last_loops:
  .irp loop, two, three, other_three, last_three
  .word tandem_depthwise_last_\loop
  .endr

@ r2: p -> r2: the output. Keeps everything else but lr.
ask:
  push {r0, r1, r3, lr}
  mov r0, r12
  push {r0, r1}
  movs r0, r2
  ldr r1, [sp, #EXACT + 24]
  ldr r2, [sp, #NEXT_LEVEL + 24]
  bl tandem_depthwise_exact
  movs r2, r0
  pop {r0, r1}
  mov r12, r0
  pop {r0, r1, r3, pc}

  LOOP tandem_depthwise1_two, 1, 2, 2, 0, 1, 0, 1, 0, 0, 1, 1, 0
  LOOP tandem_depthwise1_three, 1, 2, 3, 0, 1, 2, 1, 2, 0, 2, 0, 1
  LOOP tandem_depthwise1_other_three, 1, 2, 3, 0, 1, 1, 2, 2, 0, 0, 2, 1
  LOOP tandem_depthwise1_last_three, 1, 2, 3, 0, 0, 1, 0, 2, 1, 1, 2, 2
  LOOP tandem_depthwise1_five, 1, 1, 5, 0, 1, 2, 3, 4, 1, 2, 0, 3
  LOOP tandem_depthwise2_two, 2, 2, 2, 0, 1, 0, 1, 0, 0, 1, 1, 0
  LOOP tandem_depthwise2_three, 2, 2, 3, 0, 1, 2, 1, 2, 0, 2, 0, 1
  LOOP tandem_depthwise2_other_three, 2, 2, 3, 0, 1, 1, 2, 2, 0, 0, 2, 1
  LOOP tandem_depthwise2_last_three, 2, 2, 3, 0, 0, 1, 0, 2, 1, 1, 2, 2
  LOOP tandem_depthwise2_five, 2, 1, 5, 0, 1, 2, 3, 4, 1, 2, 0, 3

  LAST_LOOP tandem_depthwise_last_two, 2, 0, 1, 0, 1, 0, 0, 1, 1, 0
  LAST_LOOP tandem_depthwise_last_three, 3, 0, 1, 2, 1, 2, 0, 2, 0, 1
  LAST_LOOP tandem_depthwise_last_other_three, 3, 0, 1, 1, 2, 2, 0, 0, 2, 1
  LAST_LOOP tandem_depthwise_last_last_three, 3, 0, 0, 1, 0, 2, 1, 1, 2, 2

  .global tandem_depthwise_loops1, tandem_depthwise_loops2
  .balign 4
tandem_depthwise_loops1:
  .irp loop, two, three, other_three, last_three, five
  .word tandem_depthwise1_\loop
  .endr
  .word tandem_depthwise_silent
tandem_depthwise_loops2:
  .irp loop, two, three, other_three, last_three, five
  .word tandem_depthwise2_\loop
  .endr
  .word tandem_depthwise_silent

@ r0 Gather, r1 a channel's first input: bytes of one channel to a plane's words; in stretches of rows that have both
@ lanes, or one and the zero point. Changes r0-r12.
@ r0 in, r1 r2 free, r3 rows, r4 0 or the word of the lane that is outside, r5 bytes from p to q or 0, r6 bytes a pixel,
@ r7 plane; r8 entry, r9 bytes to the next row of in, r10 of the plane, r11 the next stretch, r12 channel
  .type tandem_depthwise_gather, %function
  .thumb_func
tandem_depthwise_gather:
  mov r12, r1
  ldm r0!, {r1, r2, r6}           @ to the next row of in, of the plane; a pixel
  mov r9, r1
  mov r10, r2
  mov r11, r0
next_stretch:
  mov r0, r11
  ldm r0!, {r1-r5, r7}            @ entry, in, rows, other, lane, plane
  mov r11, r0
  cmp r1, #0
  beq gathered
  mov r8, r1
  mov r0, r2
  add r0, r12
  mov pc, r8                      @ 19 a stretch
gathered:
  bx lr

@ Entered so far before its end as there are columns. 6 a row.
  .macro GATHER_END name
  .global \name
\name:
  add r0, r9                      @ 1
  add r7, r10                     @ 1
  subs r3, #1                     @ 1
  beq .Lend_\name                 @ 1
  mov pc, r8                      @ 2
.Lend_\name:
  b next_stretch
  .endm

  .equ MOST_COLUMNS, 31
  .rept MOST_COLUMNS
  ldrsb r1, [r0, r4]              @ 2   r4 is 0
  ldrsb r2, [r0, r5]              @ 2
  lsls r2, r2, #16                @ 1
  adds r1, r1, r2                 @ 1
  stm r7!, {r1}                   @ 2
  adds r0, r0, r6                 @ 1   9 for two inputs
  .endr
  GATHER_END tandem_gather_both

  .rept MOST_COLUMNS
  ldrsb r1, [r0, r5]              @ 2   r5 is 0
  adds r1, r1, r4                 @ 1
  stm r7!, {r1}                   @ 2
  adds r0, r0, r6                 @ 1
  .endr
  GATHER_END tandem_gather_p

  .rept MOST_COLUMNS
  ldrsb r1, [r0, r5]              @ 2   r5 is 0
  lsls r1, r1, #16                @ 1
  adds r1, r1, r4                 @ 1
  stm r7!, {r1}                   @ 2
  adds r0, r0, r6                 @ 1
  .endr
  GATHER_END tandem_gather_q

@ void tandem_depthwise_fill(const Fill*): words of every pixel of a tile to 0x80808080.
@ r0 out, r1 what, r2 columns left, r3 rows, r4 bytes to the next pixel, r5 to the next row, r6 columns, r7 entry
  .section .time_critical.depthwise_fill, "ax"
  .global tandem_depthwise_fill
  .type tandem_depthwise_fill, %function
  .thumb_func
tandem_depthwise_fill:
  push {r4-r7, lr}
  ldm r0!, {r1-r7}                @ out, words, rows, to the next pixel, row, columns, what
  mov r12, r7
  ldr r7, =fill_end
  lsls r2, r2, #1
  subs r7, r7, r2
  movs r0, r1
  mov r1, r12
fill_row:
  movs r2, r6
  mov pc, r7
  .equ MOST_FILL_WORDS, 32
  .rept MOST_FILL_WORDS
  stm r0!, {r1}                   @ 2
  .endr
fill_end:
  adds r0, r0, r4                 @ 1
  subs r2, #1                     @ 1
  beq fill_row_end                @ 1
  mov pc, r7                      @ 2
fill_row_end:
  adds r0, r0, r5
  subs r3, #1
  bne fill_row
  pop {r4-r7, pc}
  .ltorg
