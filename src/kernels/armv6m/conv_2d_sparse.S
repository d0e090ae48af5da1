@ CONV_2D of int8, one tap, over lists of nonzero inputs: the two loops of conv_2d_sparse.cc.
@
@ Maths        A word holds two output channels' weights, w0 + 2^16·w1; times u it holds both products. Twelve
@              channels are six words: six accumulators, T = A + 2^16·B modulo 2^32, which are never reset.
@              Terms come in groups with Σ max|w|·u <= 32767, so that of a difference d of two successive
@              accumulators |A|, |B| <= 32767: B = (d >> 16, arithmetic) + (A < 0). A < 0 is the bit that the
@              shift loses last: the carry. Summed over the groups B gives the high channel exactly, and
@              T - (B << 16) the low one.
@ Lists        of one pixel, words: {jump, {row, u} × n, slot} for each group, {finish, groups}. jump leads into the
@              unrolled terms so that n of them remain; row is the address of an input channel's six words; slot is
@              where the accumulators are kept after the group, six words each, slot 0 holding their start.
@ Cost         22 cycles a term, 12 products: 1.83 a product; 20 a group and 30 to resolve it.
  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ UNROLLED, 64
  .equ TERM_BYTES, 28
  .equ TILE_WORDS_BYTES, 24

@ struct Tile (conv_2d_sparse.cc)
  .equ TILE_LIST, 0
  .equ TILE_OUT, 4
  .equ TILE_OUT_STRIDE, 8
  .equ TILE_PIXELS, 12
  .equ TILE_SLOTS, 16
  .equ TILE_SLACK, 20
  .equ TILE_MIN, 24
  .equ TILE_MAX, 28
  .equ TILE_START, 32             @ six words; then the high channels' starts, then {limit, scale} of each channel
  .equ TILE_HIGH, 56
  .equ TILE_CHANNELS, 80

  .section .time_critical.conv_2d_sparse, "ax"

@ void tandem_sparse_tile(Tile* tile): one tile of output channels over the pixels of a list.
  .global tandem_sparse_tile
  .type tandem_sparse_tile, %function
  .thumb_func
tandem_sparse_tile:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  sub sp, #4
  str r0, [sp]
  ldr r7, [r0, #TILE_LIST]

  .balign 4
next_pixel:
  ldr r6, [sp]                    @ 2
  adds r6, #TILE_START            @ 1
  ldm r6!, {r0-r5}                @ 7
  mov r8, r0                      @ 6
  mov r9, r1
  mov r10, r2
  mov r11, r3
  mov r12, r4
  mov lr, r5
  ldm r7!, {r6}                   @ 2
  mov pc, r6                      @ 2

  .balign 4
terms:
  .rept UNROLLED
  ldm r7!, {r5, r6}               @ 3   row, u
  ldm r5, {r0-r5}                 @ 7
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
  add lr, r5                      @ 22 a term
  .endr
terms_end:
  mov r0, r8                      @ 6
  mov r1, r9
  mov r2, r10
  mov r3, r11
  mov r4, r12
  mov r5, lr
  ldm r7!, {r6}                   @ 2   slot
  stm r6!, {r0-r5}                @ 7
  ldm r7!, {r6}                   @ 2
  mov pc, r6                      @ 2   19 a group

@ ---- a pixel's end: r8 list, r9 groups, r10 out, r11 min, r12 slots, lr slack << 8
  .balign 4
finish:
  ldm r7!, {r6}                   @ groups
  mov r8, r7
  mov r9, r6
  ldr r7, [sp]
  ldr r0, [r7, #TILE_OUT]
  mov r10, r0
  ldr r1, [r7, #TILE_OUT_STRIDE]
  adds r0, r0, r1
  str r0, [r7, #TILE_OUT]
  ldr r0, [r7, #TILE_MIN]
  mov r11, r0
  ldr r0, [r7, #TILE_SLOTS]
  mov r12, r0
  ldr r0, [r7, #TILE_SLACK]
  mov lr, r0

@ The level of channel i of four in \x -> [out]. r2, r3 free; r7: {limit, scale} of the four; r6: out.
@ What is negative stays what the output was filled with.
  .macro LEVEL j, i, x
  cmp \x, #0                      @ 1
  blt .Lskip\j\()_\i              @ 1
  ldr r2, [r7, #8 * \i]           @ 2
  cmp \x, r2                      @ 1
  bhs .Lmax\j\()_\i               @ 1
  ldr r3, [r7, #8 * \i + 4]       @ 2
  muls r3, \x                     @ 1
  lsls r2, r3, #8                 @ 1
  cmp r2, lr                      @ 1
  blo .Lexact\j\()_\i             @ 1
  lsrs r3, r3, #24                @ 1
  add r3, r11                     @ 1
.Lstore\j\()_\i:
  strb r3, [r6, #4 * \j + \i]     @ 2   16
.Lskip\j\()_\i:
  .endm

  .macro LEVEL_SELDOM j, i, x
.Lmax\j\()_\i:
  ldr r3, [sp]
  ldr r3, [r3, #TILE_MAX]
  b .Lstore\j\()_\i
.Lexact\j\()_\i:
  push {r0, r1}
  .ifnc \x, r0
  movs r0, \x
  .endif
  movs r1, #4 * \j + \i
  bl exact
  movs r3, r0
  pop {r0, r1}
  b .Lstore\j\()_\i
  .endm

@ Words 2j and 2j + 1, which hold channels 4j to 4j + 3.
  .macro RESOLVE j
  mov r6, r12
  .if \j
  adds r6, #8 * \j
  .endif
  ldr r7, [sp]
  ldr r4, [r7, #TILE_HIGH + 8 * \j]
  ldr r5, [r7, #TILE_HIGH + 8 * \j + 4]
  mov r7, r9
  lsrs r7, r7, #1
  bcs 1f
  ldm r6!, {r0, r1}
  adds r6, #16
  b 2f
1:
  adds r7, #1
  ldm r6!, {r2, r3}
  adds r6, #16
  b 3f
2:
  ldm r6!, {r2, r3}               @ 3
  adds r6, #16                    @ 1
  subs r0, r2, r0                 @ 1
  asrs r0, r0, #16                @ 1
  adcs r4, r0                     @ 1
  subs r1, r3, r1                 @ 1
  asrs r1, r1, #16                @ 1
  adcs r5, r1                     @ 1   10 for two words of a group
3:
  ldm r6!, {r0, r1}
  adds r6, #16
  subs r2, r0, r2
  asrs r2, r2, #16
  adcs r4, r2
  subs r3, r1, r3
  asrs r3, r3, #16
  adcs r5, r3
  subs r7, #1                     @ 1
  bne 2b                          @ 2

  lsls r2, r4, #16
  subs r0, r0, r2
  lsls r2, r5, #16
  subs r1, r1, r2
  mov r6, r10
  ldr r7, [sp]
  adds r7, #TILE_CHANNELS + 32 * \j
  LEVEL \j, 0, r0
  LEVEL \j, 1, r4
  LEVEL \j, 2, r1
  LEVEL \j, 3, r5
  b .Lresolved\j
  LEVEL_SELDOM \j, 0, r0
  LEVEL_SELDOM \j, 1, r4
  LEVEL_SELDOM \j, 2, r1
  LEVEL_SELDOM \j, 3, r5
.Lresolved\j:
  .endm

  RESOLVE 0
  RESOLVE 1
  RESOLVE 2

  mov r7, r8
  ldr r1, [sp]
  ldr r0, [r1, #TILE_PIXELS]
  subs r0, #1
  str r0, [r1, #TILE_PIXELS]
  beq tile_done
  ldr r0, =next_pixel
  mov pc, r0

tile_done:
  add sp, #4
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
  .ltorg

@ r0: x, r1: which channel of the tile -> r0: the output. [sp, #8]: the tile. Keeps r4-r11; lr and r12 are what
@ they were before the call that came here.
exact:
  mov r3, lr
  push {r3}
  ldr r2, [sp, #12]
  bl tandem_sparse_exact
  ldr r2, [sp, #12]
  ldr r3, [r2, #TILE_SLOTS]
  mov r12, r3
  ldr r3, [r2, #TILE_SLACK]
  mov lr, r3
  pop {r3}
  bx r3

@ uint32_t* tandem_sparse_list(const uint8_t* x, const uint8_t* weight_max, const ListMemory* memory,
@                              uint32_t* list): one pixel's list, returns its end.
@ ListMemory: rows, slots, in_channels (a multiple of 4). u = x + 128: the sign bit turned over.
@ r0 x, r1 weight_max, r2 row, r3 list, r4 bound of the group, r5 u, r6 product, r7 0x80;
@ r8 32767, r9 end of x, r10 the group's jump, r11 slot, r12 where the group is full
  .section .time_critical.conv_2d_sparse_list, "ax"
  .global tandem_sparse_list
  .type tandem_sparse_list, %function
  .thumb_func
tandem_sparse_list:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  sub sp, #4
  ldr r7, [r2, #8]
  adds r7, r7, r0
  mov r9, r7
  ldr r7, [r2, #4]
  str r7, [sp]
  adds r7, #TILE_WORDS_BYTES      @ slot 0 is the start
  mov r11, r7
  ldr r2, [r2]
  ldr r7, =32767
  mov r8, r7
  movs r4, #0
  mov r10, r3
  adds r3, #4
  movs r7, #(UNROLLED - 4) * 2
  lsls r7, r7, #2
  adds r7, r7, r3
  mov r12, r7
  movs r7, #0x80

next_word:
  cmp r3, r12                     @ 1   four more terms have room in the unrolled code
  bhi full                        @ 1
have_room:
  .irp i, 0, 1, 2, 3
  ldrb r5, [r0, #\i]              @ 2
  eors r5, r7                     @ 1
  beq .Lzero\i                    @ 1
  ldrb r6, [r1, #\i]              @ 2
  muls r6, r5                     @ 1
  adds r4, r4, r6                 @ 1
  cmp r4, r8                      @ 1
  bgt .Lover\i                    @ 1
.Lterm\i:
  stm r3!, {r2, r5}               @ 3
.Lzero\i:
  adds r2, #TILE_WORDS_BYTES      @ 1   14; of a zero 6
  .endr
  adds r0, #4                     @ 1
  adds r1, #4                     @ 1
  cmp r0, r9                      @ 1
  bne next_word                   @ 2

  bl close_group
  @ Instead of a further group: finish, and how many there were.
  ldr r4, =finish + 1
  mov r5, r10
  str r4, [r5]
  ldr r4, [sp]
  mov r5, r11
  subs r5, r5, r4
  subs r5, #TILE_WORDS_BYTES
  lsrs r5, r5, #3                 @ / 24: by 43691 / 2^17 of an eighth
  ldr r4, =43691
  muls r5, r4
  lsrs r5, r5, #17
  stm r3!, {r5}
  movs r0, r3
  add sp, #4
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}

full:
  movs r6, #0
  bl close_group
  b have_room
  .irp i, 0, 1, 2, 3
.Lover\i:
  bl close_group
  b .Lterm\i
  .endr

@ Ends the group with the terms before r3, begins one whose bound is r6. Changes r4; r7 stays 0x80.
close_group:
  mov r4, r10
  subs r4, r3, r4
  subs r4, #4                     @ 8 n
  lsrs r4, r4, #1                 @ 4 n
  lsls r7, r4, #3
  subs r7, r7, r4                 @ 28 n
  ldr r4, =terms_end + 1
  subs r4, r4, r7
  mov r7, r10
  str r4, [r7]
  mov r4, r11
  str r4, [r3]
  adds r4, #TILE_WORDS_BYTES
  mov r11, r4
  adds r3, #4
  mov r10, r3
  adds r3, #4
  movs r7, #(UNROLLED - 4) * 2
  lsls r7, r7, #2
  adds r7, r7, r3
  mov r12, r7
  movs r7, #0x80
  movs r4, r6
  bx lr
  .ltorg
