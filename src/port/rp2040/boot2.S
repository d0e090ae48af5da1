@ The second stage of the RP2040's boot: 252 bytes that the ROM copies to SRAM, checks (the checksum is
@ appended when this is built) and runs. It brings flash chips of the W25Q080's command set to continuous
@ quad reads: per word 8 serial clocks of address and mode, 4 of waiting, 8 of data, at clk_sys / 2.
@ Registers: RP2040 datasheet 4.10 (SSI); commands: Winbond W25Q16JV datasheet, section 8.
  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ SSI, 0x18000000
  .equ CTRLR0, 0x00
  .equ CTRLR1, 0x04
  .equ SSIENR, 0x08
  .equ BAUDR, 0x14
  .equ SR, 0x28
  .equ DR0, 0x60
  .equ RX_SAMPLE_DLY, 0xf0
  .equ SPI_CTRLR0, 0xf4

  .equ PADS_QSPI, 0x40020000     @ [2.19.6.4]: SCLK at 4, SD0 to SD3 at 8 to 0x14
  .equ SCLK_FAST, 2 << 4 | 1     @ 8 mA, fast slew rate
  .equ SCHMITT, 2                @ of an input: slows it

  .equ CLOCK_DIVIDER, 2          @ 62.5 MHz of 125, 100 MHz of 200: the chip reads up to 104 at 2.7 V
  .equ SAMPLE_DELAY, 1           @ in clk_sys cycles, for the way to the chip and back

  @ CTRLR0: SPI_FRF 22:21, DFS_32 20:16 (bits - 1), TMOD 9:8
  .equ SINGLE_BYTES, 7 << 16                     @ 8 bits both ways
  .equ QUAD_WORDS, 2 << 21 | 31 << 16 | 3 << 8   @ command out, then 32 bits in
  @ SPI_CTRLR0: XIP_CMD 31:24, WAIT_CYCLES 15:11, INST_L 9:8, ADDR_L 5:2 (in 4 bits), TRANS_TYPE 1:0
  .equ FIRST_READ, 4 << 11 | 2 << 8 | 8 << 2 | 1            @ 8-bit command on one wire, then four
  .equ NEXT_READS, MODE_CONTINUOUS << 24 | 4 << 11 | 8 << 2 | 2  @ no command; address and mode on four

  .equ READ_STATUS_1, 0x05
  .equ WRITE_STATUS, 0x01
  .equ WRITE_ENABLE, 0x06
  .equ READ_STATUS_2, 0x35
  .equ FAST_READ_QUAD_IO, 0xeb
  .equ MODE_CONTINUOUS, 0xa0
  .equ QUAD_ENABLE, 2            @ of status 2
  .equ WRITE_BUSY, 1             @ of status 1

  .section .boot2, "ax"
  .global boot2
  .type boot2, %function
boot2:
  push {lr}
  ldr r3, =PADS_QSPI
  movs r0, #SCLK_FAST
  str r0, [r3, #4]
  ldr r0, [r3, #8]
  movs r1, #SCHMITT
  bics r0, r1
  str r0, [r3, #8]
  str r0, [r3, #0xc]
  str r0, [r3, #0x10]
  str r0, [r3, #0x14]

  ldr r3, =SSI
  movs r0, #0
  str r0, [r3, #SSIENR]
  movs r0, #CLOCK_DIVIDER
  str r0, [r3, #BAUDR]
  movs r0, #SAMPLE_DELAY
  movs r2, #RX_SAMPLE_DLY
  str r0, [r3, r2]
  ldr r0, =SINGLE_BYTES
  str r0, [r3, #CTRLR0]
  movs r0, #1
  str r0, [r3, #SSIENR]

  @ Quad transfers have to be allowed, once in the chip's life.
  movs r0, #READ_STATUS_2
  bl status
  movs r1, #QUAD_ENABLE
  tst r0, r1
  bne quad_enabled
  movs r0, #WRITE_ENABLE
  str r0, [r3, #DR0]
  bl finish_bytes
  ldr r0, [r3, #DR0]
  movs r0, #WRITE_STATUS
  str r0, [r3, #DR0]
  movs r0, #0
  str r0, [r3, #DR0]
  str r1, [r3, #DR0]
  bl finish_bytes
  ldr r0, [r3, #DR0]
  ldr r0, [r3, #DR0]
  ldr r0, [r3, #DR0]
1:
  movs r0, #READ_STATUS_1
  bl status
  movs r1, #WRITE_BUSY
  tst r0, r1
  bne 1b
quad_enabled:

  @ One read with its command tells the chip that the following ones will come without.
  movs r0, #0
  str r0, [r3, #SSIENR]
  ldr r0, =QUAD_WORDS
  str r0, [r3, #CTRLR0]
  movs r0, #0
  str r0, [r3, #CTRLR1]
  ldr r0, =FIRST_READ
  adds r2, #SPI_CTRLR0 - RX_SAMPLE_DLY
  str r0, [r3, r2]
  movs r0, #1
  str r0, [r3, #SSIENR]
  movs r0, #FAST_READ_QUAD_IO
  str r0, [r3, #DR0]
  movs r0, #MODE_CONTINUOUS
  str r0, [r3, #DR0]
  bl finish_bytes

  movs r0, #0
  str r0, [r3, #SSIENR]
  ldr r0, =NEXT_READS
  str r0, [r3, r2]
  movs r0, #1
  str r0, [r3, #SSIENR]

  @ The ROM comes with 0 in lr and wants the program started; code that only wants XIP back returns.
  pop {r0}
  cmp r0, #0
  bne leave
  ldr r0, =0x10000100
  ldr r1, =0xe000ed08            @ VTOR
  str r0, [r1]
  ldr r1, [r0]
  msr msp, r1
  ldr r0, [r0, #4]
leave:
  bx r0

@ Waits until the transfer that was begun is over.
finish_bytes:
  movs r6, #4                    @ SR: transmit FIFO empty
  movs r4, #1                    @ SR: busy
1:
  ldr r5, [r3, #SR]
  tst r5, r6
  beq 1b
  tst r5, r4
  bne 1b
  bx lr

@ r0: command that reads a status register -> its value.
status:
  mov r7, lr
  str r0, [r3, #DR0]
  str r0, [r3, #DR0]
  bl finish_bytes
  ldr r0, [r3, #DR0]
  ldr r0, [r3, #DR0]
  bx r7

  .ltorg
