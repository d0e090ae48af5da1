@ CONV_2D of int8, one tap, over the inputs that are not zero: the loops of conv_2d_sparse.cc.
@
@ Maths        A tile is ten output channels, 0 to 4 and 5 to 9. Five channels' weights are three words,
@                W0 = w0 + 2^19·w1,  W1 = w2 + 2^6·w1 + 2^12·w3,  W2 = w4 + 2^19·w3,
@              which are multiplied by u and added up modulo 2^32: T0, T1, T2. With sums |S| <= kBound =
@              2^18 - 2^12 - 1 all five are in there (RESOLVE).
@ Code         A pixel is a list of terms (u, row), and the list is code: a term is
@                movs r6, #u;  adds r7, #skip;  ldm r7!, {r0-r5};  6 muls;  6 adds
@              r7 being the row of six words of an input channel, skip 24 for each zero between. All of it but u
@              and skip lies there already (tandem_sparse_template: two terms, 60 bytes), so writing a list is
@              storing one word a term, its "pair", at 0 and 28 of the 60 bytes. The second term's pair comes
@              before the last addition of the first, because it has to lie in one word. A pair that leaves is
@              `ldr r6, [pc, #..]; mov pc, r6`; where to is the next pair's word.
@ Cost         21 cycles a term, ten products: 2.1 a product.
#include "registers.inc"

  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ ROW_BYTES, 24
  .equ TO_ODD, 28                 @ from the pair of an even term to the next
  .equ TO_EVEN, 32
  .equ BOUND, (1 << 18) - (1 << 12) - 1

@ struct SparseState (conv_2d_sparse.cc), whose first seven words go to the frame
  .equ STATE_OUT, 8
  .equ STATE_LAST_HALVES, 28
  .equ STATE_MAX, 32
  .equ STATE_RESUME, 36
  .equ STATE_SUMS, 40

@ What tandem_sparse_pixel has on the stack
  .equ FRAME_STATE, 0
  .equ FRAME_NEXT, 4              @ in `resume`; 0 in a pixel's first group
  .equ FRAME_SECOND, 8            @ sums kept of the tile's second half, or 0; ONE_HALF: there is no such half
  .equ FRAME_TILE, 12
  .equ FRAME_CODE, 16
  .equ FRAME_OUT, 20
  .equ FRAME_SLACK, 24            @ << 8
  .equ FRAME_MIN, 28
  .equ FRAME_STRIDE, 32
  .equ FRAME_LAST, 36
  .equ FRAME_ROW, 40
  .equ FRAME_BYTES, 44
  .equ ONE_HALF, 1

@ struct SparseTile: {offset, limit} of ten channels, their scales, rows
  .equ TILE_SCALES, 80
  .equ TILE_ROWS, 120

@ The five sums of T0, T1, T2 in r0, r1, r2 -> r3, r0, r5, r2, r4; 22 cycles. Changes r6, r7.
@ T0 modulo 2^19 is S0, and what is left 2^19·a, S1 = a + 2^13·b; S3 likewise in T2. Less 2^6·a and 2^12·a
@ T1 is S2 + 2^19·b(1) + 2^25·b(3): |b(1)| < 32 has six bits there, b(3) seven.
  .macro RESOLVE
  lsls r3, r0, #13
  asrs r3, r3, #13                @ S0
  subs r0, r0, r3
  lsls r4, r2, #13
  asrs r4, r4, #13                @ S4
  subs r2, r2, r4
  asrs r5, r0, #13
  subs r1, r1, r5
  asrs r5, r2, #7
  subs r1, r1, r5
  asrs r0, r0, #19
  asrs r2, r2, #19
  lsls r5, r1, #13
  asrs r5, r5, #13                @ S2
  subs r1, r1, r5
  lsls r6, r1, #7                 @ 2^26·b(1)
  asrs r7, r6, #13
  adds r0, r0, r7                 @ S1
  asrs r6, r6, #7
  subs r1, r1, r6
  asrs r1, r1, #12
  adds r2, r2, r1                 @ S3
  .endm

  .section .time_critical.conv_2d_sparse, "ax"

@ void tandem_sparse_pixel(SparseState* state): a pixel's code for each tile up to `last_tile`.
  .global tandem_sparse_pixel
  .type tandem_sparse_pixel, %function
  .thumb_func
tandem_sparse_pixel:
  save_registers
  mov r12, r0
  sub sp, #FRAME_BYTES - FRAME_ROW
  ldm r0!, {r1-r7}
  push {r1-r7}
  mov r7, r1
  mov r1, r12
  movs r2, #0
  movs r3, #0
  push {r1-r3}
  b enter_tile

  .balign 4
  .global tandem_sparse_template
tandem_sparse_template:
  movs r6, #0                     @ 1   u
  adds r7, #0                     @ 1   24 for each zero
  ldm r7!, {r0-r5}                @ 7
  muls r0, r6                     @ 6
  muls r1, r6
  muls r2, r6
  muls r3, r6
  muls r4, r6
  muls r5, r6
  add r8, r0                      @ 6
  add r9, r1
  add r10, r2
  add r11, r3
  add r12, r4
  movs r6, #0                     @ the next term's
  adds r7, #0
  add lr, r5                      @ 21 a term
  ldm r7!, {r0-r5}
  muls r0, r6
  muls r1, r6
  muls r2, r6
  muls r3, r6
  muls r4, r6
  muls r5, r6
  add r8, r0
  add r9, r1
  add r10, r2
  add r11, r3
  add r12, r4
  add lr, r5

@ Adds what is kept at r7 to RESOLVE's sums. Changes r1, r6; r7 goes on by 16.
  .macro ADD_KEPT
  ldm r7!, {r1, r6}
  adds r0, r0, r1
  adds r2, r2, r6
  ldm r7!, {r1, r6}
  adds r3, r3, r1
  adds r4, r4, r6
  ldr r1, [r7]
  adds r5, r5, r1
  .endm

@ ---- the end of a group that is not a pixel's last: its sums are kept
@ RESOLVE's sums at r7; the first group's, where r6 is 0, are stored, others added. Changes r1, r6, r7.
  .macro KEEP
  cmp r6, #0
  beq 1f
  ADD_KEPT
  subs r7, #16
1:
  stm r7!, {r0, r2-r5}
  .endm
break_odd:
  add lr, r5
break_even:
  str r7, [sp, #FRAME_ROW]
  mov r0, r8
  mov r1, r9
  mov r2, r10
  RESOLVE
  ldr r7, [sp, #FRAME_STATE]
  adds r7, #STATE_SUMS
  ldr r6, [sp, #FRAME_NEXT]
  KEEP
  ldr r6, [sp, #FRAME_SECOND]
  cmp r6, #ONE_HALF
  beq second_kept
  mov r0, r11
  mov r1, r12
  mov r2, lr
  RESOLVE
  ldr r7, [sp, #FRAME_STATE]
  adds r7, #STATE_SUMS + 20
  ldr r6, [sp, #FRAME_SECOND]
  str r7, [sp, #FRAME_SECOND]
  KEEP
second_kept:
  ldr r6, [sp, #FRAME_NEXT]
  cmp r6, #0                      @ r6: where the last group went on; none: this is the first
  bne 1f
  ldr r6, [sp, #FRAME_STATE]
  ldr r6, [r6, #STATE_RESUME]
1:
  ldm r6!, {r0}
  str r6, [sp, #FRAME_NEXT]
  ldr r7, [sp, #FRAME_ROW]
  movs r5, #0                     @ an odd term begins by adding the r5 of the one before
  mov r8, r5
  mov r9, r5
  mov r10, r5
  mov r11, r5
  mov r12, r5
  mov lr, r5
  mov pc, r0                      @ 115 a group, and 43 where the tile ends

@ ---- the end of a pixel's code: r8 slack << 8, r9 min, r10 out (from the frame)

@ Output channel \i of the tile, whose sum is \x, in LEVEL_BYTES. r7: the tile.
@ What is negative stays what the output was filled with.
  .equ LEVEL_BYTES, 30
  .macro LEVEL i, x
  ldr r1, [r7, #8 * \i]           @ 2
  adds \x, \x, r1                 @ 1
  bmi .Lskip\i                    @ 1
  ldr r1, [r7, #8 * \i + 4]       @ 2
  cmp \x, r1                      @ 1
  bhs .Lmax\i                     @ 1
  ldr r1, [r7, #TILE_SCALES + 4 * \i] @ 2
  muls r1, \x                     @ 1
  lsls r6, r1, #8                 @ 1
  cmp r6, r8                      @ 1
  blo .Lexact\i                   @ 1
  lsrs r1, r1, #24                @ 1
  add r1, r9                      @ 1
.Lstore\i:
  mov r6, r10                     @ 1
  strb r1, [r6, #\i]              @ 2   19; 5 of a negative one
.Lskip\i:
  .endm

  .macro LEVEL_SELDOM i, x
.Lmax\i:
  ldr r1, [sp, #FRAME_STATE]
  ldr r1, [r1, #STATE_MAX]
  b .Lstore\i
.Lexact\i:
  push {r0-r7}
  .ifnc \x, r0
  mov r0, \x
  .endif
  movs r1, #\i
  b exact
  .endm

@ What is seldom lies where conditional branches reach it and nothing has to branch around it.
kept_first:
  ldr r7, [sp, #FRAME_STATE]
  adds r7, #STATE_SUMS
  ADD_KEPT
  b level_first
  LEVEL_SELDOM 0, r3
  LEVEL_SELDOM 1, r0
  LEVEL_SELDOM 2, r5
  LEVEL_SELDOM 3, r2
  LEVEL_SELDOM 4, r4

finish_odd:
  add lr, r5                      @ 1
finish_even:
  mov r0, r8                      @ 3
  mov r1, r9
  mov r2, r10
  ldr r7, [sp, #FRAME_SLACK]      @ 3
  mov r8, r7
  ldr r7, [sp, #FRAME_MIN]        @ 3
  mov r9, r7
  ldr r7, [sp, #FRAME_OUT]        @ 3
  mov r10, r7
  RESOLVE                         @ 22
  ldr r6, [sp, #FRAME_NEXT]       @ 2
  cmp r6, #0                      @ 1
  bne kept_first                  @ 1
level_first:
  ldr r7, [sp, #FRAME_TILE]       @ 2
  LEVEL 0, r3
  LEVEL 1, r0
  LEVEL 2, r5
  LEVEL 3, r2
  LEVEL 4, r4
  mov r0, r11                     @ 3
  mov r1, r12
  mov r2, lr
  RESOLVE                         @ 22
  ldr r6, [sp, #FRAME_SECOND]     @ 2
  cmp r6, #0                      @ 1
  bne seldom_second               @ 1
level_second:
  ldr r7, [sp, #FRAME_TILE]       @ 2
  LEVEL 5, r3
  LEVEL 6, r0
  LEVEL 7, r5
  LEVEL 8, r2
  LEVEL 9, r4

  ldr r1, [sp, #FRAME_STRIDE]     @ 2
  adds r7, r7, r1                 @ 1
  str r7, [sp, #FRAME_TILE]       @ 2
  mov r1, r10                     @ 1
  adds r1, #10                    @ 1
  str r1, [sp, #FRAME_OUT]        @ 2
enter_tile:                       @ r7: which
  ldr r1, [sp, #FRAME_LAST]       @ 2
  cmp r7, r1                      @ 1
  bhs last_tile                   @ 1
begin_tile:
  ldr r1, [sp, #FRAME_CODE]       @ 2
  adds r7, #TILE_ROWS             @ 1
  movs r0, #0                     @ 7
  mov r8, r0
  mov r9, r0
  mov r10, r0
  mov r11, r0
  mov r12, r0
  mov lr, r0
  mov pc, r1                      @ 2   53 a tile, beside RESOLVE and LEVEL

seldom_second:
  cmp r6, #ONE_HALF
  beq pixel_done
  mov r7, r6
  ADD_KEPT
  movs r1, #0
  str r1, [sp, #FRAME_NEXT]
  str r1, [sp, #FRAME_SECOND]
  b level_second
  LEVEL_SELDOM 5, r3
  LEVEL_SELDOM 6, r0
  LEVEL_SELDOM 7, r5
  LEVEL_SELDOM 8, r2
  LEVEL_SELDOM 9, r4

last_tile:
  bhi pixel_done
  ldr r1, [sp, #FRAME_STATE]
  ldr r1, [r1, #STATE_LAST_HALVES]
  str r1, [sp, #FRAME_SECOND]
  b begin_tile

pixel_done:
  add sp, #FRAME_BYTES
  restore_registers_and_return

@ r0: x, r1: which channel of the tile; r0-r7 as there on the stack, the frame behind.
@ The function in C writes the output. r12 and lr hold sums of the other half.
  .balign 4
exact:
  ldr r2, =.Lskip0
  cmp r1, #5
  blo 1f
  ldr r2, =.Lskip5 - 5 * LEVEL_BYTES
1:
  movs r3, #LEVEL_BYTES
  muls r3, r1
  adds r2, r2, r3                 @ where to go on
  mov r3, lr
  mov r4, r12
  push {r2-r5}
  ldr r2, [sp, #48 + FRAME_STATE]
  mov r3, r10
  str r3, [r2, #STATE_OUT]
  bl tandem_sparse_exact
  pop {r2-r5}
  mov lr, r3
  mov r12, r4
  str r2, [sp, #4]                @ r1 is free where that goes on
  pop {r0-r7}
  mov pc, r1
  .ltorg

@ void tandem_sparse_write(const uint8_t* x, const SparseInputs* inputs, uint8_t* code, uint8_t** resume):
@ a pixel's pairs. SparseInputs: weight_max, in_channels (a multiple of 4).
@ A group ends where Σ max|w|·u would pass BOUND; where the code goes on after that is written to `resume`.
@ After seven zeros or more a term of u = 0 stands for them, lest `skip` pass 255.
@ r0 x, r1 weight_max, r2 pair without u, r3 code, r4 what the bound leaves, r5 u, r6, r7 0x80;
@ r8 24 << 16, r9 pair of u = 0 and no skip, r10 resume, r11 pair with a skip of six, r12 end of x
  .equ PAIR, (0x3700 << 16) | 0x2600    @ adds r7, #0; movs r6, #0
  .equ LEAVE_EVEN, (0x46b7 << 16) | 0x4e06  @ mov pc, r6; ldr r6, [pc, #24]
  .equ LEAVE_ODD, (0x46b7 << 16) | 0x4e07   @ mov pc, r6; ldr r6, [pc, #28]
  .section .time_critical.conv_2d_sparse_write, "ax"
  .global tandem_sparse_write
  .type tandem_sparse_write, %function
  .thumb_func
tandem_sparse_write:
  save_registers
  mov r10, r3
  mov r3, r2
  ldr r7, [r1, #4]
  adds r7, r7, r0
  mov r12, r7
  ldr r1, [r1]
  movs r7, #ROW_BYTES
  lsls r7, r7, #16
  mov r8, r7
  ldr r2, =PAIR
  mov r9, r2
  ldr r7, =PAIR + (6 * ROW_BYTES << 16)
  mov r11, r7
  ldr r4, =BOUND
  movs r7, #0x80

@ Input \i of four, with an even (0) or odd (1) term's pair at r3; \other is 1 - \odd.
  .macro INPUT i, odd, other, to_next
.Linput\i\()_\odd:
  ldrb r5, [r0, #\i]              @ 2
  eors r5, r7                     @ 1
  beq .Lzero\i\()_\odd            @ 1
  ldrb r6, [r1, #\i]              @ 2
  muls r6, r5                     @ 1
  subs r4, r4, r6                 @ 1
  bmi .Lover\i\()_\odd            @ 1
.Lterm\i\()_\odd:
  adds r5, r5, r2                 @ 1
  str r5, [r3]                    @ 2
  adds r3, #\to_next              @ 1
  mov r2, r9                      @ 1
  b .Lafter\i\()_\other           @ 2   16
.Lzero\i\()_\odd:
  add r2, r8                      @ 1   6
.Lafter\i\()_\odd:
  .endm

@ r6: what the term takes from the bound. The group ends before it.
  .macro OVER i, odd
.Lover\i\()_\odd:
  bl close_\odd
  b .Lterm\i\()_\odd
  .endm

  .macro INPUTS odd, other, to_next
.Lfour_\odd:
  cmp r2, r11                     @ 1
  bhi .Lgap_\odd                  @ 1
  INPUT 0, \odd, \other, \to_next
  INPUT 1, \odd, \other, \to_next
  INPUT 2, \odd, \other, \to_next
  INPUT 3, \odd, \other, \to_next
  adds r0, #4                     @ 1
  adds r1, #4                     @ 1
  cmp r0, r12                     @ 1
  bne .Lfour_\odd                 @ 2
  b .Lend_\odd
.Lgap_\odd:
  mov r5, r8                      @ the term's own row is one of the zeros'
  subs r2, r2, r5
  str r2, [r3]
  adds r3, #\to_next
  mov r2, r9
  b .Linput0_\other
  OVER 0, \odd
  OVER 1, \odd
  OVER 2, \odd
  OVER 3, \odd
.Lend_\odd:
  ldr r4, =.Lleave_\odd
  ldm r4!, {r5, r6}
  str r5, [r3]
  str r6, [r3, #\to_next]
  b .Lwritten
  .endm

  INPUTS 0, 1, TO_ODD
  INPUTS 1, 0, TO_EVEN

.Lwritten:
  restore_registers_and_return

@ A group ends with the terms before r3, one begins whose first term takes r6. Keeps r5; changes r4, r6.
  .macro CLOSE odd, to_next
  .balign 4
close_\odd:
  ldr r4, =BOUND
  subs r4, r4, r6
  ldr r6, =.Lbreak_\odd
  ldr r7, [r6]
  str r7, [r3]
  ldr r7, [r6, #4]
  str r7, [r3, #\to_next]
  adds r3, #TO_ODD + TO_EVEN
  mov r6, r10
  stm r6!, {r3}
  mov r10, r6
  movs r7, #0x80
  bx lr
  .endm
  CLOSE 0, TO_ODD
  CLOSE 1, TO_EVEN
  .balign 4
.Lleave_0:
  .word LEAVE_EVEN, finish_even
.Lleave_1:
  .word LEAVE_ODD, finish_odd
.Lbreak_0:
  .word LEAVE_EVEN, break_even
.Lbreak_1:
  .word LEAVE_ODD, break_odd
  .ltorg

@ void tandem_sparse_expand(const int8_t* const rows[5], uint32_t inputs, uint32_t* words): five channels'
@ weights as three words for each input, ROW_BYTES apart. `inputs` is a multiple of 4, rows are 4-aligned.
@ r0-r4 four weights of each channel, r5 words, r6, r7; r8-r12 rows, lr end of words
  .section .time_critical.conv_2d_sparse_expand, "ax"
  .global tandem_sparse_expand
  .type tandem_sparse_expand, %function
  .thumb_func
tandem_sparse_expand:
  save_registers
  mov r5, r2
  lsls r3, r1, #3
  lsls r1, r1, #4
  adds r1, r1, r3
  adds r1, r1, r2
  mov lr, r1
  ldm r0!, {r1-r4, r6}
  mov r8, r1
  mov r9, r2
  mov r10, r3
  mov r11, r4
  mov r12, r6

@ Byte \j of \from with its sign -> \to.
  .macro BYTE to, from, j
  .if \j == 0
  sxtb \to, \from
  .else
  .if \j < 3
  lsls \to, \from, #24 - 8 * \j
  asrs \to, \to, #24
  .else
  asrs \to, \from, #24
  .endif
  .endif
  .endm

@ The lowest byte of \from, which is all that is left of the last one, with its sign, times 2^\shift -> \to.
  .macro SHIFTED to, from, j, shift
  .if \j < 3
  lsls \to, \from, #24
  asrs \to, \to, #24 - \shift
  .else
  lsls \to, \from, #\shift
  .endif
  .endm

expand_four:
  mov r6, r8                      @ 4
  ldm r6!, {r0}
  mov r8, r6
  mov r6, r9                      @ 4
  ldm r6!, {r1}
  mov r9, r6
  mov r6, r10                     @ 4
  ldm r6!, {r2}
  mov r10, r6
  mov r6, r11                     @ 4
  ldm r6!, {r3}
  mov r11, r6
  mov r6, r12                     @ 4
  ldm r6!, {r4}
  mov r12, r6
  .irp j, 0, 1, 2, 3
  SHIFTED r6, r1, \j, 19          @ 2
  BYTE r7, r0, \j                 @ 2
  adds r7, r7, r6                 @ 1
  str r7, [r5, #ROW_BYTES * \j]   @ 2
  asrs r6, r6, #13                @ 1   2^6·w1
  BYTE r7, r2, \j                 @ 2
  adds r6, r6, r7                 @ 1
  SHIFTED r7, r3, \j, 12          @ 2
  adds r6, r6, r7                 @ 1
  str r6, [r5, #ROW_BYTES * \j + 4] @ 2
  SHIFTED r6, r3, \j, 19          @ 2
  BYTE r7, r4, \j                 @ 2
  adds r6, r6, r7                 @ 1
  str r6, [r5, #ROW_BYTES * \j + 8] @ 2
  .if \j < 3
  asrs r1, r1, #8                 @ 1
  asrs r3, r3, #8                 @ 1   25; 22 of the first, 17 of the last
  .endif
  .endr
  adds r5, #4 * ROW_BYTES         @ 1
  cmp r5, lr                      @ 1
  bne expand_four                 @ 2   113 for twenty weights
  restore_registers_and_return
