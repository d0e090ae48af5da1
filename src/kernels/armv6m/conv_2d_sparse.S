@ CONV_2D of int8, one tap, over the inputs that are not zero: the loops of conv_2d_sparse.cc.
@
@ Maths        Five channels' weights are three words,
@                W0 = w0 + 2^19·w1,  W1 = w2 + 2^6·w1 + 2^12·w3,  W2 = w4 + 2^19·w3,
@              which are multiplied by u and added up modulo 2^32: T0, T1, T2. With sums |S| <= BOUND =
@              2^18 - 2^12 - 1 all five are in there (RESOLVE). Three channels' are two, as above without w3:
@                W0 = w0 + 2^19·w1,  W1 = w2 + 2^6·w1.
@              A tile of ten is 5 + 5 channels in six words. A tile of thirteen is 3 + 5 + 5 in eight, of which
@              the two of the first three come last.
@ Code         A pixel is a list of terms (u, row), and the list is code: a term is
@                movs r6, #u;  adds r7, #skip;  ldm r7!, {r0-r5};  6 muls;  6 adds
@              r7 being the row of six words of an input channel, skip 24 for each zero between; of thirteen
@                movs r6, #u;  adds r7, #skip;  twice: ldm r7!, {r0-r3};  4 muls;  4 adds
@              and skip 32. All of it but u and skip lies there already (two terms are the template), so writing
@              a list is storing one word a term, its "pair", `to_odd` after an even term's and `to_even` after
@              an odd one's: 28 and 32 bytes, or 40. The second term's pair of ten comes before the last
@              addition of the first, because it has to lie in one word. A pair that leaves is
@              `ldr r6, [pc, #..]; add pc, r6`, the next pair's word being how far.
@ Cost         21 cycles a term, ten products: 2.1 a product. 28, thirteen: 2.15.
#include "registers.inc"

  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ BOUND, (1 << 18) - (1 << 12) - 1
  .equ PAIR, (0x3700 << 16) | 0x2600    @ adds r7, #0; movs r6, #0
  .equ LEAVE, (0x44b7 << 16) | 0x4dff   @ add pc, r6; ldr r6, [pc, #-4]; one more for each word to the next pair
  .equ LEAVES_AT, 6                     @ add pc, r6 of a pair sees that place
  .equ ONE_HALF, 1

@ The frame: a copy of struct SparseState's (conv_2d_sparse.cc) beginning …
  .equ STATE_X, 28
  .equ STATE_OUT, 32
  .equ STATE_PIXELS, 36
  .equ STATE_TILE, 40
  .equ STATE_LAST, 44
  .equ STATE_LAST_SECOND, 48
  .equ STATE_IN_CHANNELS, 52
  .equ STATE_OUT_CHANNELS, 56
  .equ STATE_WEIGHT_MAX, 60
  .equ STATE_CODE, 64                   @ where a tile begins
  .equ STATE_LIST, 68                   @ the first pair
  .equ STATE_SUMS, 72
  .equ STATE_SLACK, 76                  @ << 8
  .equ STATE_MIN, 80
  .equ STATE_MAX, 84
  .equ STATE_TILE_BYTES, 88
  .equ STATE_SKIP, 92                   @ struct SparseLoops
  .equ STATE_PAIR, 96
  .equ STATE_GAP, 100
  .equ STATE_TO_ODD, 104
  .equ STATE_TO_EVEN, 108
  .equ STATE_BREAK, 112
  .equ STATE_BREAK_AGAIN, 116
  .equ STATE_FINISH, 120
  .equ FRAME_BYTES, 124
@ … behind
  .equ FRAME_STATE, 0
  .equ FRAME_TILE, 4
  .equ FRAME_OUT, 8
  .equ FRAME_KEPT, 12             @ sums of the groups before: &state.sums in a pixel of several, else 0
  .equ FRAME_SECOND, 16           @ the same of the tile's second half; ONE_HALF: there is no such half
  .equ FRAME_GROUPS_LEFT, 20      @ until a pixel may be dense
  .equ FRAME_DENSE, 24            @ the pixel before was dense; else 0
  .equ SECOND_SUMS, 20
  .equ THIRD_SUMS, 40

@ What else the state has
  .equ STATE_MEAN, 96                   @ of a dense pixel's u
  .equ STATE_TRY_DENSE, 100             @ after so many groups more than one a pixel may be dense
  .equ STATE_DENSE_GROUPS, 104          @ 0: the pixel before was not dense

@ struct SparseTile: {offset, limit, scale} of each channel, of the first three of thirteen after the others'; whether
@ there are sums of their weights; the sums; rows
  .equ CHANNEL_BYTES, 12
  .equ TILE_THIRD, 10 * CHANNEL_BYTES
  .equ TILE_SUMS, 13 * CHANNEL_BYTES + 4
  .equ TILE_ROWS, TILE_SUMS + 13 * 4

@ What the two widths have of their own: struct SparseLoops, and two terms.
  .macro LOOPS row, to_odd, to_even, break, break_again, finish
  .word \row << 16
  .word PAIR - (\row << 16)             @ where a list goes on after a term; a row is added at once
  .word PAIR + ((255 / \row - 4) * \row << 16)  @ beyond it four zeros more could be too many for `skip`
  .word \to_odd, \to_even, \break, \break_again, \finish
  .endm

  .section .rodata.conv_2d_sparse, "a"
  .balign 4
  .global tandem_sparse_ten
tandem_sparse_ten:
  LOOPS 24, 28, 32, break_ten, break_ten_again, finish_ten
  .global tandem_sparse_ten_terms
tandem_sparse_ten_terms:
  movs r6, #0                     @ 1   u
  adds r7, #0                     @ 1   24 for each zero
  ldm r7!, {r0-r5}                @ 7
  .irp word, r0, r1, r2, r3, r4, r5
  muls \word, r6                  @ 6
  .endr
  add r8, r0                      @ 6
  add r9, r1
  add r10, r2
  add r11, r3
  add r12, r4
  movs r6, #0                     @ the next term's
  adds r7, #0
  add lr, r5                      @ 21 a term
  ldm r7!, {r0-r5}
  .irp word, r0, r1, r2, r3, r4, r5
  muls \word, r6
  .endr
  add r8, r0
  add r9, r1
  add r10, r2
  add r11, r3
  add r12, r4
  add lr, r5

  .global tandem_sparse_thirteen
tandem_sparse_thirteen:
  LOOPS 32, 40, 40, break_thirteen, break_thirteen_again, finish_thirteen
  .global tandem_sparse_thirteen_terms
tandem_sparse_thirteen_terms:
  .rept 2
  movs r6, #0                     @ 1   u
  adds r7, #0                     @ 1   32 for each zero
  ldm r7!, {r0-r3}                @ 5
  .irp word, r0, r1, r2, r3
  muls \word, r6                  @ 4
  .endr
  add r8, r0                      @ 4
  add r9, r1
  add r10, r2
  add r11, r3
  ldm r7!, {r0-r3}                @ 5
  .irp word, r0, r1, r2, r3
  muls \word, r6                  @ 4
  .endr
  add r12, r0                     @ 4
  add lr, r1
  adds r4, r4, r2
  adds r5, r5, r3                 @ 28 a term
  .endr

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

@ The three sums of T0, T1 in r4, r5 -> r0, r4, r2; 11 cycles. Changes r1.
@ As above; b has thirteen bits.
  .macro RESOLVE_THREE
  lsls r0, r4, #13
  asrs r0, r0, #13                @ S0
  subs r4, r4, r0
  asrs r1, r4, #13
  subs r5, r5, r1
  asrs r4, r4, #19
  lsls r2, r5, #13
  asrs r2, r2, #13                @ S2
  subs r5, r5, r2
  asrs r5, r5, #6
  adds r4, r4, r5                 @ S1
  .endm

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

  .section .time_critical.conv_2d_sparse, "ax"

@ void tandem_sparse_pixels(SparseState* state): `pixels` of them, tiles `tile` to `last`.
  .global tandem_sparse_pixels
  .type tandem_sparse_pixels, %function
  .thumb_func
tandem_sparse_pixels:
  save_registers
  adds r0, #96                    @ what the frame copies, from its end on
  .rept 3
  subs r0, #28
  ldm r0!, {r1-r7}
  push {r1-r7}
  subs r0, #28
  .endr
  subs r0, #12
  ldm r0!, {r1-r3}
  push {r1-r3}
  subs r0, #12
  sub sp, #STATE_X
  str r0, [sp, #FRAME_STATE]
  adds r0, #STATE_DENSE_GROUPS
  ldr r0, [r0]
  str r0, [sp, #FRAME_DENSE]

@ ---- a pixel's pairs
@ A group ends where Σ max|w|·u would pass BOUND.
@ r0 x, r1 weight_max, r2 pair without u, r3 code, r4 what the bound leaves, r5 u, r6, r7 0x80;
@ r8 skip of a zero << 16, r9 pair of u = 0 less one skip, r10 to_even, r11 the skip to look ahead from,
@ r12 end of x, lr to_odd
  .type tandem_sparse_write, %function
tandem_sparse_write:
  ldr r0, [sp, #FRAME_DENSE]      @ 2
  cmp r0, #0                      @ 1
  bne dense_first                 @ 1
  ldr r0, [sp, #STATE_SKIP]       @ 3
  mov r8, r0
  ldr r2, [sp, #STATE_PAIR]       @ 3
  mov r9, r2
  add r2, r8                      @ 1
  ldr r0, [sp, #STATE_TO_EVEN]    @ 3
  mov r10, r0
  ldr r0, [sp, #STATE_GAP]        @ 3
  mov r11, r0
  ldr r0, [sp, #STATE_TO_ODD]     @ 3
  mov lr, r0
  ldr r0, [sp, #STATE_X]          @ 2
  ldr r1, [sp, #STATE_IN_CHANNELS] @ 2
  adds r1, r1, r0                 @ 1
  mov r12, r1                     @ 1
  str r1, [sp, #STATE_X]          @ 2   the next pixel's
  ldr r1, [sp, #STATE_WEIGHT_MAX] @ 2
  ldr r3, [sp, #STATE_LIST]       @ 2
  movs r4, #0                     @ 1
  str r4, [sp, #FRAME_KEPT]       @ 2
  str r4, [sp, #FRAME_SECOND]     @ 2
  ldr r4, =BOUND                  @ 2
  movs r7, #0x80                  @ 1
  b .Lfour_even                   @ 2

dense_first:
  ldr r0, =try_dense_first
  mov pc, r0

@ r6: where to go on. The group ends with the terms before r3. Keeps r5; changes r4.
close_even:
  push {r0-r2}
  mov r0, lr
  movs r1, #0
  b close
close_odd:
  push {r0-r2}
  mov r0, r10
  mov r1, lr
  subs r1, r0, r1                 @ how far the entry for odd ones lies before the other
close:
  ldr r2, [sp, #12 + FRAME_KEPT]
  cmp r2, #0
  bne 1f
  ldr r2, [sp, #12 + STATE_SUMS]
  str r2, [sp, #12 + FRAME_KEPT]
  adds r2, #SECOND_SUMS
  str r2, [sp, #12 + FRAME_SECOND]
  ldr r2, [sp, #12 + FRAME_STATE]
  ldr r2, [r2, #STATE_TRY_DENSE]
  str r2, [sp, #12 + FRAME_GROUPS_LEFT]
  ldr r2, [sp, #12 + STATE_BREAK]
  b 2f
1:
  ldr r2, [sp, #12 + FRAME_GROUPS_LEFT]
  subs r2, #1
  str r2, [sp, #12 + FRAME_GROUPS_LEFT]
  beq 3f
  ldr r2, [sp, #12 + STATE_BREAK_AGAIN]
2:
  subs r2, r2, r1
@ The pair at r3 leaves for r2; r0: how far the next one is. Changes r0, r2.
  .macro LEAVE_FOR
  subs r2, r2, r3
  subs r2, #LEAVES_AT
  str r2, [r3, r0]
  lsrs r0, r0, #2
  ldr r2, =LEAVE
  adds r2, r2, r0
  str r2, [r3]
  .endm
  LEAVE_FOR
  add r3, r10
  add r3, lr
  ldr r4, =BOUND
  pop {r0-r2}
  mov pc, r6
3:
  ldr r2, =try_dense
  mov pc, r2

@ A group ends before the term of input \i.
  .macro OVER i, odd
.Lover\i\()_\odd:
  mov r6, pc
  b close_\odd
  b .Lagain\i\()_\odd
  .endm

@ Input \i of four, with an even or odd term's pair at r3. What follows is for the `other`, after a term.
  .macro INPUT i, odd, other, to_next
.Linput\i\()_\odd:
  ldrb r5, [r0, #\i]              @ 2
  eors r5, r7                     @ 1
  beq .Lafter\i\()_\odd           @ 1
.Lagain\i\()_\odd:
  ldrb r6, [r1, #\i]              @ 2
  muls r6, r5                     @ 1
  subs r4, r4, r6                 @ 1
  bmi .Lover\i\()_\odd            @ 1
  adds r5, r5, r2                 @ 1
  str r5, [r3]                    @ 2
  add r3, \to_next                @ 1
  mov r2, r9                      @ 1
.Lafter\i\()_\other:
  add r2, r8                      @ 1   15; 6 of a zero
  .endm

@ Four inputs, the first with an even or odd term's pair. Terms change chains when inputs are zero.
  .macro FOUR odd, other, to_next, to_other
.Lfour_\odd:
  cmp r2, r11                     @ 1
  bhi .Lgap_\odd                  @ 1
  INPUT 0, \odd, \other, \to_next
  INPUT 1, \other, \odd, \to_other
  INPUT 2, \odd, \other, \to_next
  INPUT 3, \other, \odd, \to_other
  adds r0, #4                     @ 1
  adds r1, #4                     @ 1
  cmp r0, r12                     @ 1
  bne .Lfour_\odd                 @ 2
  .endm

@ Zeros may be too many for `skip` before these four have ended. If they are before the next input that is not
@ zero, a term of u = 0 stands for those so far.
  .macro GAP odd, other, to_next
.Lgap_\odd:
  ldr r5, =0x80808080             @ 2
  ldr r6, [r0]                    @ 2
  eors r5, r6                     @ 1
  beq 3f                          @ 1
  mov r7, r2                      @ 1
1:
  lsls r6, r5, #24                @ 1
  bne 2f                          @ 1
  lsrs r5, r5, #8                 @ 1
  add r7, r8                      @ 1
  lsls r6, r7, #5                 @ 1   the pair's adds r7 is subs r7 then
  bcc 1b                          @ 2   7 a zero
3:
  mov r5, r8                      @ 1   the term's own row is one of the zeros'
  subs r2, r2, r5                 @ 1
  str r2, [r3]                    @ 2
  add r3, \to_next                @ 1
  mov r2, r9                      @ 1
  add r2, r8                      @ 1
  movs r7, #0x80                  @ 1
  b .Linput0_\other               @ 2
2:
  movs r7, #0x80
  b .Linput0_\odd
  .endm

  GAP even, odd, lr
  OVER 0, even
  OVER 1, odd
  OVER 2, even
  OVER 3, odd
  FOUR even, odd, lr, r10
  mov r0, lr
  movs r1, #0
  b list_ends
  FOUR odd, even, r10, lr
  mov r0, r10
  mov r1, lr
  subs r1, r0, r1
  lsrs r1, r1, #1
list_ends:
  ldr r2, [sp, #STATE_FINISH]
  subs r2, r2, r1
  LEAVE_FOR
list_written:
  ldr r1, [sp, #STATE_OUT]
  str r1, [sp, #FRAME_OUT]
  ldr r7, [sp, #STATE_TILE]
  b enter_tile
  GAP odd, even, r10
  OVER 0, odd
  OVER 1, even
  OVER 2, odd
  OVER 3, even

  .ltorg

@ ---- the end of a group that is not a pixel's last: its sums are kept
@ The first group's are stored, the others' added to what is there. r6: break_ten less the place after the
@ leaving pair; entries for odd terms and for thirteen channels make it so.
  .type tandem_sparse_tiles, %function
tandem_sparse_tiles:
  .equ TWO_TERMS_OF_TEN, 60
  .equ TWO_TERMS_OF_THIRTEEN, 80
break_thirteen_again:
  ldr r3, [sp, #FRAME_KEPT]
  adds r3, #1
  adds r6, #break_thirteen - break_thirteen_again
  b 1f
break_thirteen:
  ldr r3, [sp, #FRAME_KEPT]
1:
  adds r6, #break_ten - break_thirteen - (TWO_TERMS_OF_THIRTEEN - TWO_TERMS_OF_TEN)
  RESOLVE_THREE
  lsrs r5, r3, #1
  lsls r5, r5, #1
  cmp r5, r3
  beq 1f
  ldr r1, [r5, #THIRD_SUMS]
  adds r0, r0, r1
  ldr r1, [r5, #THIRD_SUMS + 4]
  adds r4, r4, r1
  ldr r1, [r5, #THIRD_SUMS + 8]
  adds r2, r2, r1
1:
  str r0, [r5, #THIRD_SUMS]
  str r4, [r5, #THIRD_SUMS + 4]
  str r2, [r5, #THIRD_SUMS + 8]
  b break_any
  add lr, r5                      @ four bytes before, for odd terms
  adds r6, #4
break_ten_again:
  adds r6, #break_ten - break_ten_again
  ldr r3, [sp, #FRAME_KEPT]
  adds r3, #1
  b break_any
  add lr, r5
  adds r6, #4
break_ten:
  ldr r3, [sp, #FRAME_KEPT]       @ 2
break_any:
  mov r0, r8                      @ 3
  mov r1, r9
  mov r2, r10
  mov r8, r7                      @ 1
  mov r9, r6                      @ 1
  mov r10, r3                     @ 1   one more if sums are to be added
  RESOLVE                         @ 22
  mov r7, r10                     @ 1
  lsrs r6, r7, #1                 @ 1
  bcs add_first                   @ 1
store_first:
  stm r7!, {r0, r2-r5}            @ 6
  mov r0, r11                     @ 3
  mov r1, r12
  mov r2, lr
  RESOLVE                         @ 22
  mov r7, r10                     @ 1
  adds r7, #SECOND_SUMS           @ 1
  lsrs r6, r7, #1                 @ 1
  bcs add_second                  @ 1
store_second:
  stm r7!, {r0, r2-r5}            @ 6
  mov r7, r8                      @ 1
  mov r1, r9                      @ 1
  ldr r0, =break_ten + TWO_TERMS_OF_TEN - LEAVES_AT @ 2
  subs r0, r0, r1                 @ 1
  movs r4, #0                     @ 1
  movs r6, #0                     @ 1   terms of a dense pixel add to it
  movs r5, #0                     @ 1   an odd term begins by adding the r5 of the one before
  mov r8, r5                      @ 6
  mov r9, r5
  mov r10, r5
  mov r11, r5
  mov r12, r5
  mov lr, r5
  mov pc, r0                      @ 2   88 a group, and 43 where the tile ends; of thirteen 26 and 13 more
add_first:
  subs r7, #1
  ADD_KEPT
  subs r7, #16
  b store_first
add_second:
  subs r7, #1
  ADD_KEPT
  subs r7, #16
  b store_second
  .ltorg

@ ---- the end of a pixel's code

@ Output channel \i of the tile, whose sum is \x. r7: the constants of the part's channel 0, which is \first.
@ r3 out, r8 slack << 8, r9 min; of thirteen channels' first three r5 slack << 8.
@ What is negative stays what the output was filled with.
  .macro LEVEL i, x, first, slack=r8, out=r3
  ldr r1, [r7, #CHANNEL_BYTES * (\i - \first)] @ 2
  adds \x, \x, r1                 @ 1
  bmi .Lskip\i                    @ 1
  ldr r1, [r7, #CHANNEL_BYTES * (\i - \first) + 4] @ 2
  cmp \x, r1                      @ 1
  bhs .Lmax\i                     @ 1
  ldr r1, [r7, #CHANNEL_BYTES * (\i - \first) + 8] @ 2
  muls r1, \x                     @ 1
  lsls r6, r1, #8                 @ 1
  cmp r6, \slack                  @ 1
  blo .Lexact\i                   @ 1
  lsrs r1, r1, #24                @ 1
  .ifc \slack, r8
  add r1, r9                      @ 1
  .else
  ldr r6, [sp, #STATE_MIN]        @ 2
  adds r1, r1, r6                 @ 1
  .endif
.Lstore\i:
  .ifc \out, r10
  mov r6, r10                     @ 1   while r3 is a sum
  strb r1, [r6, #\i - \first]
  .else
  strb r1, [\out, #\i - \first]   @ 2   18; 5 of a negative one
  .endif
.Lskip\i:
  .endm

@ r3 as there.
  .macro LEVEL_SELDOM i, x
.Lmax\i:
  ldr r1, [sp, #STATE_MAX]
  b .Lstore\i
.Lexact\i:
  mov r1, \x
  movs r6, #\i
  b exact
  .endm

@ What is seldom lies where conditional branches reach it and nothing has to branch around it.
kept_third:
  ldr r1, [r6, #THIRD_SUMS]
  adds r0, r0, r1
  ldr r1, [r6, #THIRD_SUMS + 4]
  adds r4, r4, r1
  ldr r1, [r6, #THIRD_SUMS + 8]
  adds r2, r2, r1
  b level_third
  LEVEL_SELDOM 10, r0
  LEVEL_SELDOM 11, r4
  LEVEL_SELDOM 12, r2

finish_thirteen:
  RESOLVE_THREE                   @ 11
  ldr r6, [sp, #FRAME_KEPT]       @ 2
  cmp r6, #0                      @ 1
  bne kept_third                  @ 1
level_third:
  ldr r7, [sp, #FRAME_TILE]       @ 2
  adds r7, #TILE_THIRD            @ 1
  ldr r3, [sp, #FRAME_OUT]        @ 2
  ldr r5, [sp, #STATE_SLACK]      @ 2
  LEVEL 10, r0, 10, r5
  LEVEL 11, r4, 10, r5
  LEVEL 12, r2, 10, r5
  adds r3, #3                     @ 1
  str r3, [sp, #FRAME_OUT]        @ 2
  b finish_ten                    @ 2   28 beside LEVEL

kept_first:
  mov r7, r6
  ADD_KEPT
  b level_first
  LEVEL_SELDOM 0, r3
  LEVEL_SELDOM 1, r0
  LEVEL_SELDOM 2, r5
  LEVEL_SELDOM 3, r2
  LEVEL_SELDOM 4, r4

  add lr, r5                      @ 1   two bytes before, for odd terms
finish_ten:
  mov r0, r8                      @ 3
  mov r1, r9
  mov r2, r10
  ldr r7, [sp, #STATE_SLACK]      @ 3
  mov r8, r7
  ldr r7, [sp, #STATE_MIN]        @ 3
  mov r9, r7
  ldr r7, [sp, #FRAME_OUT]        @ 3
  mov r10, r7
  RESOLVE                         @ 22
  ldr r6, [sp, #FRAME_KEPT]       @ 2
  cmp r6, #0                      @ 1
  bne kept_first                  @ 1
level_first:
  ldr r7, [sp, #FRAME_TILE]       @ 2
  LEVEL 0, r3, 0, r8, r10
  mov r3, r10                     @ 1
  LEVEL 1, r0, 0
  LEVEL 2, r5, 0
  LEVEL 3, r2, 0
  LEVEL 4, r4, 0
  mov r0, r11                     @ 3
  mov r1, r12
  mov r2, lr
  RESOLVE                         @ 22
  ldr r6, [sp, #FRAME_SECOND]     @ 2
  cmp r6, #0                      @ 1
  bne seldom_second               @ 1
level_second:
  ldr r7, [sp, #FRAME_TILE]       @ 2
  LEVEL 5, r3, 0, r8, r10
  mov r3, r10                     @ 1
  LEVEL 6, r0, 0
  LEVEL 7, r5, 0
  LEVEL 8, r2, 0
  LEVEL 9, r4, 0

  ldr r1, [sp, #STATE_TILE_BYTES] @ 2
  adds r7, r7, r1                 @ 1
  adds r3, #10                    @ 1
  str r3, [sp, #FRAME_OUT]        @ 2
enter_tile:                       @ r7: which
  str r7, [sp, #FRAME_TILE]       @ 2
  ldr r1, [sp, #STATE_LAST]       @ 2
  cmp r7, r1                      @ 1
  bhs last_tile                   @ 1
begin_tile:
  ldr r1, [sp, #STATE_CODE]       @ 2
  adds r7, #TILE_ROWS             @ 1
  movs r0, #0                     @ 7
  mov r8, r0
  mov r9, r0
  mov r10, r0
  mov r11, r0
  mov r12, r0
  mov lr, r0
  mov pc, r1                      @ 2   54 a tile, beside RESOLVE and LEVEL

seldom_second:
  cmp r6, #ONE_HALF
  beq pixel_done
  mov r7, r6
  ADD_KEPT
  b level_second
  LEVEL_SELDOM 5, r3
  LEVEL_SELDOM 6, r0
  LEVEL_SELDOM 7, r5
  LEVEL_SELDOM 8, r2
  LEVEL_SELDOM 9, r4

last_tile:
  bhi pixel_done
  ldr r1, [sp, #STATE_LAST_SECOND]
  cmp r1, #0
  beq begin_tile
  str r1, [sp, #FRAME_SECOND]
  b begin_tile

pixel_done:
  ldr r1, [sp, #STATE_OUT]
  ldr r2, [sp, #STATE_OUT_CHANNELS]
  adds r1, r1, r2
  str r1, [sp, #STATE_OUT]
  ldr r1, [sp, #STATE_PIXELS]
  subs r1, #1
  str r1, [sp, #STATE_PIXELS]
  beq 1f
  b tandem_sparse_write           @ 80 a pixel, beside its inputs
1:
  add sp, #FRAME_BYTES
  restore_registers_and_return

exact:
  push {r0-r7}
  ldr r7, =exact_output
  mov pc, r7
  .ltorg

@ r1: x, r6: which channel of the tile; r0-r7 as there on the stack, the frame behind.
@ The function in C writes the output. r12 and lr hold sums.
  .section .text.conv_2d_sparse, "ax"
  .balign 4
exact_output:
  mov r4, r12
  mov r5, lr
  mov r0, r1
  mov r1, r10
  cmp r6, #10
  blo 1f
  mov r1, r3
  subs r1, #10
1:
  adds r1, r1, r6
  ldr r2, [sp, #32 + FRAME_STATE]
  ldr r3, [sp, #32 + STATE_OUT]
  bl tandem_sparse_exact
  adr r1, exact_resume
  lsls r6, r6, #1
  ldrh r0, [r1, r6]
  ldr r1, =.Lskip10
  adds r0, r0, r1
  str r0, [sp, #4]                @ r1 is free where that goes on
  mov r12, r4
  mov lr, r5
  pop {r0-r7}
  mov pc, r1
  .balign 4
exact_resume:
  .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
  .hword .Lskip\i - .Lskip10
  .endr
  .ltorg

@ void tandem_sparse_expand(const int8_t* const rows[5], uint32_t inputs, uint32_t* words, uint32_t row_bytes):
@ five channels' weights as three words for each input, `row_bytes` apart. `inputs` is a multiple of 4, rows
@ are 4-aligned. The next channel's row is the same distance behind, or there is none: the same row again.
@ r0-r4 four weights of each channel, r5 words, r6, r7; r8 first row, r9-r12 from one row to the next,
@ lr row_bytes; on the stack the end of words
  .section .time_critical.conv_2d_sparse_expand, "ax"
  .global tandem_sparse_expand
  .type tandem_sparse_expand, %function
  .thumb_func
tandem_sparse_expand:
  save_registers
  mov r5, r2
  mov lr, r3
  muls r1, r3
  adds r1, r1, r2
  push {r1}
  ldm r0!, {r1-r4, r6}
  mov r8, r1
  subs r6, r6, r4
  mov r12, r6
  subs r4, r4, r3
  mov r11, r4
  subs r3, r3, r2
  mov r10, r3
  subs r2, r2, r1
  subs r2, #4                     @ LDM has gone on
  mov r9, r2

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
  add r6, r9                      @ 3
  ldr r1, [r6]
  add r6, r10                     @ 3
  ldr r2, [r6]
  add r6, r11                     @ 3
  ldr r3, [r6]
  add r6, r12                     @ 3
  ldr r4, [r6]
  .irp j, 0, 1, 2, 3
  SHIFTED r6, r1, \j, 19          @ 2
  BYTE r7, r0, \j                 @ 2
  adds r7, r7, r6                 @ 1
  str r7, [r5]                    @ 2
  asrs r6, r6, #13                @ 1   2^6·w1
  BYTE r7, r2, \j                 @ 2
  adds r6, r6, r7                 @ 1
  SHIFTED r7, r3, \j, 12          @ 2
  adds r6, r6, r7                 @ 1
  str r6, [r5, #4]                @ 2
  lsls r6, r7, #7                 @ 1   2^19·w3
  BYTE r7, r4, \j                 @ 2
  adds r6, r6, r7                 @ 1
  str r6, [r5, #8]                @ 2
  add r5, lr                      @ 1
  .if \j < 3
  asrs r1, r1, #8                 @ 1
  asrs r3, r3, #8                 @ 1   25; 22 of the first, 18 of the last
  .endif
  .endr
  ldr r6, [sp]                    @ 2
  cmp r5, r6                      @ 1
  bne expand_four                 @ 2   111 for twenty weights
  add sp, #4
  restore_registers_and_return

@ void tandem_sparse_expand_three(const int8_t* const rows[3], uint32_t inputs, uint32_t* words,
@ uint32_t row_bytes): three channels' weights as two words. In flash: it is a ninth of a layer's.
  .section .text.conv_2d_sparse_expand, "ax"
  .global tandem_sparse_expand_three
  .type tandem_sparse_expand_three, %function
  .thumb_func
tandem_sparse_expand_three:
  save_registers
  mov r5, r2
  mov r12, r3
  muls r1, r3
  adds r1, r1, r2
  mov lr, r1
  ldm r0!, {r1-r3}
  mov r8, r1
  subs r3, r3, r2
  mov r10, r3
  subs r2, r2, r1
  subs r2, #4
  mov r9, r2
@ r0-r2 four weights of each channel, r3, r4, r5 words; r8-r10 rows as above, r12 row_bytes, lr end of words
expand_three_four:
  mov r3, r8                      @ 4
  ldm r3!, {r0}
  mov r8, r3
  add r3, r9                      @ 3
  ldr r1, [r3]
  add r3, r10                     @ 3
  ldr r2, [r3]
  .irp j, 0, 1, 2, 3
  SHIFTED r3, r1, \j, 19          @ 2
  BYTE r4, r0, \j                 @ 2
  adds r4, r4, r3                 @ 1
  str r4, [r5]                    @ 2
  asrs r3, r3, #13                @ 1
  BYTE r4, r2, \j                 @ 2
  adds r3, r3, r4                 @ 1
  str r3, [r5, #4]                @ 2
  add r5, r12                     @ 1
  .if \j < 3
  asrs r1, r1, #8                 @ 1   15; 14 of the first, 11 of the last
  .endif
  .endr
  cmp r5, lr                      @ 1
  bne expand_three_four           @ 2   68 for twelve weights, from the cache
  restore_registers_and_return

@ void tandem_sparse_fill(uint8_t* out, const uint8_t* end, uint32_t word): multiples of 32 bytes.
  .section .text.conv_2d_sparse_fill, "ax"
  .global tandem_sparse_fill
  .type tandem_sparse_fill, %function
  .thumb_func
tandem_sparse_fill:
  push {r4, r5, lr}
  mov r3, r2
  mov r4, r2
  mov r5, r2
  b 2f
1:
  stm r0!, {r2-r5}                @ 5
  stm r0!, {r2-r5}                @ 5
2:
  cmp r0, r1                      @ 1
  bne 1b                          @ 2   13 for 32 bytes
  pop {r4, r5, pc}

@ ---- dense pixels (write_dense), in flash: what comes out of a ReLU has none

@ Where the pixel before was dense.
  .section .text.conv_2d_sparse_try_dense, "ax"
  .balign 4
try_dense_first:
  ldr r1, [sp, #STATE_X]
  movs r2, #0
  movs r3, #0
  b 1f
@ A pixel has had STATE_TRY_DENSE groups more than one, and its list is not at its end: r0-r2 as there on the
@ stack, r3 where the next pair is. Goes on with its tiles, or begins its list again.
try_dense:
  pop {r0-r2}
  movs r2, r0
  ldr r1, [sp, #STATE_X]
  ldr r0, [sp, #STATE_IN_CHANNELS]
  subs r1, r1, r0                 @ the pixel's
  subs r2, r2, r1                 @ inputs so far
  ldr r0, [sp, #STATE_LIST]
  subs r3, r3, r0                 @ bytes of the list
1:
  ldr r0, [sp, #STATE_IN_CHANNELS]
  adds r4, r1, r0
  str r4, [sp, #STATE_X]          @ the next pixel's
  movs r4, r1
  ldr r0, [sp, #FRAME_STATE]
  bl tandem_sparse_write_dense
  str r0, [sp, #FRAME_DENSE]
  cmp r0, #0
  bne 1f
  str r4, [sp, #STATE_X]
  ldr r0, =tandem_sparse_write
  mov pc, r0
1:
  ldr r0, [sp, #STATE_SUMS]
  str r0, [sp, #FRAME_KEPT]
  adds r0, #SECOND_SUMS
  str r0, [sp, #FRAME_SECOND]
  ldr r0, =list_written
  mov pc, r0
  .ltorg

@ How a dense pixel's list begins: what is kept of groups before is the mean times the sums of weights. r7 is
@ the tile's first row.
  .section .text.conv_2d_sparse_keep_means, "ax"
  .balign 4
keep_means:
  subs r7, #TILE_ROWS - TILE_SUMS
  ldr r6, [sp, #FRAME_STATE]
  adds r6, #STATE_MEAN
  ldr r5, [r6]
  ldr r6, [sp, #STATE_SUMS]
  .irp words, 5, 5, 3
  .if \words == 5
  ldm r7!, {r0-r4}                @ 6
  .else
  ldm r7!, {r0-r2}
  .endif
  muls r0, r5                     @ 5
  muls r1, r5
  muls r2, r5
  .if \words == 5
  muls r3, r5
  muls r4, r5
  stm r6!, {r0-r4}                @ 6
  .else
  stm r6!, {r0-r2}
  .endif
  .endr
  ldr r0, [sp, #STATE_LIST]
  ldr r1, [sp, #STATE_TO_ODD]
  ldr r2, [sp, #STATE_TO_EVEN]
  adds r0, r0, r1
  adds r0, r0, r2
  movs r4, #0                     @ the sums of three
  movs r5, #0
  movs r6, #0                     @ terms add to it
  mov pc, r0                      @ 66, and 43 or 56 where the tile ends

@ uint32_t tandem_sparse_write_differences(const SparseDense* dense): `keep_means`, then a term for each
@ x - mean, whose pair adds to r6, or subtracts, by how much it is more than the one before. SparseDense: x,
@ weight_max, list, inputs (a multiple of 4), -mean, most groups after which others follow, then SparseLoops.
@ Returns 0 where more are needed, else 1.
@ r0 x, r1 weight_max, r2 the last term's x - mean, r3 list, r4 what the bound leaves, r5 x - mean, r6, r7;
@ r8 -mean, r9 PAIR_MORE, r10 to_even, r11 PAIR_LESS, r12 to_odd
  .equ DENSE_END, 0               @ of x; on the stack
  .equ DENSE_GROUPS, 4
  .equ DENSE_BREAK, 8
  .equ DENSE_FINISH, 12
  .equ DENSE_FRAME, 16
  .equ PAIR_MORE, (0x3700 << 16) | 0x3600   @ adds r7, #0; adds r6, #0
  .equ PAIR_LESS, (0x3700 << 16) | 0x3e00   @ adds r7, #0; subs r6, #0
  .section .text.conv_2d_sparse_write_differences, "ax"
  .global tandem_sparse_write_differences
  .type tandem_sparse_write_differences, %function
  .thumb_func
tandem_sparse_write_differences:
  save_registers
  sub sp, #DENSE_FRAME
  movs r7, r0
  ldm r7!, {r0-r5}
  adds r3, r3, r0
  str r3, [sp, #DENSE_END]
  mov r8, r4
  str r5, [sp, #DENSE_GROUPS]
  adds r7, #12                    @ SparseLoops: not what is for zeros
  ldm r7!, {r3, r4}
  mov r12, r3
  mov r10, r4
  adds r7, #4
  ldm r7!, {r4, r5}
  str r4, [sp, #DENSE_BREAK]
  str r5, [sp, #DENSE_FINISH]
  ldr r7, =PAIR_MORE
  mov r9, r7
  ldr r7, =PAIR_LESS
  mov r11, r7
  movs r3, r2
  ldr r2, =keep_means
  bl dense_leave_even
  ldr r4, =BOUND
  movs r2, #0

@ Input \i of four, an even or odd term.
  .macro INPUT_DENSE i, to_next
  ldrb r5, [r0, #\i]              @ 2
  sxtb r5, r5                     @ 1
  add r5, r8                      @ 1
  ldrb r6, [r1, #\i]              @ 2
  asrs r7, r5, #31                @ 1
  muls r6, r5                     @ 1
  eors r6, r7                     @ 1
  subs r6, r6, r7                 @ 1   weight_max·|x - mean|
  subs r4, r4, r6                 @ 1
  bmi .Ldense_over\i              @ 1
.Ldense_term\i:
  subs r7, r5, r2                 @ 1
  mov r2, r5                      @ 1   flags stay
  bmi .Ldense_less\i              @ 1
  add r7, r9                      @ 1
.Ldense_pair\i:
  str r7, [r3]                    @ 2
  add r3, \to_next                @ 1   19, or 23 for less
  .endm

  .macro INPUT_DENSE_SELDOM i, parity
.Ldense_less\i:
  rsbs r7, r7, #0
  add r7, r11
  b .Ldense_pair\i
.Ldense_over\i:
  ldr r7, [sp, #DENSE_GROUPS]
  subs r7, #1
  bmi dense_groups_used_up
  str r7, [sp, #DENSE_GROUPS]
  ldr r4, =BOUND
  subs r4, r4, r6
  ldr r2, [sp, #DENSE_BREAK]
  bl dense_leave_\parity
  movs r2, #0
  b .Ldense_term\i
  .endm

dense_four:
  INPUT_DENSE 0, r12
  INPUT_DENSE 1, r10
  INPUT_DENSE 2, r12
  INPUT_DENSE 3, r10
  adds r0, #4                     @ 1
  adds r1, #4                     @ 1
  ldr r7, [sp, #DENSE_END]        @ 2
  cmp r0, r7                      @ 1
  bne dense_four                  @ 2
  ldr r2, [sp, #DENSE_FINISH]
  bl dense_leave_even
  movs r0, #1
  b dense_written
  INPUT_DENSE_SELDOM 0, even
  INPUT_DENSE_SELDOM 1, odd
  INPUT_DENSE_SELDOM 2, even
  INPUT_DENSE_SELDOM 3, odd
dense_groups_used_up:
  movs r0, #0
dense_written:
  add sp, #DENSE_FRAME
  restore_registers_and_return

@ The pair at r3 leaves for r2 (what even terms leave for); r3 goes on behind. Changes r2, r6, r7.
dense_leave_odd:
  mov r6, r10
  mov r7, r12
  subs r7, r6, r7
  subs r2, r2, r7
  b 1f
dense_leave_even:
  mov r6, r12
1:
  subs r2, r2, r3
  subs r2, #LEAVES_AT
  str r2, [r3, r6]
  lsrs r6, r6, #2
  ldr r7, =LEAVE
  adds r7, r7, r6
  str r7, [r3]
  add r3, r12
  add r3, r10
  bx lr
  .ltorg

@ void tandem_sparse_sum_weights(SparseTile* tile, uint32_t inputs, uint32_t threes): makes the tile's sums of
@ weights, in the order of what is kept of groups. |sum| <= 128·640, so the sum of all rows is one group's.
  .section .text.conv_2d_sparse_sum_weights, "ax"
  .global tandem_sparse_sum_weights
  .type tandem_sparse_sum_weights, %function
  .thumb_func
tandem_sparse_sum_weights:
  save_registers
  movs r7, r0
  adds r7, #TILE_SUMS
  push {r7}
  adds r7, #TILE_ROWS - TILE_SUMS
  movs r6, r1
  movs r4, #0
  movs r5, #0
  mov r8, r4
  mov r9, r4
  mov r10, r4
  mov r11, r4
  mov r12, r4
  mov lr, r4
  cmp r2, #0
  beq 2f
1:
  ldm r7!, {r0-r3}                @ 5
  add r8, r0                      @ 4
  add r9, r1
  add r10, r2
  add r11, r3
  ldm r7!, {r0-r3}                @ 5
  add r12, r0                     @ 4
  add lr, r1
  adds r4, r4, r2
  adds r5, r5, r3
  subs r6, #1                     @ 1
  bne 1b                          @ 2   21 a row
  RESOLVE_THREE
  ldr r7, [sp]
  str r0, [r7, #THIRD_SUMS]
  str r4, [r7, #THIRD_SUMS + 4]
  str r2, [r7, #THIRD_SUMS + 8]
  b 3f
2:
  .rept 4
  ldm r7!, {r0-r5}                @ 7
  add r8, r0                      @ 6
  add r9, r1
  add r10, r2
  add r11, r3
  add r12, r4
  add lr, r5
  .endr
  subs r6, #4                     @ 1
  bne 2b                          @ 2   55 for four rows
3:
  mov r0, r8
  mov r1, r9
  mov r2, r10
  RESOLVE
  pop {r7}
  stm r7!, {r0, r2-r5}
  mov r8, r7
  mov r0, r11
  mov r1, r12
  mov r2, lr
  RESOLVE
  mov r7, r8
  stm r7!, {r0, r2-r5}
  restore_registers_and_return
