# Loops written by hand: `described` moves the stack pointer and says so in call frame information, `bare` says nothing and
# leaves the stack as it found it.
    .text
    .globl described
    .type described, @function
described:
    .cfi_startproc
    push %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    sub $112, %rsp
    .cfi_adjust_cfa_offset 112
    mov %rdi, %rbx
1:  dec %rbx
    jnz 1b
    add $112, %rsp
    .cfi_adjust_cfa_offset -112
    pop %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    ret
    .cfi_endproc
    .size described, .-described

    .globl bare
    .type bare, @function
bare:
2:  dec %rdi
    jnz 2b
    ret
    .size bare, .-bare
    .section .note.GNU-stack,"",@progbits
